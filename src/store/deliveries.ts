import type { Database } from "./database.ts";

/** What makes a delivery the same: two apps may get one GUID, and one app may get two events in one moment. */
export type DeliveryId = { hookId: string; delivery: string; event: string; bodyHash: string };

/** Which webhooks were seen, so that a repeated one changes nothing. */
export function createDeliveryStore(database: Database) {
  return {
    /** True when it is new. */
    record: (id: DeliveryId, now: number): boolean =>
      database.run(
        `insert into deliveries (hook_id, delivery, event, body_hash, received_at) values (?, ?, ?, ?, ?)
         on conflict do nothing`,
        id.hookId,
        id.delivery,
        id.event,
        id.bodyHash,
        now,
      ) === 1,

    /** Forgets what is older; GitHub offers redelivery for three days. */
    forgetBefore: (time: number): number => database.run("delete from deliveries where received_at < ?", time),
  };
}
