import { randomUUID } from "node:crypto";
import type { Duplex } from "node:stream";
import { Server, ServerCredentials, type ServiceDefinition, status, type UntypedHandleCall } from "@grpc/grpc-js";
import type Docker from "dockerode";
import { readFields, textField } from "./protobuf.ts";
import { type Registries, registryKey } from "./registries.ts";

/** What a build may ask us for: secrets by their ids, and accounts by their registries. */
export type BuildGifts = {
  secrets: ReadonlyMap<string, string>;
  registries: Registries;
  /** Asks registries for each image anew, so that none is taken which this host has by somebody's account. */
  anew: boolean;
};

export type BuildSession = AsyncDisposable & { id: string };

/** A call of ours: what it asks, as bytes, to what we answer; null is "not found". */
type Answer = (request: Buffer) => Buffer | null;

/**
 * Opens a session that BuildKit asks things of while it builds (moby/buildkit: session/secrets/secrets.proto,
 * session/auth/auth.proto, and gRPC's own health check). Values go over the engine's connection and into the step's
 * memory; no image, cache or log of the engine holds them. Whoever opens it closes it. Throws EngineError.
 */
export async function openBuildSession(docker: Docker, gifts: BuildGifts): Promise<BuildSession> {
  const answers: Record<string, Answer> = {
    "/moby.buildkit.secrets.v1.Secrets/GetSecret": (request) => {
      const value = gifts.secrets.get(textOf(request, 1));
      return value === undefined ? null : textField(1, value);
    },
    "/moby.filesync.v1.Auth/Credentials": (request) => {
      const account = gifts.registries[registryKey(textOf(request, 1))];
      return account
        ? Buffer.concat([textField(1, account.username), textField(2, account.password)])
        : Buffer.alloc(0);
    },
    // BuildKit gives a session up that does not say that it serves.
    "/grpc.health.v1.Health/Check": () => Buffer.from([8, 1]),
  };
  const id = randomUUID();
  const socket = await dial(docker, id, Object.keys(answers));
  const server = new Server();
  for (const [path, answer] of Object.entries(answers)) server.addService(...serviceOf(path, answer));
  server.createConnectionInjector(ServerCredentials.createInsecure()).injectConnection(socket);
  return {
    id,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
      socket.destroy();
    },
  };
}

function dial(docker: Docker, id: string, methods: string[]): Promise<Duplex> {
  const options = {
    method: "POST",
    path: "/session",
    hijack: true,
    headers: {
      Upgrade: "h2c",
      "X-Docker-Expose-Session-Uuid": id,
      "X-Docker-Expose-Session-Name": "mayfly",
      "X-Docker-Expose-Session-Grpc-Method": methods,
    },
    statusCodes: { 200: true, 500: "server error" },
  };
  return new Promise((resolve, reject) => {
    docker.modem.dial(options, (error, socket) => {
      if (error) reject(error);
      else resolve(socket as Duplex);
    });
  });
}

function serviceOf(path: string, answer: Answer): [ServiceDefinition, Record<string, UntypedHandleCall>] {
  const same = (bytes: Buffer) => bytes;
  const method = {
    path,
    requestStream: false as const,
    responseStream: false as const,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  const handle: UntypedHandleCall = (
    call: { request: Buffer },
    callback: (error: { code: status; details: string } | null, response?: Buffer) => void,
  ) => {
    const response = answer(call.request);
    if (response === null) callback({ code: status.NOT_FOUND, details: "not found" });
    else callback(null, response);
  };
  return [{ call: method }, { call: handle }];
}

function textOf(message: Buffer, field: number): string {
  for (const { number, value } of readFields(message)) if (number === field) return value.toString();
  return "";
}
