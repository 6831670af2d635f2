import { execFile } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { networkInterfaces } from "node:os";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { checkFirewall, firewallOf, firewallRemoval } from "../../src/doctor/firewall.ts";
import { installFirewall } from "../../src/doctor/firewall-install.ts";
import { printed } from "../../src/doctor/look.ts";
import { connect } from "../../src/engine/docker.ts";
import { startElsewhere } from "../support/elsewhere.ts";
import { createBuildWorld, fresh } from "./build-world.ts";
import { eventually } from "../support/eventually.ts";

const call = promisify(execFile);
const docker = connect("unix:///var/run/docker.sock");
const pool = `10.219.${process.pid % 256}.0/24`;
const [gateway, address] = [1, 2].map((last) => pool.replace("0/24", String(last)));
const name = `mayfly-firewall-${process.pid}`;
const firewall = firewallOf({ pool, builds: null });
/** Twice as well: what is gone already is a failure to iptables only. */
const remove = () => call("sh", ["-c", firewallRemoval(firewall).join("\n")]).catch(() => undefined);
const saved = () => printed("iptables-save", "-t", "filter");
const host = createServer((_, response) => response.end("the host's own"));

beforeAll(async () => {
  host.listen(0, "0.0.0.0");
  await once(host, "listening");
  await docker.createNetwork({ Name: name, Driver: "bridge", IPAM: { Driver: "default", Config: [{ Subnet: pool }] } });
  const container = await docker.createContainer({
    name,
    Image: "node:24",
    Cmd: ["node", "-e", 'require("http").createServer((q, r) => r.end("a preview")).listen(3000)'],
    HostConfig: { NetworkMode: name },
  });
  await container.start();
});
afterAll(async () => {
  await remove();
  await docker.getContainer(name).remove({ force: true });
  await docker.getNetwork(name).remove();
  host.close();
});

/** What the container gets from a URL: the text, or the code of why not. */
async function seenInside(url: string): Promise<string> {
  const program = `fetch(${JSON.stringify(url)}, { signal: AbortSignal.timeout(10000) })
    .then((answer) => answer.text(), (error) => error.cause?.code ?? error.name)
    .then((text) => process.stdout.write(text.slice(0, 2000)))`;
  return (await call("docker", ["exec", name, "node", "-e", program])).stdout;
}

test("with the rules, a preview's container reaches neither host nor metadata; the internet, DNS and the gateway's way in stay open", async () => {
  await using elsewhere = await startElsewhere();
  const { port } = host.address() as AddressInfo;
  const own = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ internal, family }) => !internal && family === "IPv4");
  const hosts = [gateway, own?.address].map((each) => `http://${each}:${port}/`);
  for (const url of hosts) expect(await seenInside(url)).toBe("the host's own");

  expect(checkFirewall(firewall, await saved())).toMatchObject({ status: "warn", name: "firewall" });

  await installFirewall(firewall);
  const once = ourRules(await saved());
  await installFirewall(firewall);
  expect(ourRules(await saved())).toEqual(once);
  expect(checkFirewall(firewall, await saved())).toMatchObject({ status: "ok" });

  for (const url of hosts) expect(await seenInside(url)).toBe("EHOSTUNREACH");
  expect(await seenInside("http://169.254.169.254/")).toBe("EHOSTUNREACH");
  expect(await seenInside(elsewhere.url)).toBe("elsewhere");
  expect(await seenInside(`http://${name}:3000/`)).toBe("a preview");
  await eventually(async () => expect(await (await fetch(`http://${address}:3000/`)).text()).toBe("a preview"));
});

test("with the rules, a build step reaches neither host nor metadata, and never another preview; the internet stays open", async () => {
  await using elsewhere = await startElsewhere();
  await using world = await createBuildWorld();
  const bridge = (await docker.getNetwork("bridge").inspect()) as {
    IPAM: { Config: { Subnet: string; Gateway: string }[] };
  };
  const [{ Subnet, Gateway } = { Subnet: "", Gateway: "" }] = bridge.IPAM.Config;
  const { port } = host.address() as AddressInfo;
  const urls = [`http://${Gateway}:${port}/`, "http://169.254.169.254/", `http://${address}:3000/`, elsewhere.url];
  const seenByStep = async (): Promise<string[]> => {
    const program = `Promise.all(${JSON.stringify(urls)}.map((url) => fetch(url, { signal: AbortSignal.timeout(1500) })
      .then((answer) => answer.text(), (error) => error.cause?.code ?? error.name)))
      .then((all) => (console.log("seen " + JSON.stringify(all)), process.exit()))`.replaceAll("\n", " ");
    const build = world.spec();
    const files = { Dockerfile: `FROM node:24\n${fresh()}\nCOPY ask.js /\nRUN node /ask.js\n`, "ask.js": program };
    expect(await world.finish(build, world.commit(files))).toEqual({ state: "built" });
    const line = (await world.jobs.buildLog(build.tag))?.find((each) => each.includes("seen [")) ?? "";
    await world.remove(build);
    return JSON.parse(line.slice(line.indexOf("["))) as string[];
  };
  const [before, , preview] = await seenByStep();
  expect(before).toBe("the host's own");
  expect(preview).not.toBe("a preview");

  await installFirewall(firewallOf({ pool, builds: Subnet }));
  try {
    const [own, metadata, other, beyond] = await seenByStep();
    expect([own, metadata, beyond]).toEqual(["EHOSTUNREACH", "EHOSTUNREACH", "elsewhere"]);
    expect(other).not.toBe("a preview");
  } finally {
    await installFirewall(firewall);
  }
});

test("what is printed for it takes the rules away, and they are all gone", async () => {
  await remove();
  expect(ourRules(await saved())).toEqual([]);
});

function ourRules(text: string | null): string[] {
  return (text ?? "")
    .split("\n")
    .filter((line) => Object.values(firewall.chains).some((chain) => line.includes(chain)));
}
