import { describe, expect, test } from "vitest";
import { InputError } from "../../src/domain/errors.ts";
import { policeDockerfile } from "../../src/render/policy/policy-dockerfile.ts";
import { type Files, render } from "./fixtures.ts";

/** Each of these took from half a second to minutes of the one event loop; the guard is the time limit below. */
const limitMs = 4000;

const mebibyte = 1024 * 1024;
const list = (length: number, item: (index: number) => string) => Array.from({ length }, (_, index) => item(index));
const service = (line: string, rest = ""): Files => ({
  "compose.yaml": `services: { web: { image: n, ports: ["80:80"], ${line} } }\n${rest}`,
});
const extra = (text: string): Files => service("tty: true", text);
/** As many quoted scalars just under the cap as fit. */
const scalars = (inner: string) =>
  extra(`x-a:\n${list(15, () => ` - "${inner.repeat(65_000 / inner.length)}"\n`).join("")}`);

describe("a stack is read or refused in a moment:", () => {
  test.each<[string, Files, "read" | "refused"]>([
    ["brackets", { "compose.yaml": "[".repeat(90_000) }, "refused"],
    ["closing braces", { "compose.yaml": "}".repeat(90_000) }, "refused"],
    ["bad escapes", extra(`a: "${"\\z".repeat(500_000)}"`), "refused"],
    ["bad escapes in many values", scalars("\\z"), "refused"],
    ["good escapes in many values", scalars("\\x41"), "read"],
    ["lines in many values", scalars("x\n  "), "read"],
    ["a number", service(`cpus: "${"1".repeat(60_000)}x"`), "refused"],
    ["many numbers", service(`labels: { ${list(500, (i) => `l${i}: "${"1".repeat(2000)}x"`).join(", ")} }`), "read"],
    [
      "slashes of mounts",
      service(`volumes: [${list(15, (i) => `"a:/${i}${"/".repeat(60_000)}x"`).join(", ")}]`, "volumes: { a: {} }"),
      "read",
    ],
    [
      "options of a tmpfs",
      service(`tmpfs: [${list(15, (i) => `"/a${i}:${"x,".repeat(32_000)}"`).join(", ")}]`),
      "refused",
    ],
    ["binds of one folder", service(`volumes: [${list(20_000, (i) => `"./a:/${i}:ro"`).join(", ")}]`), "refused"],
    [
      "a bind's long way",
      service(`volumes: [${list(15, (i) => `"./${"a/".repeat(32_000)}:/${i}"`).join(", ")}]`),
      "refused",
    ],
    [
      "a bind's long round",
      service(`volumes: [${list(15, (i) => `"./${"a/../".repeat(12_000)}:/${i}"`).join(", ")}]`),
      "read",
    ],
    [
      "further contexts of a build",
      {
        "compose.yaml": `services: { web: { build: { context: a, additional_contexts: { ${list(3000, (i) => `c${i}: a`).join(", ")} } }, ports: [80] } }`,
        "a/Dockerfile": "FROM n\n",
      },
      "refused",
    ],
    ["variables", scalars("$a"), "refused"],
    ["variables in braces", scalars("${a}"), "refused"],
    ["open variables", scalars("${"), "refused"],
    ["nested defaults", scalars(`\${a:-`.repeat(30) + "x" + "}".repeat(30)), "refused"],
    [
      "a long text that an alias repeats and a variable leaves out",
      extra(`x-a: &a "\${A:+${"y".repeat(60_000)}}"\nx-b: [${"*a,".repeat(6000)}]`),
      "refused",
    ],
    ["ranges of ports", service(`x-p: [${list(5000, (i) => `"${i + 1000}-${i + 1099}:1-100"`).join(",")}]`), "read"],
    [
      "published ranges",
      {
        "compose.yaml": `services: { web: { image: n, ports: [${list(5000, (i) => `"${i + 1000}-${i + 1099}:1-100"`).join(",")}] } }`,
      },
      "refused",
    ],
    ["exposed ranges", service(`expose: [${list(9000, (i) => `"1-${i + 100}"`).join(",")}]`), "refused"],
    [
      "ports by aliases",
      {
        "compose.yaml": `x: &x ["1000-1099:1000-1099"]\nservices: { ${list(150, (i) => `s${i}: { image: n, ports: *x }`).join(", ")} }`,
      },
      "refused",
    ],
    ["a long key", service(`${"k".repeat(60_000)}: 1`), "refused"],
    ["many long keys", service(list(4000, (i) => `${"imag".repeat(40)}${i}: 1`).join(", ")), "refused"],
    ["a long template", { ".mayfly.yaml": `template: ${"k".repeat(60_000)}` }, "refused"],
    [
      "many services",
      { "compose.yaml": `services: { ${list(2000, (i) => `s${i}: { image: n }`).join(", ")} }` },
      "refused",
    ],
    [
      "dense dependencies",
      {
        "compose.yaml": `services:\n${list(100, (i) => `  s${i}: { image: n, depends_on: [${list(i, (j) => `s${j}`).join(", ")}] }`).join("\n")}`,
      },
      "refused",
    ],
    [
      "many Compose files",
      {
        ".mayfly.yaml": `compose: [${list(3, (i) => `c${i}`).join(", ")}]`,
        ...Object.fromEntries(
          list(3, (i) => `c${i}`).map((name) => [name, `x-a: b\n${`#${"x".repeat(60_000)}\n`.repeat(8)}`]),
        ),
      },
      "refused",
    ],
    [
      "one big Dockerfile for many services",
      {
        "compose.yaml": `services: { ${list(100, (i) => `s${i}: { build: . }`).join(", ")} }`,
        Dockerfile: `FROM node\n${"RUN a \\\n".repeat(10_000)}`,
      },
      "refused",
    ],
  ])("%s", { timeout: limitMs }, (_what, files, verdict) => {
    expect(verdictOf(files)).toBe(verdict);
  });
});

describe("a Dockerfile is judged in a moment:", () => {
  test.each([
    ["heredocs", `FROM mayfly.local/a\nRUN ${"<<a".repeat(20_000)}`],
    ["bare heredocs", `FROM mayfly.local/a\nRUN ${"<<".repeat(20_000)}`],
    ["quoted heredocs", `FROM node\nRUN ${'<<"'.repeat(20_000)}`],
    ["doubled arguments", `ARG A0=aaaaaaaaaa\n${list(30, (i) => `ARG A${i + 1}=$A${i}$A${i}`).join("\n")}\nFROM $A30`],
    ["long arguments in many images", `ARG A=${"a".repeat(1000)}\n${`FROM ${"$A".repeat(100)}\n`.repeat(4500)}`],
    ["sources of a mount", `FROM node\nRUN --mount=${"from=a,".repeat(140_000)} a`],
    ["sources of a copy", `FROM node\nCOPY ${"--from=a ".repeat(110_000)} a b`],
  ])("%s", { timeout: limitMs }, (_what, text) => {
    expect(policeDockerfile(text.slice(0, mebibyte), {}, (line) => ({ file: "D", line, column: 1 }))).not.toEqual([]);
  });
});

test("no more than a hundred findings of a kind are told, each shortly, and none hides what is refused", () => {
  const many = list(300, (i) => `${"k".repeat(190)}${i}: { privileged: true }`).join(", ");
  const text = `services: { web: { image: n, ports: [80], environment: { ${list(150, (i) => `A${i}: $B${i}`).join(", ")} }, ${many} } }`;
  const { findings, stack } = render({ "compose.yaml": text });
  expect(stack).toBeNull();
  const refused = findings.filter(({ action }) => action === "refuse");
  expect([findings.length, refused.length]).toEqual([202, 101]);
  expect(refused[0]).toMatchObject({ code: "unknown-key" });
  const left = findings.filter(({ code }) => code === "more-findings").map(({ action, message }) => [action, message]);
  expect(left).toEqual([
    ["note", "50 more findings are left out"],
    ["refuse", "200 more findings are left out"],
  ]);
  const long = render({ "compose.yaml": `services: { web: { image: "${"x y ".repeat(10_000)}", ports: [80] } }` });
  expect(long.findings).not.toEqual([]);
  expect(long.findings.every((finding) => finding.message.length < 300)).toBe(true);
});

function verdictOf(files: Files): "read" | "refused" {
  try {
    return render(files).stack === null ? "refused" : "read";
  } catch (error) {
    if (error instanceof InputError) return "refused";
    throw error;
  }
}
