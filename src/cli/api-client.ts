import { Readable } from "node:stream";
import { catalogue, type ErrorCode } from "../domain/catalogue.ts";
import { MayflyError } from "../domain/errors.ts";

import { version } from "./version.ts";

export type ApiClient = {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: unknown): Promise<T>;
  delete<T>(path: string): Promise<T>;
  /** POST with a body that is streamed. */
  send<T>(path: string, body: Readable): Promise<T>;
  /** The data of each `line` event, until the server has told all or the signal is aborted. */
  follow<T>(path: string, signal: AbortSignal): AsyncIterable<T>;
};

/** A client of the HTTP API. Throws MayflyError with the server's own code, or `server-unreachable`. */
export function createApiClient({ server, token }: { server: string; token: string | null }): ApiClient {
  const headers = {
    accept: "application/json",
    "user-agent": `mayfly/${version()}`,
    ...(token !== null && { authorization: `Bearer ${token}` }),
  };

  async function call(path: string, init: RequestInit = {}): Promise<Response> {
    const response = await fetch(`${server}${path}`, { ...init, headers, redirect: "error" }).catch(
      (error: unknown) => {
        throw new MayflyError("server-unreachable", `no Mayfly server answers at ${server}`, { cause: error });
      },
    );
    if (response.status === 401 && token === null) throw unsigned(server);
    if (!response.ok) throw await refusal(response, server);
    return response;
  }

  return {
    get: async <T>(path: string) => (await json(await call(path), server)) as T,
    async post<T>(path: string, body?: unknown) {
      const sent = body === undefined ? {} : { body: JSON.stringify(body) };
      return (await json(await call(path, { method: "POST", ...sent }), server)) as T;
    },
    delete: async <T>(path: string) => (await json(await call(path, { method: "DELETE" }), server)) as T,
    send: async <T>(path: string, body: Readable) => {
      const stream = Readable.toWeb(body) as ReadableStream<Uint8Array>;
      return (await json(await call(path, { method: "POST", body: stream, duplex: "half" }), server)) as T;
    },
    async *follow<T>(path: string, signal: AbortSignal) {
      const { body } = await call(path, { signal });
      for await (const { event, data } of readEvents(body ?? new ReadableStream<Uint8Array>())) {
        if (event === "line") yield data as T;
        if (event === "problem") throw problemError(data, server);
      }
    },
  };
}

function unsigned(server: string): MayflyError {
  return new MayflyError("unauthorized", `${server} wants a token`, {
    hint: "Set MAYFLY_API_TOKEN. On the server's own machine, run this in the folder of its server.yaml, as its user.",
  });
}

async function refusal(response: Response, server: string): Promise<MayflyError> {
  // Something in between may answer without our problem+json: then the status has to do.
  const problem: unknown = await response.json().catch(() => null);
  return problemError(problem, `${server} (${response.status})`);
}

function problemError(problem: unknown, server: string): MayflyError {
  const { code, detail, hint, where } = (problem ?? {}) as {
    code?: string;
    detail?: string;
    hint?: string;
    where?: string | null;
  };
  if (code === undefined || !Object.hasOwn(catalogue, code)) return notMayfly(server);
  return new MayflyError(
    code as ErrorCode,
    `${where ? `${where}  ` : ""}${detail ?? ""}`,
    hint === undefined ? {} : { hint },
  );
}

async function json(response: Response, server: string): Promise<unknown> {
  return response.json().catch((error: unknown) => {
    throw notMayfly(server, error);
  });
}

function notMayfly(server: string, cause?: unknown): MayflyError {
  return new MayflyError("server-unreachable", `what answers at ${server} is no Mayfly server`, { cause });
}

/** Events of a stream (HTML Living Standard, "Server-sent events"), in the form that our own server writes. */
async function* readEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<{ event: string; data: unknown }> {
  let rest = "";
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    const frames = `${rest}${text}`.split("\n\n");
    rest = frames.pop() ?? "";
    for (const frame of frames) {
      const [, event = "", data = "null"] = /^event: (.*)\ndata: (.*)$/.exec(frame) ?? [];
      if (event !== "") yield { event, data: JSON.parse(data) };
    }
  }
}
