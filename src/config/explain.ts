import { z } from "zod";
import type { ErrorCode } from "../domain/catalogue.ts";
import { InputError } from "../domain/errors.ts";
import { nearest } from "../domain/verbs.ts";
import { excerpt } from "./excerpt.ts";
import { formatPath, keyPlaceOf, nodeAt, type Path, placeOf, toValue, type YamlNode } from "./yaml-node.ts";

/** A map with exactly these keys; another one is named, with the nearest of them. */
export function keys<Shape extends z.ZodRawShape>(shape: Shape) {
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code !== "unrecognized_keys") return undefined;
      return unknownKey(issue.keys[0] ?? "", Object.keys(shape));
    },
  });
}

/** `unknown key "prot". Did you mean "port"?` */
export function unknownKey(key: string, known: readonly string[]): string {
  const meant = nearest(key, known);
  return `unknown key "${excerpt(key)}"${meant === undefined ? "" : `. Did you mean "${meant}"?`}`;
}

/** A key of the documented surface that this version does not honor: `not-supported` when it is there. */
export const planned = z
  .custom<undefined>((value) => value === undefined, { params: { code: "not-supported" } })
  .optional();

/** A document in the form of its schema; `hint` says where its forms are told. Throws InputError at the place of the first thing wrong. */
export function conform<T>(schema: z.ZodType<T>, node: YamlNode, hint?: string): T {
  const result = schema.safeParse(toValue(node));
  if (result.success) return result.data;
  throw explain(result.error.issues, node, hint);
}

function explain(issues: readonly z.core.$ZodIssue[], node: YamlNode, hint?: string): InputError {
  // A misspelled key is often why another one is missing: it comes first.
  const issue = issues.find((each) => each.code === "unrecognized_keys") ?? issues[0];
  if (!issue) return new InputError("invalid-value", "the document has the wrong form", { place: node.place });
  const more = issues.length > 1 ? ` (and ${issues.length - 1} more)` : "";
  const { code, message, path, atKey } = describe(issue, node);
  const place = atKey ? keyPlaceOf(node, path) : placeOf(node, path);
  const where = code === "invalid-value" && hint !== undefined ? { hint } : {};
  return new InputError(code, `${excerpt(message, 240)}${more}`, { place, ...where });
}

function describe(
  issue: z.core.$ZodIssue,
  node: YamlNode,
): { code: ErrorCode; message: string; path: Path; atKey: boolean } {
  const at = formatPath(issue.path);
  if (issue.code === "unrecognized_keys") {
    const inside = at === "" ? "" : `${at}: `;
    return {
      code: "unknown-key",
      message: `${inside}${issue.message}`,
      path: [...issue.path, issue.keys[0] ?? ""],
      atKey: true,
    };
  }
  if (issue.code === "custom" && issue.params?.["code"] === "not-supported") {
    const said = typeof issue.params["value"] === "string" ? `${at}: ${issue.params["value"]}` : at;
    return {
      code: "not-supported",
      message: `${said} is known, but not honored by this version`,
      path: issue.path,
      atKey: true,
    };
  }
  if (issue.code === "invalid_key") {
    return {
      code: "invalid-value",
      message: `${at}: the key ${issue.issues[0]?.message ?? "is not valid"}`,
      path: issue.path,
      atKey: true,
    };
  }
  if (isMissing(node, issue.path)) {
    return { code: "invalid-value", message: `${at} is missing`, path: issue.path, atKey: false };
  }
  const said =
    issue.code === "invalid_type" && issue.message.startsWith("Invalid input")
      ? `must be ${expected[issue.expected] ?? issue.expected}`
      : issue.message;
  return {
    code: "invalid-value",
    message: at === "" ? `the document ${said}` : `${at} ${said}`,
    path: issue.path,
    atKey: false,
  };
}

function isMissing(node: YamlNode, path: Path): boolean {
  return nodeAt(node, path.slice(0, -1))?.kind === "map" && nodeAt(node, path) === undefined;
}

const expected: Record<string, string> = {
  string: "a text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "a map",
  record: "a map",
  array: "a list",
};
