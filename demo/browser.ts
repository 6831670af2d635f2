import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

const places = [
  process.env["MAYFLY_CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Starts the machine's own browser; `*.localhost` resolves to loopback in it. Fails when there is none: `npm test` installs one. */
export function openBrowser(): Promise<Browser> {
  const executablePath = places.find((place): place is string => place !== undefined && existsSync(place));
  if (executablePath === undefined) throw new Error("no Chromium: run npm test, or name one with MAYFLY_CHROMIUM");
  const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"];
  return chromium.launch({ executablePath, args: ["--no-sandbox", ...quiet] });
}
