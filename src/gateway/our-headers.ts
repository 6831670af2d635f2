/** The header by which programs come in without a browser's cookie. */
export const bypassHeader = "mayfly-bypass";

/** The cookie that lets a browser in: of one host only, and by its prefix no other host's page can set it (RFC 6265bis section 4.1.3.2). */
export function cookieName(isSecure: boolean): string {
  return isSecure ? "__Host-mayfly-preview" : "mayfly-preview";
}

const ours = /^\s*(?:__Host-)?mayfly-preview\s*(?:=|$)/i;

/** A request header's value without what is between the visitor and us; null when nothing of it is left. `lower` is its lower-case name. */
export function withoutOurs(lower: string, value: string): string | null {
  switch (lower) {
    case bypassHeader:
      return null;
    case "cookie": {
      if (!/mayfly-preview/i.test(value)) return value;
      const kept = value.split(";").filter((pair) => !ours.test(pair));
      return kept.every((pair) => pair.trim() === "") ? null : kept.join(";").trimStart();
    }
    case "referer":
      // Doors send no referrer; a client that does all the same tells the application no key.
      return value.includes("/.mayfly/") ? null : value;
    default:
      return value;
  }
}

/** Whether a Set-Cookie of an application would take the place of ours. */
export function setsOurs(setCookie: string): boolean {
  return ours.test(setCookie.split(";", 1)[0] ?? "");
}

/** All values of our cookie: another host's page may have planted more under the same name, and one of them is right. */
export function ourCookies(header: string | undefined, name: string): string[] {
  if (header === undefined || !header.includes(name)) return [];
  return header
    .split(";")
    .map((pair) => pair.trim().split("="))
    .filter(([key]) => key === name)
    .map(([, value = ""]) => value)
    .slice(0, 10);
}
