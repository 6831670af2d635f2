/**
 * A Set-Cookie value without every `Domain` attribute that is not the preview's own host: such a cookie becomes host-only, so that no preview plants
 * cookies on its siblings or on the dashboard (RFC 6265 section 5.3). `host` is lower-case and without port.
 */
export function narrowCookie(setCookie: string, host: string): string {
  if (!/domain/i.test(setCookie)) return setCookie;
  const [pair = "", ...attributes] = setCookie.split(";");
  return [pair, ...attributes.filter((attribute) => !isForeignDomain(attribute, host))].join(";");
}

function isForeignDomain(attribute: string, host: string): boolean {
  const equals = attribute.indexOf("=");
  const name = equals === -1 ? attribute : attribute.slice(0, equals);
  if (name.trim().toLowerCase() !== "domain") return false;
  const value = equals === -1 ? "" : attribute.slice(equals + 1);
  return value.trim().toLowerCase().replace(/^\./, "") !== host;
}
