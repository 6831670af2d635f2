/** Numbers in [0, 1) that follow from the seed (the mulberry32 generator). */
export function chance(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function pick<T>(choices: readonly T[], random: () => number): T {
  const chosen = choices[Math.floor(random() * choices.length)];
  if (chosen === undefined) throw new Error("there is nothing to choose from");
  return chosen;
}

export const kinds = ["good", "good", "good", "good", "built", "failing", "broken"] as const;
export type Kind = (typeof kinds)[number];

/** A product of a page and a kept service with a volume, so small that two hundred of them come and go in minutes. */
export function shopFiles(page: string, kind: Kind): Record<string, string> {
  const command = kind === "failing" ? '["node", "-e", "process.exit(3)"]' : '["node", "-e", "$$SERVER"]';
  const image = kind === "built" ? "build: ." : "image: node:24";
  return {
    Dockerfile: "FROM node:24\nCOPY page.txt /page.txt\n",
    "page.txt": `${page}\n`,
    "compose.yaml":
      kind === "broken"
        ? "services: { web: [ }\n"
        : `services:
  web:
    ${image}
    command: ${command.replace("$$SERVER", server(page))}
    ports: ["3000:3000"]
    restart: unless-stopped
    depends_on: [store]
  store:
    image: node:24
    command: ["node", "-e", "setInterval(() => {}, 1000)"]
    init: true
    volumes: ["data:/data"]
    restart: unless-stopped
volumes: { data: {} }
`,
  };
}

function server(page: string): string {
  return `require('node:http').createServer((q, a) => a.end('${page}')).listen(3000); process.on('SIGTERM', () => process.exit(0))`;
}
