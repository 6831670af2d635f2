import { Agent, request } from "node:http";

/**
 * A steady load in a process of its own: `steady.ts RATE HOST ADDRESS:PORT...` asks each address so many times a second,
 * whether earlier answers came or not. On the message `report` it tells, for each address, how long those answered with
 * 200 since the last report took, and how many were not.
 */
const [rate = "", host = "", ...addresses] = process.argv.slice(2);
const taken = addresses.map((): number[] => []);
let failed = addresses.map(() => 0);
const agent = new Agent({ keepAlive: true });

function ask(at: number, plannedAt: number): void {
  const [address = "", port = ""] = addresses[at]?.split(":") ?? [];
  const outgoing = request({ host: address, port, agent, headers: { Host: host }, timeout: 10_000 }, (answer) => {
    if (answer.statusCode !== 200) fail(at);
    else answer.once("end", () => taken[at]?.push(performance.now() - plannedAt));
    answer.resume();
  });
  outgoing.once("timeout", () => outgoing.destroy(new Error("no answer")));
  outgoing.on("error", () => {
    // A kept socket that was just closing: the application's own closing meets whoever asks it directly.
    fail(at);
  });
  outgoing.end();
}

function fail(at: number): void {
  failed[at] = (failed[at] ?? 0) + 1;
}

const everyMs = 1000 / Number(rate);
let next = performance.now();
setInterval(() => {
  for (const now = performance.now(); next <= now; next += everyMs)
    for (const at of addresses.keys()) ask(at, Math.max(next, now - 1));
}, 1);

process.on("message", () => {
  process.send?.({ taken: taken.map((each) => each.splice(0)), failed });
  failed = addresses.map(() => 0);
});
