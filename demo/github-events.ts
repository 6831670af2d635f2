import { createHmac, randomUUID } from "node:crypto";
import type { AppSeed, Json, RepositoryBody, Webhook } from "./github-types.ts";
import { wholeSeconds } from "./github-emulate.ts";

/** One sending of an event, as the hook's "recent deliveries" show it. */
export type Delivery = {
  id: number;
  /** Stays when the delivery is sent again. */
  guid: string;
  event: string;
  action: string | null;
  deliveredAt: string;
  durationMs: number;
  /** 0 when nobody answered. */
  statusCode: number;
  status: string;
  redelivery: boolean;
  repositoryId: number | null;
  payload: Json;
  answer: string;
};

export type Events = AsyncDisposable & {
  hookId: number;
  /** Sends an event to the webhook; does not wait for the answer. */
  emit(event: string, payload: Json): void;
  /** The hook's settings as the API tells them: never the secret. */
  config(): Json;
  /** Sends a recorded delivery again under its old GUID; false when there is none. */
  redeliver(id: number): boolean;
  /** Newest first. */
  deliveries(): Delivery[];
  /** Resolves when nothing is on its way. */
  settled(): Promise<void>;
  pointAt(webhook: Webhook | null): void;
  /** Loses the next `count` events on their way. */
  drop(count: number): void;
  /** Sends every event twice, under one GUID. */
  duplicate(on: boolean): void;
};

const timeoutMs = 10_000;

/** Delivers webhooks as GitHub does: signed over the raw bytes, once, with 10 s to answer, and recorded. */
export function createEvents(webhook: Webhook | null, app: AppSeed | undefined): Events {
  const hookId = 109_948_940;
  const recorded: Delivery[] = [];
  const onTheirWay = new Set<Promise<unknown>>();
  const closing = new AbortController();
  let target = webhook;
  let toDrop = 0;
  let doubled = false;

  function emit(event: string, payload: Json): void {
    if (target === null) return;
    const guid = randomUUID();
    const lost = toDrop > 0;
    toDrop -= lost ? 1 : 0;
    for (const _ of doubled ? [1, 2] : [1]) track(send({ event, payload, guid, redelivery: false, lost }));
  }

  function track(sending: Promise<unknown>): void {
    const settled = sending.finally(() => onTheirWay.delete(settled));
    onTheirWay.add(settled);
  }

  async function send(what: {
    event: string;
    payload: Json;
    guid: string;
    redelivery: boolean;
    lost: boolean;
  }): Promise<Delivery> {
    const { event, payload, guid, redelivery } = what;
    const startedAt = performance.now();
    const outcome =
      what.lost || target === null ? { statusCode: 0, status: "lost", answer: "" } : await post(target, what);
    const delivery: Delivery = {
      id: 12_000_000_000 + recorded.length,
      guid,
      event,
      action: typeof payload["action"] === "string" ? payload["action"] : null,
      deliveredAt: new Date().toISOString(),
      durationMs: Math.round(performance.now() - startedAt),
      ...outcome,
      redelivery,
      repositoryId: (payload["repository"] as RepositoryBody | undefined)?.id ?? null,
      payload,
    };
    recorded.push(delivery);
    return delivery;
  }

  async function post(
    to: Webhook,
    { event, payload, guid }: { event: string; payload: Json; guid: string },
  ): Promise<{ statusCode: number; status: string; answer: string }> {
    const body = JSON.stringify(payload);
    const signed = (hash: string) => `${hash}=${createHmac(hash, to.secret).update(body).digest("hex")}`;
    const repository = payload["repository"] as RepositoryBody | undefined;
    const headers = {
      Accept: "*/*",
      "Content-Type": "application/json",
      "User-Agent": "GitHub-Hookshot/044aadd",
      "X-GitHub-Delivery": guid,
      "X-GitHub-Event": event,
      "X-GitHub-Hook-ID": String(hookId),
      "X-GitHub-Hook-Installation-Target-ID": String(app?.id ?? repository?.id ?? 0),
      "X-GitHub-Hook-Installation-Target-Type": app === undefined ? "repository" : "integration",
      "X-Hub-Signature": signed("sha1"),
      "X-Hub-Signature-256": signed("sha256"),
    };
    const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), closing.signal]);
    try {
      const response = await fetch(to.url, { method: "POST", headers, body, signal, redirect: "manual" });
      return {
        statusCode: response.status,
        status: response.ok ? "OK" : response.statusText,
        answer: await response.text(),
      };
    } catch (error) {
      const timedOut = error instanceof Error && error.name === "TimeoutError";
      return {
        statusCode: timedOut ? 504 : 502,
        status: timedOut ? "timed out" : "failed to connect to host",
        answer: "",
      };
    }
  }

  return {
    hookId,
    emit,
    config: () => ({ url: target?.url ?? null, content_type: "json", secret: "********", insecure_ssl: "0" }),
    redeliver(id) {
      const old = recorded.find((delivery) => delivery.id === id);
      if (old === undefined) return false;
      track(send({ event: old.event, payload: old.payload, guid: old.guid, redelivery: true, lost: false }));
      return true;
    },
    deliveries: () => recorded.toReversed(),
    async settled() {
      while (onTheirWay.size > 0) await Promise.all(onTheirWay);
    },
    pointAt: (webhook) => void (target = webhook),
    drop: (count) => void (toDrop = count),
    duplicate: (on) => void (doubled = on),
    async [Symbol.asyncDispose]() {
      closing.abort();
      await Promise.all(onTheirWay);
    },
  };
}

/** A delivery as the API tells it; `whole` adds what was sent and answered. */
export function describeDelivery(delivery: Delivery, whole: boolean): Json {
  const { id, guid, event, action, redelivery } = delivery;
  return {
    id,
    guid,
    delivered_at: wholeSeconds(delivery.deliveredAt),
    redelivery,
    duration: delivery.durationMs / 1000,
    status: delivery.status,
    status_code: delivery.statusCode,
    event,
    action,
    installation_id: null,
    repository_id: delivery.repositoryId,
    ...(whole ? { request: { payload: delivery.payload }, response: { payload: delivery.answer } } : {}),
  };
}
