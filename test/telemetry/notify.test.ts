import { pino } from "pino";
import { describe, expect, test } from "vitest";
import { noticeOfEngine } from "../../src/telemetry/notices.ts";
import { createNotify } from "../../src/telemetry/notify.ts";
import { eventually } from "../support/eventually.ts";
import { fakeClock } from "../support/fake-clock.ts";
import { startReceiver } from "./receiver.ts";

const notice = {
  level: "warn",
  topic: "a",
  title: "It failed",
  text: "token hunter22",
  preview: null,
  url: null,
} as const;
const mask = (text: string) => text.replaceAll("hunter22", "***");

function logOf(lines: string[]) {
  return pino({ level: "warn" }, { write: (line: string) => void lines.push(line) });
}

describe("a notice", () => {
  test("reaches the channels that want it, masked, and not twice within an hour", async () => {
    await using chat = await startReceiver();
    const clock = fakeClock();
    await using notify = createNotify({
      channels: [
        { kind: "slack", url: `${chat.url}/slack`, level: "warn" },
        { kind: "webhook", url: `${chat.url}/pager`, level: "error" },
      ],
      mask,
      clock,
      log: logOf([]),
    });
    notify.tell(notice);
    notify.tell(notice);
    await eventually(() => chat.received.length > 0);
    notify.tell({ ...notice, topic: "b", level: "error", title: "Act" });
    await eventually(() => chat.received.length > 2);
    await clock.advance(3_600_000);
    notify.tell(notice);
    await eventually(() => chat.received.length > 3);
    expect(chat.received.map(({ path }) => path).toSorted()).toEqual(["/pager", "/slack", "/slack", "/slack"]);
    expect(JSON.stringify(chat.received)).not.toContain("hunter22");
    expect(chat.received[0]?.body).toMatchObject({ text: "*Mayfly, warning*: It failed\ntoken ***" });
  });

  test("that the engine is lost is told again within the hour when it was back in between", async () => {
    await using chat = await startReceiver();
    await using notify = createNotify({
      channels: [{ kind: "webhook", url: chat.url, level: "info" }],
      mask,
      clock: fakeClock(),
      log: logOf([]),
    });
    for (const state of ["lost", "lost", "back", "lost"] as const) notify.tell(noticeOfEngine(state));
    await eventually(() => chat.received.length > 2);
    const levels = chat.received.map(({ body }) => (body as { level: string }).level);
    expect(levels.toSorted()).toEqual(["error", "error", "info"]);
  });

  test("is tried again when a channel fails, and given up with a word in the log that has no address in it", async () => {
    await using chat = await startReceiver([500, 503, 500, 404]);
    const lines: string[] = [];
    const clock = fakeClock();
    await using notify = createNotify({
      channels: [{ kind: "teams", url: `${chat.url}/secret-path`, level: "info" }],
      mask,
      clock,
      log: logOf(lines),
    });
    notify.tell(notice);
    for (const tries of [1, 2, 3]) {
      await eventually(() => chat.received.length === tries);
      await eventually(async () => {
        await clock.advance(10_000);
        return chat.received.length > tries;
      });
    }
    await eventually(() => lines.length > 0);
    expect(chat.received).toHaveLength(4);
    expect(lines.join("")).toContain("it answered 404");
    expect(lines.join("")).not.toContain("secret-path");
  });

  test("that waits for a dead channel does not keep the server from stopping", async () => {
    const lines: string[] = [];
    const notify = createNotify({
      channels: [{ kind: "slack", url: "http://127.0.0.1:1/", level: "info" }],
      mask,
      clock: fakeClock(),
      log: logOf(lines),
    });
    notify.tell(notice);
    await notify[Symbol.asyncDispose]();
    expect(lines).toEqual([]);
  });
});
