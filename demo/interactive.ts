import { once } from "node:events";
import { emitKeypressEvents } from "node:readline";
import { type Demo, DemoFailure } from "./demo.ts";

const keys = "  p push   r /redeploy   m merge   q quit\n";

/** Stays and does what a key asks for, one deed after the other, until the person leaves. */
export async function playInTerminal(demo: Demo, leaving: AbortController): Promise<void> {
  const { stdin } = process;
  emitKeypressEvents(stdin);
  stdin.setRawMode(true);
  stdin.resume();
  try {
    let merged = false;
    await attempt(demo, () => demo.opened());
    while (!leaving.signal.aborted) {
      demo.teller.line(merged ? "\n  q quit\n" : `\n${keys}`);
      const key = await nextKey(leaving.signal);
      if (key === "q") return;
      if (merged) continue;
      if (key === "p") await attempt(demo, () => demo.push());
      if (key === "r") await attempt(demo, () => demo.redeploy());
      if (key === "m") merged = await attempt(demo, () => demo.merge());
    }
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
  }
}

/** A deed that fails is told; the demo goes on. */
async function attempt(demo: Demo, deed: () => Promise<unknown>): Promise<boolean> {
  try {
    await deed();
    return true;
  } catch (error) {
    if (!(error instanceof DemoFailure)) throw error;
    demo.teller.event({ event: "failed", seconds: 0, url: demo.link, commit: null, reason: error.message });
    return false;
  }
}

async function nextKey(signal: AbortSignal): Promise<string> {
  for (;;) {
    const [, key] = (await once(process.stdin, "keypress", { signal })) as [string, { name: string; ctrl: boolean }];
    if (key.name === "q" || (key.ctrl && key.name === "c")) return "q";
    if (["p", "r", "m"].includes(key.name)) return key.name;
  }
}
