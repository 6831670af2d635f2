import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { allowances, allowancesOf } from "../../src/domain/allowance.ts";
import { preview, render } from "./fixtures.ts";

const files = (capability: string) => ({
  "compose.yaml": `services:\n  web:\n    image: node:24\n    ports: [3000]\n    cap_add: [ ${capability} ]\n`,
});

function told(capability: string, change: Partial<typeof preview>) {
  const { findings, stack } = render(files(capability), { preview: { ...preview, ...change } });
  return { findings: findings.map(({ action, code, line, column }) => [action, code, `${line}:${column}`]), stack };
}

test("a capability is refused until the operator allows it, and then told", () => {
  expect(told("SYS_PTRACE", {})).toEqual({ findings: [["refuse", "cap-add", "5:16"]], stack: null });
  const allowed = told("cap_sys_ptrace", { allow: ["cap_add:SYS_PTRACE"] });
  expect(allowed.findings).toEqual([["note", "widened", "5:16"]]);
  expect(allowed.stack?.services[0]?.capAdd).toEqual(["SYS_PTRACE"]);
  expect(allowancesOf(allowed.stack)).toEqual(["cap_add:SYS_PTRACE"]);
});

test("one allowance opens nothing else", () => {
  expect(told("NET_ADMIN", { allow: ["cap_add:SYS_PTRACE"] }).stack).toBeNull();
  for (const never of ["SYS_ADMIN", "ALL", "SYS_MODULE", "DAC_READ_SEARCH"])
    expect(told(never, { allow: ["cap_add:SYS_PTRACE", "cap_add:NET_ADMIN"] }).stack).toBeNull();
});

test("what is allowed is closed to a fork", () => {
  expect(told("SYS_PTRACE", { allow: ["cap_add:SYS_PTRACE"], trust: "fork" }).stack).toBeNull();
});

test("no key of the manifest allows anything", () => {
  const manifest = "services: { web: { cap_add: [ SYS_PTRACE ] } }\n";
  expect(render({ ...files("CHOWN"), ".mayfly.yaml": manifest }).stack).toBeNull();
  expect(() => render({ ...files("CHOWN"), ".mayfly.yaml": 'allow: ["cap_add:SYS_PTRACE"]\n' })).toThrow("unknown key");
});

test("docs/security.md tells each, and what it opens", () => {
  const page = readFileSync(new URL("../../docs/security.md", import.meta.url), "utf8");
  for (const [name, opens] of Object.entries(allowances)) expect(page).toContain(`| \`${name}\` | ${opens} |`);
});
