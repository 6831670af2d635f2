import { Gauge, type Registry } from "prom-client";

/** Bytes that data takes, by what it is, and the most of it that there may be; null without a budget. */
export type DataBytes = { snapshots: number; editions: number; branches: number; budget: number | null };

/** What data takes, asked when it is read; `use` answers null where the engine does not say. */
export function dataGauges(registry: Registry, use: () => Promise<DataBytes | null>): void {
  const bytes = new Gauge({
    name: "mayfly_data_bytes",
    help: "What snapshots, editions of sources, and writes of previews to their branches take.",
    labelNames: ["kind"] as const,
    registers: [],
    async collect() {
      this.reset();
      const data = await use();
      if (data === null) return;
      for (const kind of ["snapshots", "editions", "branches"] as const) this.set({ kind }, data[kind]);
    },
  });
  const budget = new Gauge({
    name: "mayfly_data_budget_bytes",
    help: "What all data may take before snapshots that nobody reads go; absent without a budget.",
    registers: [],
    async collect() {
      this.remove();
      const data = await use();
      if (data !== null && data.budget !== null) this.set(data.budget);
    },
  });
  for (const gauge of [bytes, budget]) registry.registerMetric(gauge);
}
