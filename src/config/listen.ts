import { InputError } from "../domain/errors.ts";
import { placeOf, type YamlNode } from "./yaml-node.ts";

/** Reads `HOST:PORT`; no host is every address. Throws InputError `invalid-value`. */
export function parseListen(text: string, node: YamlNode): { host: string; port: number } {
  const match = /^(\[[0-9a-fA-F:]+\]|[^:]*):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (!match || port > 65_535) {
    throw new InputError("invalid-value", `listen must be HOST:PORT, not "${text}"`, {
      place: placeOf(node, ["listen"]),
      hint: "Such as 127.0.0.1:8080, or 0.0.0.0:8080 for every address.",
    });
  }
  const host = (match[1] ?? "").replaceAll(/[[\]]/g, "");
  return { host: host === "" ? "0.0.0.0" : host, port };
}
