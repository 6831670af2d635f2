import { describe, expect, test } from "vitest";
import { exposedPort } from "../../src/render/policy/dockerfile.ts";
import { policeDockerfile } from "../../src/render/policy/policy-dockerfile.ts";
import { renderCompose } from "./fixtures.ts";

function judge(text: string, args: Record<string, string> = {}) {
  const findings = policeDockerfile(text, args, (line) => ({ file: "Dockerfile", line, column: 1 }));
  return findings.map((finding) => `${finding.line} ${finding.action} ${finding.code}`);
}

describe("a Dockerfile is refused for", () => {
  test.each([
    ["# syntax=evil/frontend\nFROM node", {}, "1 refuse dockerfile-syntax"],
    ["#syntax = docker.io/evil:1\nFROM node", {}, "1 refuse dockerfile-syntax"],
    ["# escape=`\n# SYNTAX=evil\nFROM node", {}, "2 refuse dockerfile-syntax"],
    ["// syntax=evil\nFROM node", {}, "1 refuse dockerfile-syntax"],
    ["#!/bin/x\n# syntax=evil\nFROM node", {}, "2 refuse dockerfile-syntax"],
    ["\uFEFF# syntax=evil\nFROM node", {}, "1 refuse dockerfile-syntax"],
    ['{"syntax": "evil"}', {}, "1 refuse dockerfile-syntax"],
    ["# syntax=docker/dockerfile:1@sha256:0\nFROM node", {}, "1 refuse dockerfile-syntax"],
    ["FROM mayfly.local/7/team:abc", {}, "1 refuse own-image"],
    ["from MAYFLY.LOCAL/7/team:abc as x", {}, "1 refuse own-image"],
    ["FROM --platform=linux/amd64 mayfly.local/7/team:abc", {}, "1 refuse own-image"],
    ["FROM \\\n  mayfly.local/7/team:abc", {}, "1 refuse own-image"],
    ["# escape=`\nFROM `\n  mayfly.local/7/team:abc", {}, "2 refuse own-image"],
    ["ARG A=mayfly\nARG B=.local/7\nFROM ${A}$B/team", {}, "3 refuse own-image"],
    ["ARG IMAGE=node\nFROM $IMAGE", { IMAGE: "mayfly.local/7/team:abc" }, "2 refuse own-image"],
    ["FROM ${X:-mayfly.local/7}", {}, "1 refuse own-image"],
    ["FROM $NEVER", {}, "1 refuse dockerfile-source"],
    ["ARG A=x\nFROM ${A/x/mayfly.local}", {}, "2 refuse dockerfile-source"],
    ["FROM node\nCOPY --from=mayfly.local/7/team:abc / /", {}, "2 refuse own-image"],
    ["FROM node\nONBUILD COPY --from=mayfly.local/7/team:abc / /", {}, "2 refuse own-image"],
    ["FROM node\nCOPY --chown=1 --from=$X / /", {}, "2 refuse dockerfile-source"],
    ["FROM node\nRUN --mount=type=bind,from=mayfly.local/7/team:a,target=/x ls", {}, "2 refuse own-image"],
    [
      "FROM node\nRUN --mount=type=cache,target=/a \\\n  --mount=target=/x,from=mayfly.local/a ls",
      {},
      "2 refuse own-image",
    ],
    ['FROM node\nRUN --mount="type=bind, from=mayfly.local/a" ls', {}, "2 refuse dockerfile-quoting"],
    ["FROM node\nRUN --security=insecure id", {}, "2 refuse build-entitlements"],
    ["FROM node\nRUN --network=host id", {}, "2 refuse build-network"],
    ["FROM node\nRUN --device=nvidia id", {}, "2 refuse devices"],
    ["FROM node\nRUN <<'E\\'\nE\\\nFROM mayfly.local/a", {}, "2 refuse dockerfile-quoting"],
    ["FROM node\nRUN <<E\nx\nE\nFROM mayfly.local/a", {}, "5 refuse own-image"],
    ["FROM node\nRUN <<E\nx \\\n# y \\\nE\nFROM mayfly.local/a", {}, "6 refuse own-image"],
    ["FROM node\nRUN <<#E\nx \\\n#E\nFROM mayfly.local/a", {}, "2 refuse dockerfile-quoting"],
    ["FROM node\nRUN echo 'a <<E b'\nFROM mayfly.local/a\nE", {}, "2 refuse dockerfile-quoting"],
    ["FROM node\nRUN <<E\nx", {}, "2 refuse dockerfile-quoting"],
    ["# syntax=docker/dockerfile:1.2\nFROM node\nRUN <<E\nE\nFROM mayfly.local/a", {}, "5 refuse own-image"],
    ["# syntax=docker/dockerfile:1@sha256:" + "0".repeat(64) + "\nFROM node", {}, "1 refuse dockerfile-syntax"],
    ["# syntax=docker/dockerfile:1.7-labs\nFROM node", {}, "1 refuse dockerfile-syntax"],
    ["# syntax=127.0.0.1:5000/docker/dockerfile:1\nFROM node", {}, "1 refuse dockerfile-syntax"],
    ["FROM node\nRUN echo one \\\\\nCOPY --from=mayfly.local/a / /", {}, "3 refuse own-image"],
    ["FROM node\nRUN echo one \\\\\nCOPY a b", {}, "2 refuse dockerfile-quoting"],
    ["FROM node\n# escape=`\nLABEL a=b`\nCOPY --from=mayfly.local/a / /", {}, "4 refuse own-image"],
    ["FROM node\n# escape=`\nRUN ls", {}, "2 refuse dockerfile-escape"],
    ["# ESCAPE = `\nFROM node\nLABEL a=b\\\nCOPY --from=mayfly.local/a / /", {}, "4 refuse own-image"],
    ["FROM node\nLABEL a=b\\\u00A0\nCOPY --from=mayfly.local/a / /", {}, "2 refuse dockerfile-quoting"],
    ["FROM node\rCOPY --from=mayfly.local/a / /", {}, "1 refuse dockerfile-quoting"],
    ["FROM node\nCOPY --chown=1\u0085--from=mayfly.local/a / /", {}, "2 refuse dockerfile-quoting"],
    ["\\\n  FROM mayfly.local/a", {}, "1 refuse own-image"],
    ["FROM docker.io/mayfly.local/7/team:abc", {}, "1 refuse own-image"],
    ["FROM may${TARGETVARIANT}fly.local/7", {}, "1 refuse dockerfile-source"],
    ["FROM $TARGETOS", { TARGETOS: "mayfly.local/7" }, "1 refuse own-image"],
    ["ARG E=\nFROM may${E-zzz}fly.local/7", {}, "2 refuse own-image"],
    ['ARG X="a Y=node b"\nFROM may${Y-fly.local/7}', {}, "2 refuse own-image"],
    ['ARG X="a Y=node b" Z=1\nFROM may${Y-fly.local/7}', {}, "2 refuse dockerfile-source"],
    ["ARG X=a\nARG X=b\nFROM $X", {}, "3 refuse dockerfile-source"],
    ["FROM f7b0570e38a2", {}, "1 refuse image-id"],
    ["FROM sha256:" + "0".repeat(64), {}, "1 refuse image-id"],
    ["FROM node\nCOPY --from=f7b0570e38a2 / /", {}, "2 refuse image-id"],
    ["FROM node\nCOPY --from=1 / /", {}, "2 refuse image-id"],
    ["FROM node\nRUN --mount=from=0,target=/x ls", {}, "2 refuse image-id"],
    ["FROM node%2e", {}, "1 refuse image-name"],
    ["FROM 127.0.0.1:5000/x", {}, "1 refuse private-registry"],
    ["FROM node\nCOPY --from=10.0.0.7/x / /", {}, "2 refuse private-registry"],
    ["FROM node\nRUN --mount=from=cache:5000/x,target=/x ls", {}, "2 refuse private-registry"],
    ["FROM node\nADD http://172.17.0.1:3000/ /x", {}, "2 refuse add-source"],
    ['FROM node\nADD --chown=1 ["HTTPS://example.com/a", "/x"]', {}, "2 refuse add-source"],
    ["FROM node\nADD ftp://example.com/a a b /x", {}, "2 refuse add-source"],
    ["FROM node\nADD git@10.0.0.1:a/b /x", {}, "2 refuse add-source"],
    ["FROM node\nADD github.com/a/b /x", {}, "2 refuse add-source"],
    ["FROM node\nADD a.git#main /x", {}, "2 refuse add-source"],
    ["FROM node\nONBUILD ADD $URL /x", {}, "2 refuse add-source"],
    ["FROM node\nADD ht\\tp://x /x", {}, "2 refuse add-source"],
  ])("%j", (text, args, finding) => {
    expect(judge(text, args)).toContain(finding);
  });
});

