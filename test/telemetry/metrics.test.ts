import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createMetrics } from "../../src/telemetry/metrics.ts";

const standing = () => ({
  previews: { ready: 3, failed: 1 },
  queue: 2,
  builds: { running: 1, waiting: 4 },
  orphans: 0,
  memoryBytes: null,
  diskBytes: null,
  diskReserveBytes: null,
});
const data = async () => ({ snapshots: 3000, editions: 200, branches: 10, budget: 5000 });
const step = { preview: "7-42", generation: 1, startedAt: 1000, endedAt: 3500, outcome: "done", detail: null } as const;
const end = {
  preview: "7-42",
  generation: 1,
  commit: "abc1234",
  cause: "opened",
  startedAt: 0,
  endedAt: 4000,
  code: null,
} as const;

async function lines(hear: (metrics: ReturnType<typeof createMetrics>) => void): Promise<string[]> {
  const metrics = createMetrics({ version: "1.2.3", standing, data, process: false });
  hear(metrics);
  return (await metrics.text()).split("\n");
}

describe("the metrics", () => {
  test("tell what is so now", async () => {
    expect(await lines(() => {})).toEqual(
      expect.arrayContaining([
        'mayfly_info{version="1.2.3"} 1',
        'mayfly_previews{phase="ready"} 3',
        'mayfly_previews{phase="failed"} 1',
        "mayfly_queue_length 2",
        'mayfly_builds{state="running"} 1',
        'mayfly_builds{state="waiting"} 4',
        "mayfly_orphans 0",
        'mayfly_data_bytes{kind="snapshots"} 3000',
        "mayfly_data_budget_bytes 5000",
      ]),
    );
  });

  test("count deployments by outcome and measure their steps by kind", async () => {
    const told = await lines((metrics) => {
      metrics.deployment({ ...end, outcome: "ready" });
      metrics.deployment({ ...end, outcome: "failed", code: "build-failed" });
      metrics.step({ ...step, name: "build web" });
      metrics.step({ ...step, name: "build api" });
      metrics.step({ ...step, name: "probe", outcome: "failed" });
    });
    expect(told).toEqual(
      expect.arrayContaining([
        'mayfly_deployments_total{outcome="ready",code=""} 1',
        'mayfly_deployments_total{outcome="failed",code="build-failed"} 1',
        'mayfly_deployment_seconds_sum{outcome="ready"} 4',
        'mayfly_deployment_phase_seconds_count{phase="build",outcome="done"} 2',
        'mayfly_deployment_phase_seconds_sum{phase="build",outcome="done"} 5',
        'mayfly_deployment_phase_seconds_count{phase="probe",outcome="failed"} 1',
      ]),
    );
  });

  test("count requests and GitHub's answers by class, and what GitHub still allows", async () => {
    const told = await lines((metrics) => {
      metrics.request({ status: 200, durationMs: 20 });
      metrics.request({ status: 204, durationMs: 30 });
      metrics.request({ status: 502, durationMs: 1 });
      metrics.forgeCall({ account: "acme", method: "GET", status: 200, remaining: 4999 });
      metrics.forgeCall({ account: "acme", method: "POST", status: null, remaining: null });
    });
    expect(told).toEqual(
      expect.arrayContaining([
        'mayfly_gateway_requests_total{status="2xx"} 2',
        'mayfly_gateway_requests_total{status="5xx"} 1',
        "mayfly_gateway_request_seconds_count 3",
        'mayfly_github_requests_total{method="GET",status="2xx"} 1',
        'mayfly_github_requests_total{method="POST",status="none"} 1',
        'mayfly_github_rate_limit_remaining{account="acme"} 4999',
      ]),
    );
  });

  test.each(["compose/grafana-dashboard.json", "docs/monitoring.md"])(
    "%s names each of them, and no other",
    async (file) => {
      const names = (await lines(() => {})).flatMap((line) => /^# TYPE (\w+)/.exec(line)?.[1] ?? []);
      const text = readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
      const named = new Set(
        [...text.matchAll(/\bmayfly_\w+/g)].map(([name]) => name.replace(/_(bucket|sum|count)$/, "")),
      );
      const shown = file.endsWith(".json") ? names.filter((name) => name !== "mayfly_info") : names;
      expect([...named].toSorted()).toEqual(shown.toSorted());
    },
  );
});
