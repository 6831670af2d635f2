import { expect, test } from "vitest";
import { code, fold, link, prose } from "../../src/feedback/markdown.ts";
import { report } from "../../src/feedback/report.ts";
import { service, shop, sqlFiles } from "../support/stack.ts";
import { attempt, failure, tell } from "./facts.ts";

const hostile = [
  "<script>alert(1)</script>",
  "<img src=x onerror=alert(1)>",
  "</code></summary></details><h1>",
  "<!-- mayfly:preview 1-1 -->",
  "-->",
  "@everyone @acme/team",
  "fixes #1 and acme/other#2 and GH-3",
  "[click](https://evil.test)",
  "![](https://evil.test/pixel.png)",
  "https://evil.test and www.evil.test and mailto:a@evil.test",
  "**bold** _em_ ~~gone~~ ***",
  "`code` and ``` and `",
  "`````",
  "line\n\n# heading\n\n- list\n```\nfence",
  "| table | cell |\n| --- | --- |",
  "&lt;b&gt; &#64;everyone",
  "\\`\\<b>\\[x](y)",
  "$x^2$ and $$y$$",
  "\u202eright to left\u0000\u001b[31mred\u2028next",
  "\ud83d lone surrogate",
  "x".repeat(100_000),
  "\n".repeat(500),
];

/** What remains for Markdown, HTML and GitHub to read: without code spans, fences, escapes, and the links that are ours. */
function live(markdown: string): string {
  return (
    markdown
      .replaceAll(/^(`{3,})text\n[\s\S]*?\n\1$/gm, "")
      // From left to right: an escaped character, or a code span.
      .replaceAll(/\\[\\`*_[\]<>~|&$]|(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, "")
      .replaceAll(
        /\[[^\]]*\]\(https:\/\/(github\.test|mayfly\.test|shop-pr-42[\w-]*\.preview\.localhost)[^\s()<>]*\)/g,
        "",
      )
      .replaceAll("<!-- mayfly:preview 7-42 -->", "")
      .replaceAll(/<code>[^<>]*<\/code>(?=<\/summary>)/g, "")
      .replaceAll(/<\/?(details|summary)>/g, "")
  );
}

/** Where something of the text still means something. */
const meaning = [/[<>]/, /@[a-z]/i, /#\d/, /GH-\d/, /\]\(/, /!\[/, /:\/\//, /www\./, /`/, /&[#a-z]/, /\$/, /^#/m];

test.each(hostile.map((text) => [JSON.stringify(text.slice(0, 40)), text]))(
  "%s means nothing anywhere in a comment",
  (_name, text) => {
    const finding = { file: text, line: 1, column: 1, action: "refuse" as const, code: "x", message: text, hint: text };
    const services = Array.from({ length: 30 }, () => service(text));
    const routes = services.map(() => ({
      service: text,
      port: 1,
      host: "shop-pr-42--x.preview.localhost",
      path: null,
      health: null,
      main: false,
    }));
    const seeds = [{ service: text, volume: text, parts: sqlFiles(text, text) }];
    const stack = shop(1, { services, routes, seeds });
    const findings = Array.from({ length: 30 }, () => finding);
    const broken = failure({
      what: text,
      where: text,
      now: text,
      service: text,
      logTail: Array.from({ length: 50 }, () => text),
      findings,
    });
    const stories = [
      tell({ deployments: [attempt(1, { stack, findings })] }),
      tell({ deployments: [attempt(1, { stack }), attempt(2, { phase: "failed", failure: broken, stack })] }),
      tell({
        deployments: [attempt(2, { phase: "building" })],
        timeline: services.map(() => ({ name: `build ${text}` })),
      }),
    ];
    for (const story of stories) {
      const { comment } = report(...story);
      const rest = live(comment);
      for (const form of meaning) expect(rest).not.toMatch(form);
      expect(rest).not.toContain("\u202e");
      expect(comment.split("\n").length).toBeLessThan(60);
      expect(comment.length).toBeLessThan(30_000);
      expect(comment.isWellFormed()).toBe(true);
      expect(comment.split("mayfly:preview 7-42 -->")).toHaveLength(2);
    }
  },
);

test.each([
  ["plain words", "plain words"],
  ["`web` exited with 1", "`web` exited with 1"],
  ["a ` alone", "a \\` alone"],
  ["db:5432/x is not_there", "db:5432/x is not\\_there"],
  ["two\nlines", "two lines"],
  ["``` a ` b", "` a` b"],
  ["a ```` b", "a \\` b"],
])("%j stays readable as prose", (text, expected) => {
  expect(prose(text)).toBe(expected);
});

test.each([
  ["web", "`web`"],
  ["a`b", "``a`b``"],
  ["`a`", "`` `a` ``"],
  ["a``b`c", "```a``b`c```"],
  ["", "``` ```"],
])("%j is one code span", (text, expected) => {
  expect(code(text)).toBe(expected);
});

test("a fence in a log cannot close ours", () => {
  const lines = ["```", "````", "</details>"];
  expect(fold("Last 3 lines of", "a`b</code>", lines).split("\n")).toEqual([
    "<details><summary>Last 3 lines of <code>a&#96;b&#60;/code&#62;</code></summary>",
    "",
    "`````text",
    ...lines,
    "`````",
    "",
    "</details>",
  ]);
});

test("a link cannot be left early", () => {
  expect(link("x", "https://a.test/b) <c> d%20e")).toBe("[x](https://a.test/b%29%20%3Cc%3E%20d%20e)");
});
