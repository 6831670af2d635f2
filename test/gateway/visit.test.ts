import { expect, test } from "vitest";
import { isVisit } from "../../src/gateway/visit.ts";

test.each<[string, Record<string, string>, boolean]>([
  ["a browser", { "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" }, true],
  ["a phone", { "user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15" }, true],
  ["curl", { "user-agent": "curl/8.15.0" }, true],
  ["an app that says nothing of itself", {}, true],
  ["Slack's link preview", { "user-agent": "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)" }, false],
  ["Teams' link preview", { "user-agent": "Mozilla/5.0 SkypeUriPreview Preview/0.5" }, false],
  ["Google", { "user-agent": "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)" }, false],
  ["a crawler", { "user-agent": "Mozilla/5.0 (compatible; Yahoo! Slurp)" }, false],
  ["a monitor", { "user-agent": "Mozilla/5.0+(compatible; UptimeRobot/2.0; http://www.uptimerobot.com/)" }, false],
  ["a health check", { "user-agent": "kube-probe/1.31" }, false],
  ["a browser that prefetches", { "user-agent": "Mozilla/5.0", "sec-purpose": "prefetch;prerender" }, false],
])("%s: a visit or not", (_who, headers, expected) => {
  expect(isVisit(headers)).toBe(expected);
});
