import { expect, test } from "vitest";
import { createSpans } from "../../src/telemetry/spans.ts";
import { startReceiver } from "./receiver.ts";

type Span = {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status: { code: number; message?: string };
};
type Sent = { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };

const attempt = { preview: "7-42", generation: 3 };
const step = {
  ...attempt,
  startedAt: 1_700_000_000_000,
  endedAt: 1_700_000_002_000,
  outcome: "done",
  detail: null,
} as const;

test("a deployment arrives at the collector as one trace, also when the server restarts in between", async () => {
  await using collector = await startReceiver();
  const open = () => createSpans({ endpoint: `${collector.url}/`, server: "s1", version: "1" });
  {
    await using before = open();
    before.step({ ...step, name: "build web" });
  }
  {
    await using after = open();
    after.step({ ...step, name: "probe", outcome: "failed", detail: "it answered 500" });
    after.deployment({
      ...attempt,
      commit: "abc",
      cause: "opened",
      startedAt: step.startedAt,
      endedAt: step.endedAt,
      outcome: "failed",
      code: "probe-failed",
    });
  }
  expect(collector.received.map(({ path }) => path)).toEqual(["/v1/traces", "/v1/traces"]);
  const spans = collector.received
    .flatMap(({ body }) => (body as Sent).resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap((scope) => scope.spans);
  const root = spans.find(({ name }) => name === "deployment")!;
  expect(root).toMatchObject({
    status: { code: 2, message: "probe-failed" },
    startTimeUnixNano: "1700000000000000000",
  });
  expect(root.parentSpanId ?? "").toBe("");
  const children = spans.filter((span) => span !== root);
  expect(children.map(({ name, traceId, parentSpanId }) => ({ name, traceId, parentSpanId }))).toEqual([
    { name: "build web", traceId: root.traceId, parentSpanId: root.spanId },
    { name: "probe", traceId: root.traceId, parentSpanId: root.spanId },
  ]);
  expect(children[1]?.status).toEqual({ code: 2, message: "it answered 500" });
});
