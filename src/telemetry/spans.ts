import { createHash } from "node:crypto";
import { ROOT_CONTEXT, SpanStatusCode, trace, TraceFlags } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, RandomIdGenerator, TracerProvider } from "@opentelemetry/sdk-trace";
import { type DeploymentEnd, phaseOf, type StepEnd } from "./heard.ts";

export type Spans = AsyncDisposable & {
  step(step: StepEnd): void;
  deployment(end: DeploymentEnd): void;
};

type Attempt = Pick<DeploymentEnd, "preview" | "generation">;

/**
 * Sends each deployment as one trace (a span a step, under one of the whole) to an OpenTelemetry collector, OTLP over HTTP.
 * The trace's ids follow from the server, the preview and the generation, so that a restart in between goes on with it.
 */
export function createSpans(options: { endpoint: string; server: string; version: string }): Spans {
  const ids = createIds(options.server);
  const provider = new TracerProvider({
    resource: resourceFromAttributes({
      "service.name": "mayfly",
      "service.version": options.version,
      "service.instance.id": options.server,
    }),
    idGenerator: ids,
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: new OTLPTraceExporter({
          url: `${options.endpoint.replace(/\/+$/, "")}/v1/traces`,
          timeoutMillis: 5000,
        }),
        scheduledDelayMillis: 1000,
      }),
    ],
  });
  const tracer = provider.getTracer("mayfly");

  return {
    step(step) {
      const attributes = { "mayfly.preview": step.preview, "mayfly.generation": step.generation };
      const parent = trace.setSpanContext(ROOT_CONTEXT, { ...ids.of(step), traceFlags: TraceFlags.SAMPLED });
      const span = tracer.startSpan(
        step.name,
        { startTime: step.startedAt, attributes: { ...attributes, "mayfly.phase": phaseOf(step) } },
        parent,
      );
      if (step.outcome !== "done") span.setStatus({ code: SpanStatusCode.ERROR, message: step.detail ?? step.outcome });
      span.end(step.endedAt);
    },
    deployment(end) {
      const attributes = {
        "mayfly.preview": end.preview,
        "mayfly.generation": end.generation,
        "mayfly.commit": end.commit,
        "mayfly.cause": end.cause,
        "mayfly.outcome": end.outcome,
      };
      const span = ids.asRoot(end, () =>
        tracer.startSpan("deployment", { root: true, startTime: end.startedAt, attributes }, ROOT_CONTEXT),
      );
      if (end.outcome === "failed") span.setStatus({ code: SpanStatusCode.ERROR, message: end.code ?? "failed" });
      span.end(end.endedAt);
    },
    [Symbol.asyncDispose]: () => provider.shutdown(),
  };
}

/** Random ids, except for the span of a whole deployment. */
function createIds(server: string) {
  const random = new RandomIdGenerator();
  let root: { traceId: string; spanId: string } | null = null;
  const of = ({ preview, generation }: Attempt) => {
    const hash = createHash("sha256").update(`${server} ${preview} ${generation}`).digest("hex");
    return { traceId: hash.slice(0, 32), spanId: hash.slice(32, 48) };
  };
  return {
    of,
    generateTraceId: () => root?.traceId ?? random.generateTraceId(),
    generateSpanId: () => root?.spanId ?? random.generateSpanId(),
    asRoot<T>(attempt: Attempt, start: () => T): T {
      root = of(attempt);
      try {
        return start();
      } finally {
        root = null;
      }
    },
  };
}
