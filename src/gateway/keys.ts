import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * What a key is good for: `open` makes a cookie of it (the link on the pull request, a share), `pass` does so once and within a
 * minute (from host to host, from the dashboard), `cookie` is what a browser shows, `bypass` what a program sends.
 */
export type KeyKind = "open" | "pass" | "cookie" | "bypass";

/** What is written on a key. Keys of an epoch that is over open nothing, so that a preview's keys can all be taken back. */
export type Claim = {
  readonly epoch: number;
  /** Epoch milliseconds, rounded up to seconds; null for as long as the epoch lasts. */
  readonly until: number | null;
  /** Lower-case letters and digits. */
  readonly note: string;
};

/** `ended` was right once: its time or its epoch is over. */
export type Verdict =
  | { readonly kind: "valid"; readonly claim: Claim }
  | { readonly kind: "ended" }
  | { readonly kind: "forged" };

export type Keys = {
  /** `subject` is all that the key must not be carried over to: the preview, its host. */
  readonly sign: (kind: KeyKind, subject: readonly string[], claim: Claim) => string;
  readonly check: (
    key: string,
    kind: KeyKind,
    subject: readonly string[],
    now: { readonly epoch: number; readonly ms: number },
  ) => Verdict;
};

/**
 * Makes and checks keys: a few words and their HMAC-SHA256 under the server's secret, so that nothing has to be stored, and
 * none can be guessed from another. Compared in constant time.
 */
export function createKeys(secret: string): Keys {
  const signatureOf = (kind: KeyKind, subject: readonly string[], words: string): Buffer =>
    createHmac("sha256", secret)
      .update(JSON.stringify([kind, ...subject, words]))
      .digest()
      .subarray(0, 24);
  return {
    sign(kind, subject, claim) {
      const words = wordsOf(claim);
      return `${words}.${signatureOf(kind, subject, words).toString("base64url")}`;
    },
    check(key, kind, subject, now) {
      const [, words = "", epoch = "", until = "", note = "", signature = ""] = form.exec(key) ?? [];
      if (words === "") return { kind: "forged" };
      if (!timingSafeEqual(Buffer.from(signature, "base64url"), signatureOf(kind, subject, words)))
        return { kind: "forged" };
      const claim = { epoch: Number.parseInt(epoch, 36), until: untilOf(until), note };
      const isOver = claim.epoch !== now.epoch || (claim.until !== null && claim.until <= now.ms);
      return isOver ? { kind: "ended" } : { kind: "valid", claim };
    },
  };
}

/** Characters that need no quotes in a path, a cookie and a header; a signature is always 24 bytes. */
const form = /^(([0-9a-z]{1,10})-([0-9a-z]{1,10})-([0-9a-z]{0,40}))\.([A-Za-z0-9_-]{32})$/;

function wordsOf({ epoch, until, note }: Claim): string {
  const seconds = until === null ? 0 : Math.ceil(until / 1000);
  return `${epoch.toString(36)}-${seconds.toString(36)}-${note}`;
}

function untilOf(text: string): number | null {
  const seconds = Number.parseInt(text, 36);
  return seconds === 0 ? null : seconds * 1000;
}
