const base = "http://own.invalid";
const longest = 2000;

/**
 * The path to lead somebody on to after signing in: a path of our own with its query, or the list. Read as a browser
 * would (WHATWG URL), so that neither `//elsewhere` nor `/\elsewhere` nor a scheme leads away.
 */
export function ownPath(text: string | undefined): string {
  if (text === undefined || text.length > longest || !text.startsWith("/") || !URL.canParse(text, base)) return "/";
  const url = new URL(text, base);
  // A path that begins with two slashes would be another host where it is read alone.
  return url.origin === base && !/^\/[/\\]/.test(url.pathname) ? `${url.pathname}${url.search}` : "/";
}
