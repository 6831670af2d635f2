import { listNode, mapNode, scalarNode, toValue, type YamlNode } from "../../config/yaml-node.ts";
import { invalid } from "../findings.ts";
import { asMap, fields, type Form, listOf, orWritten } from "./form.ts";
import { distinctTexts, labels, scalarText, text, textOf } from "./value-forms.ts";

/** A service's `devices`, `SOURCE[:TARGET[:PERMISSIONS]]` or a map. */
export const devices: Form = listOf(
  orWritten(
    fields({ source: text, target: text, permissions: text }, { required: ["source", "target"] }),
    (node: YamlNode, at) => {
      if (node.kind === "map") return node;
      const [source = "", target, permissions = "rwm", ...rest] = textOf(node, at).split(":");
      if (rest.length > 0) throw invalid(node, `${at} must be SOURCE:TARGET:PERMISSIONS`);
      const entries = { source, target: target === undefined || target === "" ? source : target, permissions };
      return mapNode(
        node.place,
        Object.entries(entries).map(([key, value]) => [key, scalarNode(node.place, value)]),
      );
    },
  ),
);

/** `all` is -1, as Compose prints it. */
const deviceCount: Form = {
  read(node, at) {
    const said = scalarText(node, at);
    if (said.toLowerCase() === "all") return scalarNode(node.place, -1);
    if (!/^[-+]?\d{1,15}$/.test(said)) throw invalid(node, `${at} must be a number, or all`);
    return scalarNode(node.place, Number(said));
  },
  print: (node) => toValue(node) || undefined,
};

/** Devices that are asked for by what they can do: all of them where no number is said. */
function requests(required: readonly string[]): Form {
  const request = fields(
    { capabilities: distinctTexts, count: deviceCount, device_ids: distinctTexts, driver: text, options: labels },
    { required },
  );
  return listOf({
    ...request,
    settle(node, at) {
      const { place, entries } = asMap(request.settle?.(node, at) ?? node, at);
      if (entries.has("count") && entries.has("device_ids")) {
        throw invalid(node, `${at}: count and device_ids exclude each other`);
      }
      if (entries.has("count") || entries.has("device_ids")) return { place, kind: "map", entries };
      const all = { key: place, node: scalarNode(place, -1) };
      return { place, kind: "map", entries: new Map(entries).set("count", all) };
    },
  });
}

/** `deploy.resources.reservations.devices`. */
export const reservedDevices: Form = requests(["capabilities"]);

/** `gpus: all`, or a list of requests. */
export const gpus: Form = orWritten(requests([]), (node, at) => {
  if (node.kind !== "scalar") return node;
  if (textOf(node, at) !== "all") throw invalid(node, `${at} must be all, or a list`);
  return listNode(node.place, [mapNode(node.place, [["count", scalarNode(node.place, -1)]])]);
});
