import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { promisify } from "node:util";

const run = promisify(execFile);

/** A host beyond this machine, as far as containers can tell: a network namespace behind a link, with a web server. Needs root. */
export async function startElsewhere(): Promise<AsyncDisposable & { url: string }> {
  const ip = (words: string) => run("ip", words.split(" "));
  await using made = new AsyncDisposableStack();
  const { name, number } = await addNamespace();
  // TEST-NET-3 (RFC 5737): addresses of nobody's, others for each namespace.
  const [here, there] = [1, 2].map((host) => `203.0.113.${number * 4 + host}`);
  made.defer(async () => void (await ip(`netns del ${name}`)));
  await ip(`link add ${name} type veth peer name eth0 netns ${name}`);
  // Goes at once, where the namespace takes its time.
  made.defer(async () => void (await ip(`link del ${name}`)));
  await ip(`addr add ${here}/30 dev ${name}`);
  await ip(`link set ${name} up`);
  for (const words of [`addr add ${there}/30 dev eth0`, "link set eth0 up", `route add default via ${here}`])
    await ip(`-n ${name} ${words}`);
  const program = `require("http").createServer((_, answer) => answer.end("elsewhere")).listen(8080, () => console.log("up"))`;
  const server = spawn("nsenter", [`--net=/run/netns/${name}`, process.execPath, "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  made.defer(async () => {
    const ended = once(server, "exit");
    server.kill("SIGKILL");
    await ended;
  });
  await once(server.stdout, "data");
  const owned = made.move();
  return { url: `http://${there}:8080/`, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The first that is free: a name is given once, so that two runs at the same time never share an address. */
async function addNamespace(number = 0): Promise<{ name: string; number: number }> {
  const name = `mayflyout${number}`;
  try {
    await run("ip", ["netns", "add", name]);
    return { name, number };
  } catch (error) {
    if (number === 63 || !String(error).includes("File exists")) throw error;
    return addNamespace(number + 1);
  }
}
