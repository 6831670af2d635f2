import { createPrivateKey } from "node:crypto";
import { InputError, type Place } from "../domain/errors.ts";

/** The key as GitHub gives it (PEM, RSA), or as an environment variable may hold it, with `\n` for its line ends. Throws InputError. */
export function readPrivateKey(text: string, place: Place): string {
  const pem = text.includes("\n") ? text : text.replaceAll(String.raw`\n`, "\n");
  try {
    if (createPrivateKey(pem).asymmetricKeyType === "rsa") return pem;
  } catch (error) {
    throw refuse(place, error);
  }
  throw refuse(place);
}

function refuse(place: Place, cause?: unknown): InputError {
  const hint = "Give the whole .pem file that GitHub made for the App, BEGIN and END lines included.";
  return new InputError("invalid-value", "github.app.private_key is no RSA private key", { place, hint, cause });
}