test.each([
  "# syntax=docker/dockerfile:1\nFROM node:24 AS build\nRUN --mount=type=cache,target=/root/.npm npm ci\nFROM scratch\nCOPY --from=build /a /b\n",
  "# syntax=docker/dockerfile:1.7\nFROM node",
  "# syntax=docker/dockerfile:1.2\nFROM node\nRUN --mount=type=cache,target=/root/.npm npm ci",
  "# syntax=docker/dockerfile:1.3\nFROM node\nRUN --mount=type=secret,id=npm npm ci",
  "# syntax=docker/dockerfile:1.2\nFROM node\nRUN <<E\nFROM mayfly.local/a\nE",
  "# check=skip=all\n# escape=`\nFROM node\nCOPY a b\\\n",
  "FROM node AS deb\nFROM scratch\nCOPY --from=deb /a /b\nCOPY --from=0 /a /b\nCOPY --from=nginx:alpine /a /b",
  "FROM node\nRUN <<-A cat && <<'B' cat\n\tFROM mayfly.local/a \\\n\tA\n# x\nB\nRUN ls",
  'FROM node\nRUN cat <<< $X && echo $((1<<2)) "a << b"',
  "FROM ghcr.io/acme/base:1@sha256:" + "0".repeat(64) + '\r\nADD . /app\r\nADD ["a b.tar.gz", "/x"]\r\nADD .git $HOME/',
  "FROM node:24-$TARGETARCH\nRUN a \\ \t\n\n  && b",
  'ARG V="24"\nARG FLAGS="-O2 -g"\nFROM "node:$V"',
  "#syntax=docker/dockerfile\nFROM node",
  "ARG VERSION=24\nARG BASE=node:${VERSION}\nFROM --platform=$BUILDPLATFORM $BASE\nARG OTHER\nRUN echo $OTHER \\\n  # a comment\n  && ls",
  "FROM node\nRUN --network=none --security=sandbox ls",
  "FROM node\nRUN <<EOF\nset -e\nnpm ci\nEOF",
  "FROM node\nRUN curl https://x | sh && echo '# syntax matters'",
])("an ordinary Dockerfile passes: %j", (text) => {
  expect(judge(text)).toEqual([]);
});

test("findings in Dockerfiles and inline ones have a place", () => {
  const output = renderCompose(
    "services:\n  web: { build: app, ports: [3000] }\n  api:\n    build:\n      dockerfile_inline: |\n        FROM mayfly.local/7\n",
    { "app/Dockerfile": "FROM node\nRUN --network=host id\n" },
  );
  expect(output.findings.map((finding) => `${finding.file}:${finding.line}:${finding.column} ${finding.code}`)).toEqual(
    ["app/Dockerfile:2:1 build-network", "compose.yaml:5:26 own-image"],
  );
});

test.each([
  ["FROM a\nEXPOSE 8080", 8080],
  ["FROM a\nEXPOSE 80/udp\nEXPOSE 8080/tcp 9090", 8080],
  ["FROM a\nEXPOSE 1\nFROM b\nexpose 3000", 3000],
  ["FROM a\nEXPOSE $PORT", null],
  ["FROM a\nEXPOSE 99999", null],
  ["FROM a", null],
])("the port exposed by %j is %s", (text, port) => {
  expect(exposedPort(text)).toBe(port);
});
