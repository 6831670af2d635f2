import { nearest } from "../domain/verbs.ts";
import {
  called,
  type Case,
  type Found,
  others,
  placeIn,
  quote,
  serverPort,
  serviceAt,
  variableLike,
  variablePlace,
} from "./case.ts";
import type { SaidRow } from "./statements.ts";

const local = String.raw`(?:127\.0\.0\.1|localhost|\[?::1\]?|0\.0\.0\.0)`;

/** Whom a service looks for where nobody is. */
export const networkRows: readonly SaidRow[] = [
  {
    id: "own-container",
    patterns: [
      new RegExp(String.raw`ECONNREFUSED ${local}:(\d{1,5})`),
      new RegExp(String.raw`connection to server at "${local}"[^,]{0,80}, port (\d{1,5}) failed: Connection refused`),
      new RegExp(String.raw`could not connect to server: Connection refused.{0,80}"${local}".{0,80}port (\d{1,5})`),
      new RegExp(String.raw`Can't reach database server at [\x60'"]?${local}[\x60'"]{0,2}:[\x60'"]?(\d{1,5})`),
      new RegExp(String.raw`dial tcp ${local}:(\d{1,5}): connect: connection refused`),
      new RegExp(String.raw`connecting to ${local}:(\d{1,5})\. Connection refused`),
      new RegExp(String.raw`\(${local}:(\d{1,5})\): connection refused`),
      new RegExp(String.raw`Connection to ${local}:(\d{1,5}) refused`),
      new RegExp(String.raw`Connection refused.{0,20}\(${local}:(\d{1,5})\)`),
      new RegExp(String.raw`Connection refused.{0,60}Host: ${local}, Port: (\d{1,5})`),
      new RegExp(
        String.raw`(?:refused|[Ff]ailed to connect|[Cc]annot connect|[Uu]nable to connect).{0,60}${local}:(\d{1,5})`,
      ),
      /Can't connect to (?:local |MySQL |MariaDB |server |on )+'?(?:localhost|127\.0\.0\.1).{0,40}(3306)?/,
      /Can't connect to local (?:MySQL|MariaDB) server through socket/,
      /connection to server on socket "[^"]{1,107}" failed: No such file/,
    ],
    judge: (match, about) => lookedInside(match, about),
  },
  {
    id: "unknown-host",
    patterns: [
      /getaddrinfo (?:ENOTFOUND|EAI_AGAIN) ([\w.-]{1,253})/,
      /could not translate host name "([^"]{1,253})" to address/,
      /failed to resolve host '([^']{1,253})'/,
      /getaddrinfo for ([\w.-]{1,253}) failed/,
      /Unknown (?:MySQL|MariaDB|MySQL\/MariaDB)? ?server host '([^']{1,253})'/,
      /\blookup ([\w.-]{1,253})(?: on [\d.:[\]a-f]{1,50})?: (?:no such host|server misbehaving)/,
      /UnknownHostException: ([\w.-]{1,253})/,
      /host not found in upstream "([^":]{1,253})/,
      /connecting to ([\w.-]{1,253}):\d{1,5}\. (?:Name or service not known|Temporary failure in name resolution)/,
      /Could not resolve host: ([\w.-]{1,253})/,
      /unable to resolve host address ['‘]([\w.-]{1,253})/,
      /Can't reach database server at [`'"]?([a-z][\w-]{0,62})[`'"]{0,2}:[`'"]?\d{1,5}/,
      /non-existing domain - :nxdomain.{0,20}\(([\w.-]{1,253})|\(([\w.-]{1,253}):\d{1,5}\): non-existing domain/,
    ],
    judge: (match, about) => notFound(match[1] ?? match[2] ?? "", about),
  },
  {
    id: "not-waited-for",
    patterns: [
      /ECONNREFUSED (\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}):(\d{1,5})/,
      /connection to server at "([\w.-]{1,253})"[^,]{0,80}, port (\d{1,5}) failed: (?:Connection refused|FATAL: {1,2}the database system is starting up)/,
      /dial tcp (\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}):(\d{1,5}): connect: connection refused/,
      /connecting to ([\w.-]{1,253}):(\d{1,5})\. Connection refused/,
      /Can't connect to (?:MySQL|MariaDB) server on '([\w.-]{1,253}):?(\d{0,5})'/,
      /(the database system is starting up)/,
    ],
    judge: (match, about) => tooEarly(match, about),
  },
  {
    id: "host-certificate",
    patterns: [
      /\b(UNABLE_TO_VERIFY_LEAF_SIGNATURE|UNABLE_TO_GET_ISSUER_CERT_LOCALLY|SELF_SIGNED_CERT_IN_CHAIN|DEPTH_ZERO_SELF_SIGNED_CERT|CERT_HAS_EXPIRED|ERR_TLS_CERT_ALTNAME_INVALID)\b/,
      /\b(CERTIFICATE_VERIFY_FAILED)\b/,
      /x509: (certificate [^\n"]{1,80})/,
      /(self[- ]signed certificate(?: in certificate chain)?)/,
      /(PKIX path building failed)/,
    ],
    judge: (match, about) => ({
      what: `${called(about)} does not accept the TLS certificate of whom it calls: ${quote(match[1] ?? "", 80)}`,
      now: "Let the image trust the authority that signed it (`NODE_EXTRA_CA_CERTS`, `update-ca-certificates`), or call a service of the stack over plain http.",
      where: null,
    }),
  },
];

function lookedInside(match: RegExpExecArray, about: Case): Found | null {
  const port = Number(match[1] ?? portOfLine(match[0]));
  const meant = serviceAt(about, port);
  // Somebody's own second process, maybe: only what another service is for is known to be looked for at the wrong place.
  if (meant === null) return noSuchServer(port, about);
  const name = variableLike(about, (value) => /(?:127\.0\.0\.1|localhost|::1)/.test(value) && isAbout(value, port));
  const { where, told } = variablePlace(about, name);
  return {
    what: `${called(about)} looks for \`${meant.name}\` at 127.0.0.1:${port}, which is its own container`,
    now: `Inside a preview it is at \`${meant.name}:${port}\`: say so${told === "" ? " where it is configured" : ` in${told.replace(/[()]/g, "")}`}.`,
    where,
  };
}

