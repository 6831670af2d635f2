import { randomUUID } from "node:crypto";
import type { Readable } from "node:stream";
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceDefinition,
  status,
  type UntypedHandleCall,
} from "@grpc/grpc-js";
import type Docker from "dockerode";
import { uploadsOf } from "./build-upload.ts";
import { hijack } from "./hijack.ts";
import { readFields, textField } from "./protobuf.ts";
import { type Registries, registryKey } from "./registries.ts";

/** What a build may ask us for: secrets by their ids, and accounts by their registries. */
export type BuildGifts = {
  secrets: ReadonlyMap<string, string>;
  registries: Registries;
  /** Asks registries for each image anew, so that none is taken which this host has by somebody's account. */
  anew: boolean;
};

/** `urlOf` is where BuildKit finds a content that was given: nowhere but in this session. */
export type BuildSession = AsyncDisposable & { id: string; urlOf(content: string): string };

/** A call of ours: what it asks, as bytes, to what we answer; null is "not found". */
type Answer = (request: Buffer) => Buffer | null;

/**
 * Opens a session that BuildKit asks things of while it builds (moby/buildkit: session/secrets/secrets.proto,
 * session/auth/auth.proto, session/upload/upload.proto, and gRPC's own health check). Values go over the engine's
 * connection and into the step's memory; no image, cache or log of the engine holds them. `contents`, by names of
 * letters and digits, are sent as they are asked for, never faster. Whoever opens it closes it. Throws EngineError.
 */
export async function openBuildSession(
  docker: Docker,
  gifts: BuildGifts,
  contents: ReadonlyMap<string, Readable>,
): Promise<BuildSession> {
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
  const socket = await hijack(docker, "/session", {
    "X-Docker-Expose-Session-Uuid": id,
    "X-Docker-Expose-Session-Name": "mayfly",
    "X-Docker-Expose-Session-Grpc-Method": [...Object.keys(answers), pull],
  });
  const server = new Server();
  for (const [path, answer] of Object.entries(answers)) server.addService(...answering(path, answer));
  server.addService(...streaming(pull, uploadsOf(contents)));
  server.createConnectionInjector(ServerCredentials.createInsecure()).injectConnection(socket);
  return {
    id,
    // The host is BuildKit's word for the session (source/http/transport.go); the id keeps two builds' contexts apart.
    urlOf: (content) => `http://buildkit-session/${id}/${content}`,
    async [Symbol.asyncDispose]() {
      server.forceShutdown();
      socket.destroy();
    },
  };
}

const pull = "/moby.upload.v1.Upload/Pull";

const same = (bytes: Buffer) => bytes;
const asBytes = {
  requestSerialize: same,
  requestDeserialize: same,
  responseSerialize: same,
  responseDeserialize: same,
};

function answering(path: string, answer: Answer): [ServiceDefinition, Record<string, UntypedHandleCall>] {
  const handle: UntypedHandleCall = (
    call: { request: Buffer },
    callback: (error: { code: status; details: string } | null, response?: Buffer) => void,
  ) => {
    const response = answer(call.request);
    if (response === null) callback({ code: status.NOT_FOUND, details: "not found" });
    else callback(null, response);
  };
  return [{ call: { path, requestStream: false, responseStream: false, ...asBytes } }, { call: handle }];
}

function streaming(
  path: string,
  handle: (call: ServerDuplexStream<Buffer, Buffer>) => void,
): [ServiceDefinition, Record<string, UntypedHandleCall>] {
  return [{ call: { path, requestStream: true, responseStream: true, ...asBytes } }, { call: handle }];
}

function textOf(message: Buffer, field: number): string {
  for (const { number, value } of readFields(message)) if (number === field) return value.toString();
  return "";
}
