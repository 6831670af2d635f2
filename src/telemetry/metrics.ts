import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import { type DataBytes, dataGauges } from "./data-metrics.ts";
import { type DeploymentEnd, phaseOf, type StepEnd } from "./heard.ts";

/** What is so now, asked when the metrics are read. */
export type Standing = {
  previews: Readonly<Record<string, number>>;
  queue: number;
  builds: { running: number; waiting: number };
  orphans: number;
  /** Of the engine's machine; null where it cannot be measured. */
  memoryBytes: number | null;
  diskBytes: number | null;
  diskReserveBytes: number | null;
};

const deploymentBuckets = [0.5, 1, 2, 3, 5, 8, 13, 21, 34, 60, 120, 300, 600, 1200];
const requestBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/**
 * Counts and measures by Prometheus' conventions (base units, `_total`, `_seconds`; prometheus.io/docs/practices/naming).
 * No label takes a value that grows with use: neither previews nor repositories are labels.
 */
export function createMetrics(options: {
  version: string;
  standing(): Standing;
  data(): Promise<DataBytes | null>;
  process?: boolean;
}) {
  const registry = new Registry();
  const registers = [registry];
  if (options.process !== false) collectDefaultMetrics({ register: registry });
  for (const gauge of standingGauges(options)) registry.registerMetric(gauge);
  dataGauges(registry, options.data);

  const deployments = new Counter({
    name: "mayfly_deployments_total",
    help: "Deployments that ended, by outcome and by the error's code.",
    labelNames: ["outcome", "code"] as const,
    registers,
  });
  const deploymentSeconds = new Histogram({
    name: "mayfly_deployment_seconds",
    help: "From the wish to its end.",
    labelNames: ["outcome"] as const,
    buckets: deploymentBuckets,
    registers,
  });
  const phaseSeconds = new Histogram({
    name: "mayfly_deployment_phase_seconds",
    help: "Each step of a deployment, by kind.",
    labelNames: ["phase", "outcome"] as const,
    buckets: [0.05, 0.1, 0.25, ...deploymentBuckets],
    registers,
  });
  const requests = new Counter({
    name: "mayfly_gateway_requests_total",
    help: "Requests that were carried to a preview, by class of the answer's status.",
    labelNames: ["status"] as const,
    registers,
  });
  const requestSeconds = new Histogram({
    name: "mayfly_gateway_request_seconds",
    help: "From a request's head to the end of its answer.",
    buckets: requestBuckets,
    registers,
  });
  const forgeCalls = new Counter({
    name: "mayfly_github_requests_total",
    help: "Calls of GitHub's API, by class of the answer's status; none without an answer.",
    labelNames: ["method", "status"] as const,
    registers,
  });
  const forgeRemaining = new Gauge({
    name: "mayfly_github_rate_limit_remaining",
    help: "Calls that GitHub still allows in this hour, as its last answer said, by account (an App has one for each owner).",
    labelNames: ["account"] as const,
    registers,
  });

  const sourceReads = new Counter({
    name: "mayfly_source_reads_total",
    help: "Times that a source of the server file was read, by outcome.",
    labelNames: ["source", "outcome"] as const,
    registers,
  });
  const sourceReadAt = new Gauge({
    name: "mayfly_source_read_timestamp_seconds",
    help: "When a source was read last, and went well.",
    labelNames: ["source"] as const,
    registers,
  });

  return {
    sourceRead(source: string, outcome: "done" | "failed", at: number): void {
      sourceReads.inc({ source, outcome });
      if (outcome === "done") sourceReadAt.set({ source }, at / 1000);
    },
    deployment({ outcome, code, startedAt, endedAt }: DeploymentEnd): void {
      deployments.inc({ outcome, code: code ?? "" });
      deploymentSeconds.observe({ outcome }, (endedAt - startedAt) / 1000);
    },
    step(step: StepEnd): void {
      phaseSeconds.observe(
        { phase: phaseOf(step), outcome: step.outcome },
        Math.max(0, step.endedAt - step.startedAt) / 1000,
      );
    },
    request({ status, durationMs }: { status: number; durationMs: number }): void {
      requests.inc({ status: classOf(status) });
      requestSeconds.observe(durationMs / 1000);
    },
    forgeCall(call: { account: string; method: string; status: number | null; remaining: number | null }): void {
      forgeCalls.inc({ method: call.method, status: call.status === null ? "none" : classOf(call.status) });
      if (call.remaining !== null) forgeRemaining.set({ account: call.account }, call.remaining);
    },
    /** Prometheus' text format. */
    text: (): Promise<string> => registry.metrics(),
  };
}

/** Gauges that ask when they are read. */
function standingGauges({ version, standing }: { version: string; standing(): Standing }): Gauge[] {
  const registers: Registry[] = [];
  const info = new Gauge({
    name: "mayfly_info",
    help: "The running version.",
    labelNames: ["version"],
    registers,
  });
  info.set({ version }, 1);
  const previews = new Gauge({
    name: "mayfly_previews",
    help: "Previews by phase.",
    labelNames: ["phase"],
    registers,
    collect() {
      for (const [phase, count] of Object.entries(standing().previews)) this.set({ phase }, count);
    },
  });
  const queue = new Gauge({
    name: "mayfly_queue_length",
    help: "Previews waiting to be brought to their wish, or being brought.",
    registers,
    collect() {
      this.set(standing().queue);
    },
  });
  const builds = new Gauge({
    name: "mayfly_builds",
    help: "Image builds under way and waiting.",
    labelNames: ["state"],
    registers,
    collect() {
      for (const [state, count] of Object.entries(standing().builds)) this.set({ state }, count);
    },
  });
  const orphans = new Gauge({
    name: "mayfly_orphans",
    help: "Previews without a pull request found by the last sweep.",
    registers,
    collect() {
      this.set(standing().orphans);
    },
  });
  const memory = new Gauge({
    name: "mayfly_memory_available_bytes",
    help: "Memory that previews may still take, of the engine's machine; absent where it cannot be measured.",
    registers,
    collect() {
      setOrForget(this, standing().memoryBytes);
    },
  });
  const disk = new Gauge({
    name: "mayfly_disk_free_bytes",
    help: "Free room where the engine keeps its files; absent where it cannot be measured.",
    registers,
    collect() {
      setOrForget(this, standing().diskBytes);
    },
  });
  const diskReserve = new Gauge({
    name: "mayfly_disk_reserve_bytes",
    help: "What of it is to stay free: below this, what can be had again is removed.",
    registers,
    collect() {
      setOrForget(this, standing().diskReserveBytes);
    },
  });
  return [info, previews, queue, builds, orphans, memory, disk, diskReserve];
}

function classOf(status: number): string {
  return `${Math.floor(status / 100)}xx`;
}

function setOrForget(gauge: Gauge, value: number | null): void {
  if (value === null) gauge.remove();
  else gauge.set(value);
}
