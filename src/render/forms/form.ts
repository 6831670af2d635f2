import { listNode, mapNode, toValue, type YamlMap, type YamlNode } from "../../config/yaml-node.ts";
import { type Findings, invalid } from "../findings.ts";

/** How one kind of value is read from a file, completed once all files are merged, and printed. */
export type Form = {
  /** One way of writing the value as its canonical one. `at` is its path, for messages. Throws InputError at the value. */
  read(node: YamlNode, at: string, findings: Findings): YamlNode;
  /** What Compose adds or refuses only after merging: defaults, keys that exclude each other. */
  settle?(node: YamlNode, at: string): YamlNode;
  /** As `docker compose config --format json` prints it; undefined where it leaves the value out. */
  print?(node: YamlNode): unknown;
  /** True where nothing is a value, too. */
  isNullable?: true;
};

export type Forms = Readonly<Record<string, Form>>;

type Shape = {
  required?: readonly string[];
  /** Keys that Compose prints also where nobody wrote them, with what it prints then. */
  always?: Readonly<Record<string, unknown>>;
};

/**
 * A map whose known keys have these forms. Keys without a value pass until all files are merged: an overlay may name a
 * key and say nothing. Unknown ones pass for the policy to judge; `x-` ones are not printed, as Compose does not.
 */
export function fields(forms: Forms, shape: Shape = {}): Form {
  const formOf = (key: string) => (Object.hasOwn(forms, key) ? forms[key] : undefined);
  return {
    read(node, at, findings) {
      const map = asMap(node, at);
      return changeEntries(map, (own, key) => {
        const form = formOf(key);
        return form && (!isNull(own) || form.isNullable) ? form.read(own, join(at, key), findings) : own;
      });
    },
    settle(node, at) {
      const map = asMap(node, at);
      for (const key of shape.required ?? []) {
        if (!map.entries.has(key)) throw invalid(node, `${join(at, key)} is missing`);
      }
      const said = [...map.entries].filter(([key, entry]) => !(formOf(key)?.isNullable && isNull(entry.node)));
      return changeEntries({ ...map, entries: new Map(said) }, (own, key) => {
        const form = formOf(key);
        if (form && isNull(own)) throw invalid(own, `${join(at, key)} has no value`);
        return form?.settle ? form.settle(own, join(at, key)) : own;
      });
    },
    print(node) {
      const printed: Record<string, unknown> = { ...shape.always };
      if (node.kind !== "map") return printed;
      for (const [key, entry] of node.entries) {
        const value = printWith(formOf(key), entry.node);
        if (value !== undefined && !key.startsWith("x-")) printed[key] = value;
      }
      return printed;
    },
  };
}

/** A form whose value may be nothing, which is as good as unsaid once all files are merged. */
export function nullable(form: Form): Form {
  return {
    ...form,
    isNullable: true,
    read: (node, at, findings) => (isNull(node) ? node : form.read(node, at, findings)),
  };
}

/**
 * A map of one form by the user's own names. One without a value is `kept` so, `made` an empty map, or `refused` once
 * all files are merged.
 */
export function named(form: Form, nothing: "kept" | "made" | "refused"): Form {
  return {
    read: (node, at, findings) =>
      changeEntries(asMap(node, at), (own, key) => {
        if (!isNull(own)) return form.read(own, join(at, key), findings);
        return nothing === "made" ? form.read(mapNode(own.place, []), join(at, key), findings) : own;
      }),
    settle: (node, at) =>
      changeEntries(asMap(node, at), (own, key) => {
        if (isNull(own) && nothing === "refused") throw invalid(own, `${join(at, key)} has no value`);
        return form.settle && !isNull(own) ? form.settle(own, join(at, key)) : own;
      }),
    print: (node) => {
      if (node.kind !== "map" || node.entries.size === 0) return undefined;
      return Object.fromEntries(
        [...node.entries].map(([key, entry]) => [key, isNull(entry.node) ? null : printWith(form, entry.node)]),
      );
    },
  };
}

/** A list of one form. */
export function listOf(form: Form): Form {
  const items = (node: YamlNode, at: string, change: (item: YamlNode, at: string) => YamlNode) => {
    if (node.kind !== "list") throw invalid(node, `${at} must be a list`);
    return listNode(
      node.place,
      node.items.map((item, index) => change(item, `${at}[${index}]`)),
    );
  };
  return {
    read: (node, at, findings) => items(node, at, (item, itemAt) => form.read(item, itemAt, findings)),
    settle: (node, at) => items(node, at, (item, itemAt) => form.settle?.(item, itemAt) ?? item),
    print: (node) =>
      node.kind === "list" && node.items.length > 0 ? node.items.map((item) => printWith(form, item)) : undefined,
  };
}

/** `form`, where a value may also be written another way: `rewrite` makes it what `form` reads. */
export function orWritten(form: Form, rewrite: (node: YamlNode, at: string) => YamlNode): Form {
  return { ...form, read: (node, at, findings) => form.read(rewrite(node, at), at, findings) };
}

/** What `form` prints; without one the value as it is. */
export function printWith(form: Form | undefined, node: YamlNode): unknown {
  return form?.print ? form.print(node) : toValue(node);
}

export function isNull(node: YamlNode): boolean {
  return node.kind === "scalar" && node.value === null;
}

/** The node as a map. Throws InputError `invalid-value`. */
export function asMap(node: YamlNode, at: string): YamlMap {
  if (node.kind === "map") return node;
  throw invalid(node, `${at === "" ? "a Compose file" : at} must be a map`);
}

/** The same map with other values. */
export function changeEntries(map: YamlMap, change: (own: YamlNode, key: string) => YamlNode): YamlMap {
  return mapNode(
    map.place,
    [...map.entries].map(([key, entry]) => [key, change(entry.node, key), entry.key]),
  );
}

function join(at: string, key: string): string {
  return at === "" ? key : `${at}.${key}`;
}
