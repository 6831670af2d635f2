import { casesOf } from "../../src/render/policy/policy.ts";
import type { Case } from "../../src/render/policy/policy-row.ts";
import { policyTable } from "../../src/render/policy/policy-table.ts";
import { composeKeys } from "./compose-keys.ts";

const sections: readonly { title: string; prefix: string }[] = [
  { title: "A build: `services.NAME.build`", prefix: "services.*.build." },
  { title: "A service: `services.NAME`", prefix: "services.*." },
  { title: "Networks: `networks.NAME`", prefix: "networks.*." },
  { title: "Volumes: `volumes.NAME`", prefix: "volumes.*." },
  { title: "The file itself", prefix: "" },
];

/** The policy's table as Markdown: each key of a Compose file, what becomes of it in a preview, and what to write instead. */
export function composeReference(): string {
  const rest = new Set(Object.keys(policyTable));
  const written = sections.map(({ title, prefix }) => {
    const paths = [...rest].filter((path) => path.startsWith(prefix)).toSorted();
    for (const path of paths) rest.delete(path);
    return { title, text: [heading(title), ...paths.flatMap((path) => linesOf(path, prefix))].join("\n") };
  });
  // A service comes first to a reader; its builds are told from it first.
  const order = [written[1], written[0], ...written.slice(2)];
  return order.map((section) => section?.text).join("\n\n");
}

function heading(title: string): string {
  return `### ${title}\n\n| key | in a preview | meaning | instead |\n| --- | --- | --- | --- |`;
}

function linesOf(path: string, prefix: string): string[] {
  const row = policyTable[path];
  if (!row) return [];
  const key = `\`${path.slice(prefix.length)}\`${isWhole(path) ? " and all in it" : ""}`;
  const honored = row.action === "honor" ? [`| ${key} | honored | ${cell(row.means)} | |`] : [];
  const cases = casesOf(row).map((each, index) => lineOf(honored.length + index === 0 ? key : "", each));
  return [...honored, ...cases];
}

function lineOf(key: string, { action, code, means, instead, when }: Case): string {
  const done = { refuse: "**refused**", rewrite: "rewritten", note: "honored and told" }[action];
  const condition = when === null ? "" : `: ${when.says}`;
  return `| ${key} | ${done}${cell(condition)} (\`${code}\`) | ${cell(means)} | ${cell(instead)} |`;
}

function isWhole(path: string): boolean {
  const isOpen = Object.keys(policyTable).some((row) => row.startsWith(`${path}.`));
  return !isOpen && composeKeys.some((key) => key.startsWith(`${path}.`));
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
