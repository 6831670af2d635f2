import { twoFacts } from "../domain/two-facts.ts";
import type { PreviewView } from "../domain/view.ts";
import { type Html, html } from "./page-html.ts";

/** How a state looks: good, busy, bad or over. Never by color alone: the word stands beside it. */
export type Tone = "good" | "busy" | "bad" | "over";

/** The look of a phase, of a preview or of an attempt. */
export function toneOf(phase: string): Tone {
  if (phase === "ready") return "good";
  if (phase === "failed" || phase === "blocked") return "bad";
  return phase === "gone" || phase === "superseded" || phase.startsWith("asleep") ? "over" : "busy";
}

/** The state in one word; who has no place yet waits. */
export function stateWord({ phase, queue }: Pick<PreviewView, "phase" | "queue">): string {
  return queue === null ? phase : "waiting";
}

/** The two facts in short, for a row of the list. */
export function stateFacts(view: PreviewView): Html {
  const { state, newest } = twoFacts(view);
  return html`<span class="state ${toneOf(state)}">${state}</span>${
      newest === null ? null : html`<span class="state ${toneOf(newest)}">newest ${newest}</span>`
    }`;
}