function isAbout(value: string, port: number): boolean {
  const said = /:(\d{2,5})(?!\d)/.exec(value);
  return said === null || Number(said[1]) === port || /:\/\//.test(value);
}

function portOfLine(line: string): number {
  return /mysql|mariadb/i.test(line) ? 3306 : /PGSQL|on socket/.test(line) ? 5432 : 0;
}

const knownServers: Record<number, string> = {
  5432: "PostgreSQL",
  3306: "MySQL",
  6379: "Redis",
  27_017: "MongoDB",
  5672: "RabbitMQ",
};

/** A database that no service of the stack is. */
function noSuchServer(port: number, about: Case): Found | null {
  const server = knownServers[port];
  if (server === undefined || about.stack === null || isOwn(port, about)) return null;
  const name = variableLike(about, (value) => /(?:127\.0\.0\.1|localhost)/.test(value) && isAbout(value, port));
  const { where, told } = variablePlace(about, name);
  return {
    what: `${called(about)} looks for ${server} at 127.0.0.1:${port}, and the stack has no service for it`,
    now: `Add one to the Compose file, and reach it by its name${told === "" ? "" : `, in${told.replace(/[()]/g, "")}`}.`,
    where,
  };
}

function isOwn(port: number, { container, service }: Case): boolean {
  return (
    (container?.listeners ?? []).some((each) => each.port === port) ||
    (service !== null && (service.ports.includes(port) || serverPort(service) === port))
  );
}

function notFound(host: string, about: Case): Found | null {
  const { stack } = about;
  if (stack === null || host === "" || host.toLowerCase() === "localhost") return null;
  const { where, told } = variablePlace(
    about,
    variableLike(about, (value) => value.includes(host)),
  );
  const known = others(about);
  const aliases = known.flatMap(({ networks }) => networks.flatMap((each) => each.aliases));
  const found = known.find(({ name }) => name === host);
  if (found !== undefined) return apart(found.name, about);
  if (aliases.includes(host)) return null;
  if (host === "host.docker.internal" || host === "gateway.docker.internal") {
    const now = `A preview reaches no developer's machine: name a service of the stack${told}.`;
    return { what: `${called(about)} looks for ${host}, which is not there in a preview`, now, where };
  }
  const names = known.map(({ name }) => name);
  if (host.includes(".")) return elsewhere(host, about, where);
  const meant = nearest(host, names);
  const there = names.length === 0 ? "It is the only service." : `There are: ${names.slice(0, 8).join(", ")}.`;
  return {
    what: `${called(about)} looks for a service ${quote(host, 63)}, which the stack does not have`,
    now: `${meant === undefined ? there : `Did you mean ${meant}?`} Correct the name${told}, or add the service.`,
    where,
  };
}

function elsewhere(host: string, about: Case, where: string | null): Found {
  const what = `${called(about)} looks for ${quote(host, 100)}, a name that is not known here`;
  const now =
    about.stack?.trust === "fork"
      ? "A fork's preview reaches nothing beyond its own services."
      : "Check the name, and that this host can resolve it; a service of the stack is reached by its own name.";
  return { what, now, where };
}

/** A service that is there is not found where it is in no common network, or does not run. */
function apart(name: string, about: Case): Found | null {
  const { service, stack } = about;
  const other = stack?.services.find((each) => each.name === name);
  const shared = other?.networks.some(({ network }) => service?.networks.some((own) => own.network === network));
  if (shared === false) {
    const now = `Put both into one network under \`networks:\`.`;
    return {
      what: `${called(about)} and \`${name}\` are in no common network`,
      now,
      where: placeIn(about, "networks", ""),
    };
  }
  const neighbor = about.neighbors.find((each) => each.service === name);
  if (neighbor?.state !== "exited") return null;
  const now = `See the log of \`${name}\` for why it ended.`;
  return {
    what: `${called(about)} looks for \`${name}\`, which has ended with code ${neighbor.exitCode ?? "unknown"}`,
    now,
    where: null,
  };
}

/** Refused by a service that is there: not ready yet, and nobody waits until it is. */
function tooEarly(match: RegExpExecArray, about: Case): Found | null {
  if (/^(?:127\.|localhost$)/.test(match[1] ?? "")) return null;
  const named = about.stack?.services.find(({ name }) => name === match[1]);
  const meant = named ?? serviceAt(about, Number(match[2]) || 5432);
  if (meant === null || meant.name === about.service?.name) return null;
  const waits = about.service?.dependsOn.find(({ service }) => service === meant.name);
  if (waits?.condition === "healthy" || waits?.condition === "completed") return null;
  return {
    what: `${called(about)} asks \`${meant.name}\` before it is ready`,
    now: `Let it wait: \`depends_on: { ${meant.name}: { condition: service_healthy } }\`, with a \`healthcheck:\` of \`${meant.name}\`.`,
    where: placeIn(about, "depends_on", ""),
  };
}
