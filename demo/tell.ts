export type DemoEvent = {
  event: "opened" | "building" | "ready" | "pushed" | "redeployed" | "merged" | "clean" | "failed";
  /** Since the deed that this event follows. */
  seconds: number;
  url: string | null;
  commit: string | null;
  reason: string | null;
};

export type Teller = {
  event(event: DemoEvent): void;
  /** A phase of a deployment that is over. */
  phase(name: string, seconds: number): void;
  line(text: string): void;
};

/** One event a line, for programs; nothing else is printed. */
export function jsonTeller(): Teller {
  return {
    event: (event) => console.log(JSON.stringify(event)),
    phase: () => {},
    line: () => {},
  };
}

const sentences: Record<DemoEvent["event"], (event: DemoEvent) => string> = {
  opened: () => "pull request opened",
  building: () => "building",
  ready: ({ seconds, commit, url }) => `ready in ${seconds.toFixed(1)} s at ${short(commit)}: ${url ?? ""}`,
  pushed: ({ commit }) => `pushed ${short(commit)}`,
  redeployed: ({ seconds }) => `redeployed in ${seconds.toFixed(1)} s`,
  merged: () => "merged",
  clean: ({ seconds }) => `nothing left after ${seconds.toFixed(1)} s`,
  failed: ({ reason }) => `failed: ${reason ?? ""}`,
};

/** For people: what happens, each phase with its seconds. */
export function textTeller(color: boolean): Teller {
  const bold = (text: string) => (color ? `\u001b[1m${text}\u001b[0m` : text);
  const dim = (text: string) => (color ? `\u001b[2m${text}\u001b[0m` : text);
  return {
    event: (event) => {
      if (event.event !== "building") console.log(bold(sentences[event.event](event)));
    },
    phase: (name, seconds) => console.log(dim(`  ${name.padEnd(20)} ${seconds.toFixed(1).padStart(5)} s`)),
    line: (text) => console.log(text),
  };
}

function short(commit: string | null): string {
  return commit?.slice(0, 7) ?? "";
}
