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
 * something. Of programs run in containers only those are calls that `isCall` says so of (`EXEC db psql …`): how often
 * health checks run depends on time.
 */
export async function createEngineProxy(options: {
  kill(): Promise<void>;
  socket?: string;
  isCall?(command: readonly string[]): boolean;
}): Promise<EngineProxy> {
  const engine = options.socket ?? "/var/run/docker.sock";
  const folder = await mkdtemp(join(tmpdir(), "mayfly-engine-"));
  const path = join(folder, "engine.sock");
  const calls: EngineCall[] = [];
  /** Ids of what was made, by which later calls name it. */
  const names = new Map<string, string>();
  /** Programs that were made, and count as calls. */
  const programs = new Map<string, EngineCall>();
  let decide: (call: EngineCall) => Fate | Promise<Fate> = () => "pass";

  const remember = (id: string, call: EngineCall, body: Buffer | null): void => {
    if (!call.startsWith("EXEC ")) names.set(id, call.split(" ").at(-1) ?? "");
    else if (options.isCall?.(parse(body).Cmd ?? [])) programs.set(id, call);
  };
  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const isChange = incoming.method !== "GET" && incoming.method !== "HEAD" && !incoming.url?.includes("/exec");
    const isProgram = incoming.method === "POST" && incoming.url?.endsWith("/exec") === true;
    const body = isChange || isProgram ? await readAll(incoming) : null;
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
        const makes = isProgram || (isChange && url?.includes("/create") === true);
        const made = makes ? parse(Buffer.concat(answered)).Id : undefined;
        if (made !== undefined) remember(made, nameOf(incoming, body, names), body);
        if (held) void options.kill();
        else response.end();
      });
    });
    if (body === null) incoming.pipe(call);
    else call.end(body);
  };

  const upgrade = async (incoming: IncomingMessage, socket: Socket, head: Buffer): Promise<void> => {
    socket.on("error", () => socket.destroy());
    // A build is one call of its own connection: it is over when Mayfly ends that, as a program is when the engine does.
    const isBuild = incoming.url?.endsWith("/grpc") === true;
    const call = isBuild ? "POST /grpc" : programs.get(incoming.url?.split("/").at(-2) ?? "");
    let fate: Fate = "pass";
    if (call !== undefined) {
      calls.push(call);
      fate = await decide(call);
    }
    if (fate === "kill before") return options.kill();
    if (fate === "kill after" && isBuild) socket.on("close", () => void options.kill());
    const isHeld = fate === "kill after" && !isBuild;
    const tunnel = connect(engine);
    tunnel.on("error", () => socket.destroy());
    tunnel.on("close", () => (isHeld ? void options.kill() : socket.destroy()));
    socket.on("close", () => tunnel.destroy());
    const lines = [];
    for (let at = 0; at < incoming.rawHeaders.length; at += 2)
      lines.push(`${incoming.rawHeaders[at]}: ${incoming.rawHeaders[at + 1]}`);
    tunnel.write(`${incoming.method} ${incoming.url} HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`);
    tunnel.write(head);
    socket.pipe(tunnel).pipe(socket, { end: !isHeld });
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
  const plain = (name: string) => (names.get(name) ?? name).replace(/([-_.][0-9a-f]{8})+(?=$|\.)/, "");
  const { pathname, searchParams } = new URL(url ?? "/", "http://engine");
  const path = pathname
    .replace(/^\/v[\d.]+/, "")
    .split("/")
    .map(plain)
    .join("/");
  const about = parse(body);
  if (about.Cmd !== undefined && path.endsWith("/exec")) {
    const [program = "", ...words] = about.Cmd;
    const last = (words.at(-1) ?? "").replaceAll(/\s+/g, " ").trim().slice(0, 40);
    return `EXEC ${path.split("/").at(-2) ?? ""} ${program} ${last}`;
  }
  const name = about.Name ?? about.Container ?? searchParams.get("name") ?? searchParams.get("t") ?? "";
  return `${method} ${path} ${plain(name)}`.trimEnd();
}

/** What names the thing that a call is about, or was answered with. */
function parse(body: Buffer | null): { Name?: string; Container?: string; Id?: string; Cmd?: string[] } {
  // Archives are sent as well.
  if (body?.[0] !== "{".charCodeAt(0)) return {};
  return JSON.parse(body.toString()) as { Name?: string; Container?: string; Id?: string; Cmd?: string[] };
}

async function readAll(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
