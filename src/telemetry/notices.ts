import { catalogue, type ErrorCode } from "../domain/catalogue.ts";

/** `error`: a person must act. `warn`: degraded and going on. `info`: good to know. */
export type Level = "info" | "warn" | "error";

/** One thing the operator is told. Plain text: nobody's markup is in it. */
export type Notice = {
  level: Level;
  /** Notices of one topic are told once an hour at most, unless it has become better or worse in between. */
  topic: string;
  title: string;
  text: string;
  preview: string | null;
  url: string | null;
};

/** Failures of the operator's machine or account: the pull request's author cannot mend them. */
const operatorsOwn = new Set<string>([
  "engine-unreachable",
  "engine-refused",
  "subnets-exhausted",
  "disk-full",
  "memory-short",
  "git-refused",
  "internal",
] satisfies ErrorCode[]);

type Shown = { slug: string; repository: string; number: number; pageUrl: string };

/** What there is to tell of a deployment that ended; null when nothing is. */
export function noticeOfDeployment(
  preview: Shown,
  end: { outcome: "ready" | "failed" | "superseded"; commit: string; code: string | null; what: string | null },
): Notice | null {
  const where = `${preview.repository}#${preview.number}`;
  const about = {
    topic: `deployment ${preview.slug} ${end.commit} ${end.outcome}`,
    preview: preview.slug,
    // Not the preview's own link: it may carry the secret that opens it.
    url: preview.pageUrl,
  };
  const commit = end.commit.slice(0, 7);
  if (end.outcome === "superseded") return null;
  if (end.outcome === "ready") {
    return { ...about, level: "info", title: `${preview.slug} is ready at ${commit}`, text: where };
  }
  const level = operatorsOwn.has(end.code ?? "") ? "error" : "warn";
  // One full disk fails every deployment: it is told once, not for each.
  const topic = level === "error" ? `failure ${end.code}` : about.topic;
  const title = `${preview.slug} failed at ${commit}`;
  return { ...about, topic, level, title, text: `${where}: ${end.what ?? end.code ?? "no reason is known"}` };
}

/** What there is to tell of GitHub's answer to a call; null when nothing is. */
export function noticeOfForgeAnswer(status: number | null): Notice | null {
  if (status !== 401) return null;
  return serverNotice(
    "error",
    "GitHub refuses our token",
    "Nothing can be read or told until github.token or the App's key is renewed.",
  );
}

/** Previews that belonged to no pull request and were removed. */
export function noticeOfOrphans(count: number): Notice | null {
  if (count === 0) return null;
  return serverNotice(
    "warn",
    `${count} orphaned ${count === 1 ? "preview was" : "previews were"} removed`,
    "They had no pull request; see the log for their keys.",
  );
}

/** A source of the server file gave no data; what it gave before goes on being used. */
export function noticeOfSource(source: string, failure: { what: string } | null): Notice {
  const topic = `source ${source}`;
  if (failure === null)
    return { ...serverNotice("info", `${source} was read`, "New previews get its new data."), topic };
  const text = `${failure.what}. What it gave before is kept; \`mayfly snapshot show ${source}\` tells more.`;
  return { ...serverNotice("error", `${source} could not be read`, text), topic };
}

/** The engine went away, or came back. */
export function noticeOfEngine(state: "lost" | "back"): Notice {
  const notice =
    state === "lost"
      ? serverNotice("error", catalogue["engine-unreachable"].title, catalogue["engine-unreachable"].hint)
      : serverNotice("info", "The Docker engine is back", "Every preview is looked at again.");
  return { ...notice, topic: "engine" };
}

/** What came of making room on the engine's disk, in words. */
export function noticeOfDisk(words: string, isShort: boolean): Notice {
  const title = isShort ? catalogue["disk-full"].title : "Room was made on the engine's disk";
  return { ...serverNotice(isShort ? "error" : "info", title, words), topic: "disk" };
}

function serverNotice(level: Level, title: string, text: string): Notice {
  return { level, topic: title, title, text, preview: null, url: null };
}
