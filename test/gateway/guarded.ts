import type { Claim, KeyKind } from "../../src/gateway/keys.ts";
import type { PageModel } from "../../src/gateway/page-model.ts";
import { HOST, PREVIEW, headLines, head, keys, openSite, rawRequest } from "./world.ts";

export const API = "shop-pr-42--api.preview.test";

const subjects: Record<KeyKind, string[]> = {
  open: [PREVIEW, "link"],
  bypass: [PREVIEW, "link"],
  pass: [PREVIEW, "link", HOST],
  cookie: [PREVIEW, "link", HOST],
};

/** A key as the server would give it out, unless the test says otherwise. */
export function keyFor(kind: KeyKind, claim: Partial<Claim> = {}, subject = subjects[kind]): string {
  return keys.sign(kind, subject, { epoch: 0, until: null, note: "", ...claim });
}

export const soon = (): number => Date.now() + 60_000;

export const cookie = (value: string): string => `Cookie: mayfly-preview=${value}`;

export const statusOf = (text: string): number => Number(text.slice(9, 12));

export function valueOf(text: string, name: string): string | undefined {
  const line = headLines(text).find((each) => each.toLowerCase().startsWith(`${name}: `));
  return line?.slice(name.length + 2);
}

export const setCookieOf = (text: string): string =>
  /mayfly-preview=([^;]*)/.exec(valueOf(text, "set-cookie") ?? "")?.[1] ?? "";

/** What the page of a preview that is being built would tell. */
export const building: PageModel = {
  slug: "shop-pr-42",
  repository: "acme/shop",
  number: 42,
  title: "",
  commit: "def5678aaaaaaaa",
  state: "building",
  reason: null,
  failure: null,
  timeline: [],
  log: ["npm ci"],
  links: [],
};

type Seen = { url: string; headers: Record<string, string | string[] | undefined> };

/** A guarded preview; `seen` is what reached its application. */
export async function openGuarded() {
  const seen: Seen[] = [];
  const site = await openSite((req, res) => {
    seen.push({ url: req.url ?? "", headers: req.headers });
    res.writeHead(200, { "Set-Cookie": ["sid=1", "mayfly-preview=planted; Path=/"] }).end("the site");
  });
  site.rule = { access: "link", epoch: 0 };
  return Object.assign(site, { seen, ask: (...request: string[]) => rawRequest(site.port, ...request) });
}

export type Guarded = Awaited<ReturnType<typeof openGuarded>>;

/** Follows redirects from host to host as a browser does, with the cookies it holds for each. */
export async function browse(site: Guarded, host: string, path: string, jar = new Map<string, string>()) {
  const steps: string[] = [];
  let [at, target] = [host, path];
  for (let i = 0; i < 10; i += 1) {
    const held = jar.get(at);
    const lines = ["Accept: text/html", "Sec-Fetch-Dest: document", "Sec-Fetch-Mode: navigate"];
    if (held !== undefined) lines.push(cookie(held));
    const text = await site.ask(head(`GET ${target} HTTP/1.1`, `Host: ${at}`, "Connection: close", ...lines));
    steps.push(`${statusOf(text)} ${at}`);
    if (setCookieOf(text) !== "") jar.set(at, setCookieOf(text));
    const location = valueOf(text, "location");
    if (location === undefined) return { steps, at, target, jar };
    const next = new URL(location, `http://${at}${target}`);
    [at, target] = [next.host, next.pathname + next.search];
  }
  throw new Error(`no end: ${steps.join(", ")}`);
}
