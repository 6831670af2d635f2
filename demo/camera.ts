import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";

export type Picture = {
  /** The file's, without `.png`. */
  name: string;
  link: string;
  /** A text that must be on the page first: a picture of something else is worse than none. */
  shows: string | RegExp;
  /** A desktop's window by default. */
  on?: "desktop" | "phone";
  dark?: boolean;
};

const windows = { desktop: { width: 1200, height: 760 }, phone: { width: 390, height: 760 } };

/** Takes pictures of pages into a folder, each in a browser profile of its own. */
export function createCamera(browser: Browser, folder: string) {
  return async function take({ name, link, shows, on = "desktop", dark = false }: Picture): Promise<void> {
    const colorScheme = dark ? "dark" : "light";
    const context = await browser.newContext({ viewport: windows[on], colorScheme, reducedMotion: "reduce" });
    try {
      const page = await context.newPage();
      await page.goto(link, { waitUntil: "domcontentloaded" });
      await page.getByText(shows).first().waitFor({ timeout: 60_000 });
      const path = join(folder, `${name}.png`);
      await page.screenshot({ path });
      console.log(`${name}.png`.padEnd(32), `${Math.ceil((await stat(path)).size / 1024)} KiB`.padStart(8));
    } finally {
      await context.close();
    }
  };
}
