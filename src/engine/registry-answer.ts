/** What is said of a failed pull: first match counts. */
const answers: [RegExp, string][] = [
  [/no matching manifest/i, "the image is not made for this host's platform"],
  [/no space left on device/i, "no space is left on this host"],
  [/\bdenied\b/i, "the registry answered 403: there is no such image, or not without a login"],
  [
    /\bunauthorized\b|authentication required|no basic auth credentials/i,
    "the registry answered 401: it wants a login",
  ],
  [/manifest unknown|name unknown|not found/i, "the registry answered 404: there is no such image or tag"],
  [/toomanyrequests/i, "the registry answered 429: too many requests"],
  [/connection refused/i, "connection refused"],
  [/no such host|server misbehaving/i, "there is no such host"],
  [/i\/o timeout|timeout exceeded|deadline exceeded/i, "no answer came in time"],
  [/x509|certificate|tls:|http response to https/i, "it does not speak TLS as this host expects"],
];

/**
 * Whether a registry answered at all: the engine says 500 for want of an answer, but also when it was given no login, and
 * of an image that a registry in plain HTTP does not have.
 */
export function hasAnswered(status: number, text: string): boolean {
  return status !== 500 || /no basic auth credentials|manifest unknown|name unknown/i.test(text);
}

/**
 * A failed pull in our own words. The engine quotes what the host answered, and a branch may name any host that the
 * engine reaches: nothing of such a body is ever shown.
 */
export function registryAnswer(text: string): string {
  const status = /(?:HTTP status|unexpected status[\w ]{0,20}\S{0,300}): (\d{3})\b/.exec(text)?.[1];
  if (status !== undefined) return `the registry answered ${status}`;
  return answers.find(([pattern]) => pattern.test(text))?.[1] ?? "what answered is no registry that it can be had from";
}
