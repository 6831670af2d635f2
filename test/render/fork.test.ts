import { describe, expect, test } from "vitest";
import { preview, render } from "./fixtures.ts";

const compose = `services:
  web:
    build: .
    ports: ["3000:3000"]
    networks: [front]
  db:
    image: postgres:17
    volumes: ["pgdata:/var/lib/postgresql/data"]
    networks: [front, back]
networks: { front: {}, back: { internal: false } }
volumes: { pgdata: {} }
`;
const fork = { ...preview, trust: "fork" as const, registries: ["ghcr.io", "registry.acme.test:5000"] };
const files = (text: string, dockerfile = "FROM node:24\n") => ({ "compose.yaml": text, Dockerfile: dockerfile });

test("a fork's networks lead nowhere, and those of the team go out as written", () => {
  const networksOf = (of: typeof preview) =>
    render(files(compose), { preview: of }).stack?.networks.map((each) => each.internal);
  expect(networksOf(fork)).toEqual([true, true]);
  expect(networksOf(preview)).toEqual([false, false]);
});

describe("images of registries that the operator has an account at", () => {
  test.each<[string, string, string, string]>([
    [
      "a service's",
      "services: { web: { image: ghcr.io/acme/private:1, ports: ['80:80'] } }",
      "FROM node:24\n",
      "compose.yaml:1",
    ],
    [
      "one on a port",
      "services: { web: { image: 'registry.acme.test:5000/x', ports: ['80:80'] } }",
      "FROM node:24\n",
      "compose.yaml:1",
    ],
    ["a base", "services: { web: { build: ., ports: ['80:80'] } }", "FROM ghcr.io/acme/private\n", "Dockerfile:1"],
    [
      "one copied from",
      "services: { web: { build: ., ports: ['80:80'] } }",
      "FROM node:24\nCOPY --from=ghcr.io/acme/private / /\n",
      "Dockerfile:2",
    ],
    [
      "one by an argument",
      "services: { web: { build: ., ports: ['80:80'] } }",
      "ARG R=ghcr.io\nFROM ${R}/acme/private\n",
      "Dockerfile:2",
    ],
    [
      "one mounted",
      "services: { web: { build: ., ports: ['80:80'] } }",
      "FROM node:24\nRUN --mount=from=ghcr.io/acme/private,target=/x ls\n",
      "Dockerfile:2",
    ],
  ])("%s is refused to a fork, and to nobody else", (_name, text, dockerfile, where) => {
    const told = (of: typeof preview) =>
      render(files(text, dockerfile), { preview: of }).findings.filter(({ code }) => code === "closed-registry");
    expect(told(fork).map(({ file, line, action }) => `${action} ${file}:${line}`)).toEqual([`refuse ${where}`]);
    expect(told(preview)).toEqual([]);
  });

  test("others' are not", () => {
    const { stack } = render(files("services: { web: { image: quay.io/acme/web:1, ports: ['80:80'] } }"), {
      preview: fork,
    });
    expect(stack?.services).toHaveLength(1);
  });
});
