import { describe, expect, test } from "vitest";
import { messageFor, wants } from "../../src/telemetry/channels.ts";
import { noticeOfDeployment, noticeOfDisk, noticeOfForgeAnswer, noticeOfOrphans } from "../../src/telemetry/notices.ts";

const preview = { slug: "shop-pr-42", repository: "acme/shop", number: 42, pageUrl: "http://m/previews/shop-pr-42" };
const failed = { outcome: "failed", commit: "def5678aa", what: "web did not build" } as const;

describe("what the operator is told", () => {
  test.each([
    [{ ...failed, code: "build-failed" }, "warn", "shop-pr-42 failed at def5678", "acme/shop#42: web did not build"],
    [
      { ...failed, code: "engine-unreachable" },
      "error",
      "shop-pr-42 failed at def5678",
      "acme/shop#42: web did not build",
    ],
    [
      { outcome: "ready", commit: "def5678aa", code: null, what: null },
      "info",
      "shop-pr-42 is ready at def5678",
      "acme/shop#42",
    ],
  ] as const)("%j is told as %s", (end, level, title, text) => {
    expect(noticeOfDeployment(preview, end)).toMatchObject({ level, title, text, url: preview.pageUrl });
  });

  test("a full disk needs the operator, and is told once for all the deployments that it ends", () => {
    const end = { ...failed, code: "disk-full", what: "only 0.5 GiB are free" };
    const first = noticeOfDeployment(preview, end);
    expect(first).toMatchObject({ level: "error" });
    expect(noticeOfDeployment({ ...preview, slug: "shop-pr-43", number: 43 }, end)?.topic).toBe(first?.topic);
  });

  test("a disk that stays short needs a person; room that was made is the better news of it", () => {
    const [short, made] = [noticeOfDisk("1.0 GiB are free.", true), noticeOfDisk("6.0 GiB were freed.", false)];
    expect([short.level, made.level]).toEqual(["error", "info"]);
    expect(short.topic).toBe(made.topic);
  });

  test("an overtaken deployment is no news", () => {
    expect(noticeOfDeployment(preview, { ...failed, outcome: "superseded", code: null })).toBeNull();
  });

  test("a refused token needs a person; other answers and no orphans need nobody", () => {
    expect(noticeOfForgeAnswer(401)?.level).toBe("error");
    expect([noticeOfForgeAnswer(200), noticeOfForgeAnswer(404), noticeOfForgeAnswer(null), noticeOfOrphans(0)]).toEqual(
      [null, null, null, null],
    );
    expect(noticeOfOrphans(1)?.title).toBe("1 orphaned preview was removed");
  });

  test.each([
    ["info", ["info", "warn", "error"]],
    ["warn", ["warn", "error"]],
    ["error", ["error"]],
  ] as const)("a channel of level %s hears %j", (level, heard) => {
    const levels = ["info", "warn", "error"] as const;
    expect(levels.filter((each) => wants({ level }, { level: each }))).toEqual(heard);
  });

  const hostile = {
    level: "warn",
    topic: "t",
    title: "<!channel> & [click](http://evil)",
    text: "**bold**",
    preview: null,
    url: "http://m/",
  } as const;

  test("no markup of a pull request means anything in Slack or Teams", () => {
    expect(messageFor("slack", hostile, 5)).toEqual({
      text: "*Mayfly, warning*: &lt;!channel&gt; &amp; [click](http://evil)\n**bold**\nhttp://m/",
      unfurl_links: false,
    });
    const card = JSON.stringify(messageFor("teams", hostile, 5));
    expect(card).toContain(String.raw`\\[click\\]\\(http://evil\\)`);
    expect(card).toContain(String.raw`\\*\\*bold\\*\\*`);
  });

  test("a webhook gets the facts", () => {
    expect(messageFor("webhook", hostile, 5)).toEqual({ ...hostile, at: 5 });
  });
});
