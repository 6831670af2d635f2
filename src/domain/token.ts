/** What a token may do: look, change previews, or everything. `deploy` does not include looking; `admin` includes all. */
export const scopes = ["read", "deploy", "admin"] as const;
export type Scope = (typeof scopes)[number];

/** A program's (or the operator's) key to the API, known by its hash alone. */
export type Token = {
  name: string;
  /** Of the token's text, in hex. */
  sha256: string;
  scopes: readonly Scope[];
  /** The first one comes from the environment or the state folder; only those made at runtime can be revoked there. */
  from: "first" | "server file" | "runtime";
  createdAt: number | null;
};

/** The first token's name: it is an admin's, and stays as long as the state folder does. */
export const firstTokenName = "first";

/** What a name looks like: it stands in URLs, lists and the audit. */
export const tokenName = {
  pattern: /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/,
  words: "must be 1 to 63 letters, digits, . _ or -",
};

/** Whether these scopes are enough. */
export function allows(held: readonly Scope[], needed: Scope): boolean {
  return held.includes(needed) || held.includes("admin");
}
