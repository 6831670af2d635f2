import { createHash, timingSafeEqual } from "node:crypto";
import type { Asker, AuditNote } from "../domain/audit.ts";
import { InputError } from "../domain/errors.ts";
import { firstTokenName, type Scope, type Token, tokenName } from "../domain/token.ts";
import type { ApiWorld } from "./world.ts";

/** A token as people see it: never its text, nor its hash. */
export type TokenView = Omit<Token, "sha256">;

export type Tokens = ReturnType<typeof createTokens>;

/** All tokens there are: the first, the server file's, and those made at runtime. */
export function createTokens({ tokens, randomId }: Pick<ApiWorld, "tokens" | "randomId">) {
  const all = (): Token[] => [...tokens.given, ...tokens.made()];
  return {
    /** Whose text this is, or null. Every hash is compared, in constant time: the answer tells nothing by when it comes. */
    of(text: string): Token | null {
      if (text === "") return null;
      const presented = Buffer.from(sha256(text), "hex");
      let found: Token | null = null;
      for (const token of all()) if (timingSafeEqual(presented, Buffer.from(token.sha256, "hex"))) found = token;
      return found;
    },

    bySha256: (hash: string): Token | null => all().find((token) => token.sha256 === hash) ?? null,

    list: (): TokenView[] => all().map(({ sha256: _hash, ...seen }) => seen),

    /** Makes one; its text is in this answer and nowhere else. Throws InputError `invalid-value`. */
    create(
      name: string,
      scopes: readonly Scope[],
      asker: Asker,
    ): { name: string; scopes: readonly Scope[]; token: string } {
      if (!tokenName.pattern.test(name)) throw new InputError("invalid-value", `a token's name ${tokenName.words}`);
      const token = `mayfly_${randomId(40)}`;
      const isTaken = name === firstTokenName || tokens.given.some((each) => each.name === name);
      if (
        isTaken ||
        !tokens.add(
          { name, scopes, sha256: sha256(token) },
          told("token-create", asker, `${name}: ${scopes.join(", ")}`),
        )
      ) {
        const hint = `Choose another name, or revoke that one first: \`mayfly token rm ${name}\`.`;
        throw new InputError("invalid-value", `there is a token ${name} already`, { hint });
      }
      return { name, scopes, token };
    },

    /** Revokes one that was made at runtime, and every session it opened. Throws InputError. */
    remove(name: string, asker: Asker): void {
      if (tokens.remove(name, told("token-remove", asker, name))) return;
      const given = tokens.given.find((each) => each.name === name);
      if (given === undefined) {
        const hint = "`mayfly token ls` shows the tokens there are.";
        throw new InputError("not-found", `there is no token ${name}`, { hint });
      }
      const hint =
        given.from === "first"
          ? "Give the server another MAYFLY_API_TOKEN, or remove `api-token` from its state folder, and start it again."
          : "Take it out of `tokens:` in the server file, and start the server again.";
      throw new InputError("invalid-value", `the token ${name} was not made at runtime`, { hint });
    },
  };
}

function told(action: string, asker: Asker, detail: string): AuditNote {
  return { ...asker, action, preview: null, outcome: "done", detail };
}

/** In hex. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
