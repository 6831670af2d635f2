import { createHash } from "node:crypto";
import { createGateway } from "../../src/gateway/gateway.ts";
import { createKeys } from "../../src/gateway/keys.ts";
import { createSwitchboard } from "../../src/gateway/switchboard.ts";

/**
 * Mayfly's gateway in a process of its own, as nginx and Caddy are: `site.ts PORT UPSTREAM PREVIEWS`. What the rest of the server gives it is
 * as cheap as there: a rule, a note of each visit and a count come from memory.
 */
const [port = 0, upstream = 0, previews = 1] = process.argv.slice(2).map(Number);
const hostOf = (slug: string) => `${slug}.preview.localhost`;
const switchboard = createSwitchboard(hostOf);
for (let number = 1; number <= previews; number++) {
  const slug = `shop-pr-${number}`;
  const route = { service: "web", port: upstream, host: hostOf(slug), path: null, main: true, health: null };
  const made = [{ service: "web", address: "127.0.0.1", port: upstream }];
  switchboard.publish({ key: `1-${number}`, slug, generation: 1 }, { routes: [route] }, made);
}
const visitedAt = new Map<string, number>();
let carried = 0;
const now = () => performance.now();
const gateway = createGateway({
  own: { hosts: [], handle: (_, res) => void res.end() },
  table: switchboard.table,
  pages: { view: () => null, subscribe: () => () => {} },
  access: {
    rule: () => ({ access: "public", epoch: 0 }),
    keys: createKeys(createHash("sha256").update("bench").digest("hex")),
    link: (host) => `http://${host}`,
    signInUrl: () => "",
    randomId: (length) => "x".repeat(length),
  },
  activity: ({ preview }) => void visitedAt.set(preview, now()),
  wake: { ask() {}, watch: () => () => {} },
  carried: () => void carried++,
  clock: { now, sleep: (ms) => new Promise((resume) => void setTimeout(resume, ms)) },
  log: { debug() {}, warn: (fields, message) => process.stderr.write(`${message} ${JSON.stringify(fields)}\n`) },
});
await gateway.listen({ host: "127.0.0.1", port });
process.on("SIGTERM", () => process.exit(carried === 0 ? 1 : 0));
