import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A call that changes something on the engine: `POST /networks/create shop_g1_default`. */
export type EngineCall = string;
/** What becomes of a call: nothing, or Mayfly is killed before the engine hears of it, or before Mayfly hears the answer. */
export type Fate = "pass" | "kill before" | "kill after";

export type EngineProxy = AsyncDisposable & {
  /** For `engine.host`. */
  host: string;
  /** Decides each changing call from now on. */
  judge(decide: (call: EngineCall) => Fate | Promise<Fate>): void;
  /** The changing calls so far, in order. */
  calls: EngineCall[];
};

/**
 * A socket between Mayfly and the engine that lets everything through and can end Mayfly around any call that changes
 * something. Programs run in containers (health checks, seeds) are not counted: how often they run depends on time.
 */
export async function createEngineProxy(options: { kill(): Promise<void>; socket?: string }): Promise<EngineProxy> {
  const engine = options.socket ?? "/var/run/docker.sock";
  const folder = await mkdtemp(join(tmpdir(), "mayfly-engine-"));
  const path = join(folder, "engine.sock");
  const calls: EngineCall[] = [];
  /** Ids of what was made, by which later calls name it. */
  const names = new Map<string, string>();
  let decide: (call: EngineCall) => Fate | Promise<Fate> = () => "pass";

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const isChange = incoming.method !== "GET" && incoming.method !== "HEAD" && !incoming.url?.includes("/exec");
    const body = isChange ? await readAll(incoming) : null;
    let fate: Fate = "pass";
    if (isChange) {
      const call = nameOf(incoming, body, names);
      calls.push(call);
      fate = await decide(call);
    }
    if (fate === "kill before") {
      await options.kill();
      return;
    }
    const { method, url, headers } = incoming;
    const call = request({ socketPath: engine, path: url, method, headers, agent: false });
    response.on("close", () => call.destroy());
    call.on("error", () => response.destroy());
    call.on("response", (answer) => {
      const held = fate === "kill after";
      if (!held) response.writeHead(answer.statusCode ?? 500, answer.rawHeaders).flushHeaders();
      const answered: Buffer[] = [];
      answer.on("data", (chunk: Buffer) => {
        if (!held) response.write(chunk);
        if (body !== null) answered.push(chunk);
      });
      answer.on("error", () => response.destroy());
      answer.on("end", () => {
        const made = body === null || !url?.includes("/create") ? undefined : parse(Buffer.concat(answered)).Id;
        if (made !== undefined) names.set(made, nameOf(incoming, body, names).split(" ").at(-1) ?? "");
        if (held) void options.kill();
        else response.end();
      });
    });
    if (body === null) incoming.pipe(call);
    else call.end(body);
  };

  const upgrade = async (incoming: IncomingMessage, socket: Socket, head: Buffer): Promise<void> => {
    socket.on("error", () => socket.destroy());
    // A build is one call of its own connection: it is over when Mayfly ends that.
    if (incoming.url?.endsWith("/grpc")) {
      calls.push("POST /grpc");
      const fate = await decide("POST /grpc");
      if (fate === "kill before") return options.kill();
      if (fate === "kill after") socket.on("close", () => void options.kill());
    }
    const tunnel = connect(engine);
    tunnel.on("error", () => socket.destroy()).on("close", () => socket.destroy());
    socket.on("close", () => tunnel.destroy());
    const lines = [];
    for (let at = 0; at < incoming.rawHeaders.length; at += 2)
      lines.push(`${incoming.rawHeaders[at]}: ${incoming.rawHeaders[at + 1]}`);
    tunnel.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
    tunnel.write(head);
    socket.pipe(tunnel).pipe(socket);
  };

  const sockets = new Set<Socket>();
  const server = createServer((incoming, response) => {
    // Whoever is killed in the middle of a call leaves its socket behind.
    handle(incoming, response).catch(() => response.destroy());
  });
  server.on("connection", (socket) => sockets.add(socket.on("close", () => sockets.delete(socket))));
  server.on("upgrade", (incoming, socket: Socket, head) => {
    upgrade(incoming, socket, head).catch(() => socket.destroy());
  });
  server.listen(path);
  await once(server, "listening");
  return {
    host: `unix://${path}`,
    calls,
    judge: (next) => void (decide = next),
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** By the names of things, without what differs between two runs: ids, nonces and hashes. */
function nameOf({ method, url }: IncomingMessage, body: Buffer | null, names: ReadonlyMap<string, string>): EngineCall {
  const plain = (name: string) => (names.get(name) ?? name).replace(/[-_][0-9a-f]{8}(?=$|\.)/, "");
  const { pathname, searchParams } = new URL(url ?? "/", "http://engine");
  const path = pathname
    .replace(/^\/v[\d.]+/, "")
    .split("/")
    .map(plain)
    .join("/");
  const about = parse(body);
  const name = about.Name ?? about.Container ?? searchParams.get("name") ?? searchParams.get("t") ?? "";
  return `${method} ${path} ${plain(name)}`.trimEnd();
}

/** What names the thing that a call is about, or was answered with. */
function parse(body: Buffer | null): { Name?: string; Container?: string; Id?: string } {
  // Archives are sent as well.
  if (body?.[0] !== "{".charCodeAt(0)) return {};
  return JSON.parse(body.toString()) as { Name?: string; Container?: string; Id?: string };
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
