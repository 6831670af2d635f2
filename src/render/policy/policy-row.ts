import { excerpt } from "../../config/excerpt.ts";
import { formatPath, type Path, type YamlNode } from "../../config/yaml-node.ts";
import type { Allowance } from "../../domain/allowance.ts";
import type { Finding, Place } from "../../domain/errors.ts";
import type { OperatorRegistries } from "./operator-registries.ts";
import { note as noteFinding, refuse as refuseFinding, rewrite as rewriteFinding } from "../findings.ts";

/** What of the operator's the judgment depends on. */
export type Given = {
  /** Registries that the operator has an account for. */
  registries: OperatorRegistries;
  /** What the operator allows previews of this repository. */
  allow: readonly Allowance[];
};

/** A value under judgment: where its key stands, its path for messages, and the map or list that holds it. */
export type Subject = { key: Place; node: YamlNode; path: Path; parent: YamlNode; given: Given };

/** When a case applies: in words for the reference, and for the judge. */
export type When = {
  says: string;
  is(subject: Subject): boolean;
  /** What to point at: a key that may not be there, or a value that may not be so. */
  at: "key" | "value";
};

/** One thing that is done otherwise in a preview, refused, or honored and told. */
export type Case = {
  action: "rewrite" | "refuse" | "note";
  code: string;
  /** In a preview; follows the path in a message. */
  means: string;
  /** What to write instead; `SERVICE` stands for the service's name. */
  instead: string;
  when: When | null;
};

/** What may be written, what it means in a preview, and but for which cases. */
export type Honor = { action: "honor"; means: string; but: readonly Case[] };

/** What the policy says of one key. */
export type Row = Honor | Case;

/** By the key's path, such as `services.*.cap_add`; `*` is any name, or any item of a list. */
export type Rows = Readonly<Record<string, Row>>;

/** What an honored key means where nothing else is told. */
export const asWritten = "as with Compose";

/** What to do about a rewrite where nothing needs to be done. */
export const leaveIt = "Remove it, or leave it: it changes nothing here.";

/** What to do about a refusal where the service cannot do without. */
export const orDrop =
  "Remove it; if the service cannot run without it, leave the service out in .mayfly.yaml: `services: { SERVICE: drop }`.";

/** Honored, as Compose does it unless told otherwise, but for the cases named: the first that applies counts. */
export function honor(means = asWritten, ...but: readonly Case[]): Honor {
  return { action: "honor", means, but };
}

/** Done otherwise in a preview, and told. */
export function rewrite(code: string, means: string, instead: string, when: When | null = null): Case {
  return { action: "rewrite", code, means, instead, when };
}

/** Never in a preview. */
export function refuse(code: string, means: string, instead: string, when: When | null = null): Case {
  return { action: "refuse", code, means, instead, when };
}

/** Honored, and told. */
export function note(code: string, means: string, instead: string, when: When): Case {
  return { action: "note", code, means, instead, when };
}

/** Where the value is so. */
export function when(says: string, is: (subject: Subject) => boolean): When {
  return { says, is, at: "value" };
}

/** Where the key is so. */
export function whenKey(says: string, is: (name: string) => boolean): When {
  return { says, is: ({ path }) => is(String(path.at(-1))), at: "key" };
}

/** Where it is anything but these. */
export function unless(...values: readonly (string | number | boolean)[]): When {
  const says = `other than ${values.map((value) => `\`${value}\``).join(" or ")}`;
  return {
    says,
    is: ({ node }) => !isNothing(node) && !(node.kind === "scalar" && values.some((value) => value === node.value)),
    at: "key",
  };
}

/** Whether a case applies. Where it names no condition, anything but an empty value. */
export function applies({ when }: Case, subject: Subject): boolean {
  return when === null ? !isNothing(subject.node) : when.is(subject);
}

/** What a case says of a value, at its place. */
export function tell({ action, code, means, instead, when }: Case, subject: Subject): Finding {
  const { key, node, path } = subject;
  const service = path[0] === "services" && path.length > 1 ? String(path[1]) : "SERVICE";
  const shown = shownOf(node);
  const message = `${formatPath(path)}${shown === "" ? "" : ` (${excerpt(shown, 100)})`}: ${means}`;
  const at = when?.at === "value" ? node.place : key;
  const hint = instead.replaceAll("SERVICE", service);
  if (action === "refuse") return refuseFinding(at, code, message, hint);
  if (action === "note") return noteFinding(at, code, message, hint);
  const about = aboutOf(path, means);
  return { ...rewriteFinding(at, code, message, hint), ...(about && { about }) };
}

/** What is said of `services.web.ports[0]` is about `ports` of the service `web`. */
function aboutOf(path: Path, means: string): Finding["about"] {
  const [section, owner, ...inside] = path;
  const key = formatPath(inside.filter((part) => typeof part !== "number"));
  return key === "" ? undefined : { section: String(section), owner: String(owner), key, means };
}

/** A value that asks for nothing. */
function isNothing(node: YamlNode): boolean {
  if (node.kind === "scalar") return node.value === null || node.value === "";
  return node.kind === "list" ? node.items.length === 0 : node.entries.size === 0;
}

/** A short value as it is, or what of a map tells it apart. */
function shownOf(node: YamlNode): string {
  if (node.kind === "scalar") return String(node.value ?? "");
  if (node.kind === "list") return "";
  const [telling] = ["source", "path", "published"].flatMap((key) => node.entries.get(key) ?? []);
  return telling?.node.kind === "scalar" ? String(telling.node.value) : "";
}
