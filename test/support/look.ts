import type { Page } from "playwright-core";

export type Look = {
  title: string;
  heading: string;
  /** Pixels that stand out at the side. */
  overflow: number;
  /** Texts that are cut off within their own box. */
  cut: string[];
  /** Texts below 4.5 to 1 against what is behind them (WCAG 2.2, 1.4.3). */
  faint: string[];
  /** What Tab reaches without showing where one is (2.4.7). */
  unseenFocus: string[];
};

/** What a person would stumble over on a page, whatever it shows. */
export async function lookAt(page: Page): Promise<Look> {
  const seen = (await page.evaluate(script)) as Omit<Look, "unseenFocus">;
  return { ...seen, unseenFocus: await unseenFocus(page) };
}

async function unseenFocus(page: Page): Promise<string[]> {
  const unseen: string[] = [];
  const reachable = (await page.evaluate(
    `document.querySelectorAll("a, button, input, select, summary, [tabindex]").length`,
  )) as number;
  for (let step = 0; step < Math.min(reachable, 12); step += 1) {
    await page.keyboard.press("Tab");
    const told = (await page.evaluate(focused)) as string | null;
    if (told !== null) unseen.push(told);
  }
  return unseen;
}

const focused = `(() => {
  const element = document.activeElement;
  if (element === document.body) return null;
  const { outlineStyle, outlineWidth } = getComputedStyle(element);
  return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2 ? null : element.outerHTML.slice(0, 80);
})()`;

// The browser's own code: what it computes of colors and boxes is what counts.
const script = `(() => {
  const channels = (color) => (color.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b]
    .map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const color = channels(getComputedStyle(each).backgroundColor);
      if (color[3] === undefined || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll("body *")].filter((element) => {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
    return own && element.checkVisibility({ visibilityProperty: true }) && !element.closest(".hidden, .skip, option, noscript");
  });
  const contrast = (element) => {
    const [a, b] = [light(channels(getComputedStyle(element).color)), light(behind(element))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  };
  const told = (elements) => elements.map((element) => element.textContent.trim().slice(0, 60));
  return {
    title: document.title,
    heading: document.querySelector("h1")?.innerText ?? "",
    overflow: Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth),
    cut: told(texts.filter((element) => getComputedStyle(element).overflowX === "hidden" && element.scrollWidth > element.clientWidth + 1)),
    faint: told(texts.filter((element) => contrast(element) < 4.5)),
  };
})()`;
