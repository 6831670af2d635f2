import { execFileSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { benchDeploying } from "./gateway/deploying.ts";
import { type Contender, setField } from "./gateway/field.ts";
import { type Blow, wrk } from "./gateway/wrk.ts";
import { load } from "./machine.ts";
import { median, printTable } from "./table.ts";

const rounds = 5;
const small = { path: "small", connections: 32, seconds: 3 };
const large = { path: "large", connections: 4, seconds: 3 };
const alone = { path: "small", connections: 1, seconds: 2 };

/**
 * The gateway beside nginx and Caddy, each on the first core, upstream (nginx) and load (wrk) on the second; they take turns, and figures are
 * medians of the rounds. Then the whole server: how long requests take while ten previews are deployed.
 */
export async function benchGateway(): Promise<Record<string, unknown>> {
  if (availableParallelism() < 2) throw new Error("this benchmark needs two cores");
  execFileSync("sh", [resolve(import.meta.dirname, "../scripts/ready.sh"), "proxies"], { stdio: "inherit" });
  const loadBefore = load();
  const field = await measureField();
  const deploying = await benchDeploying();
  return { ...field, ...deploying, rounds, load: [loadBefore, load()] };
}

async function measureField(): Promise<Record<string, unknown>> {
  await using field = await setField();
  const all: readonly Contender[] = ["direct", "nginx", "caddy", "mayfly", "thousand"];
  for (const each of all) await wrk(field, each, { ...small, seconds: 2 });
  const [smalls, larges, alones]: Record<Contender, Blow[]>[] = [none(), none(), none()];
  for (let round = 0; round < rounds; round++) {
    for (const each of all) smalls?.[each].push(await wrk(field, each, small));
    for (const each of all.filter((name) => name !== "thousand")) larges?.[each].push(await wrk(field, each, large));
    for (const each of ["direct", "mayfly"] as const) alones?.[each].push(await wrk(field, each, alone));
  }
  if (!smalls || !larges || !alones) throw new Error("nothing was measured");
  const names: Record<Contender, string> = {
    direct: "the upstream itself",
    nginx: "nginx",
    caddy: "Caddy",
    mayfly: "Mayfly, 1 preview",
    thousand: "Mayfly, 1,000 previews",
  };
  printTable([
    [
      "median of rounds",
      "1 KB, per second",
      "CPU µs each",
      "p99 ms",
      "10 MB, per second",
      "CPU ms each",
      "p50 ms alone",
    ],
    ...all.map((each) => [
      names[each],
      figure(smalls[each], "perSecond", 0),
      figure(smalls[each], "cpuUs", 1),
      figure(smalls[each], "p99Ms", 1),
      figure(larges[each], "perSecond", 0),
      figure(
        larges[each].map((blow) => ({ ...blow, cpuUs: blow.cpuUs / 1000 })),
        "cpuUs",
        1,
      ),
      figure(alones[each], "p50Ms", 3),
    ]),
  ]);
  return {
    ofCaddy: ratio(smalls.mayfly, smalls.caddy),
    ofNginx: ratio(smalls.mayfly, smalls.nginx),
    addedP50Ms: round(median(alones.mayfly.map(({ p50Ms }, at) => p50Ms - (alones.direct[at]?.p50Ms ?? 0))), 3),
    largeOfNginx: ratio(larges.mayfly, larges.nginx),
    thousandOfOne: ratio(smalls.thousand, smalls.mayfly),
    // Of processor time alone: what is left of the first three on a machine that others use as well.
    cpuOfCaddy: ratio(smalls.caddy, smalls.mayfly, "cpuUs"),
    cpuOfNginx: ratio(smalls.nginx, smalls.mayfly, "cpuUs"),
    largeCpuOfNginx: ratio(larges.nginx, larges.mayfly, "cpuUs"),
    perSecond: Math.round(median(smalls.mayfly.map(({ perSecond }) => perSecond))),
  };
}

function none(): Record<Contender, Blow[]> {
  return { direct: [], nginx: [], caddy: [], mayfly: [], thousand: [] };
}

function figure(blows: readonly Blow[], of: keyof Blow, digits: number): string {
  return blows.length === 0 ? "" : median(blows.map((blow) => blow[of])).toFixed(digits);
}

/** The median of the rounds' own ratios: a slow moment of the machine meets both sides of a round. */
function ratio(ours: readonly Blow[], theirs: readonly Blow[], of: keyof Blow = "perSecond"): number {
  return round(median(ours.map((blow, at) => blow[of] / (theirs[at]?.[of] ?? Number.NaN))), 3);
}

function round(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
