import type { RouteAnswer } from "../domain/facts.ts";
import { called, type Case, type Found, placeIn, quote } from "./case.ts";

/** How a framework says that it does not answer under a host's name, and what lets it. */
type Refusal = { status: number; body: RegExp; framework: string; now(host: string): string };

const refusals: readonly Refusal[] = [
  {
    status: 403,
    body: /Blocked request\. This host \(/,
    framework: "Vite",
    now: (host) =>
      `Set \`server.allowedHosts: ["${parentOf(host)}"]\` in vite.config (\`preview.allowedHosts\` for \`vite preview\`).`,
  },
  {
    status: 403,
    body: /^\s{0,20}Invalid Host(?:\/Origin)? header/,
    framework: "webpack-dev-server",
    now: () => 'Set `devServer.allowedHosts: "all"` in its configuration.',
  },
  {
    status: 200,
    body: /^\s{0,20}Invalid Host(?:\/Origin)? header\s{0,20}$/,
    framework: "webpack-dev-server",
    now: () => 'Set `devServer.allowedHosts: "all"` (or `disableHostCheck: true`) in its configuration.',
  },
  {
    status: 403,
    body: /Blocked hosts?:? |<h1>Blocked hosts?/,
    framework: "Rails",
    now: (host) => `Add \`config.hosts << "${parentOf(host)}"\` to the environment's configuration.`,
  },
  {
    status: 400,
    body: /DisallowedHost|Invalid HTTP_HOST header/,
    framework: "Django",
    now: (host) => `Add "${parentOf(host)}" to ALLOWED_HOSTS in its settings.`,
  },
  {
    status: 400,
    body: /<h1>Bad Request \(400\)<\/h1>/,
    framework: "Django",
    now: (host) => `Add "${parentOf(host)}" to ALLOWED_HOSTS in its settings.`,
  },
  {
    status: 400,
    body: /^\s{0,20}Invalid host header\s{0,20}$/,
    framework: "Starlette",
    now: (host) => `Add "*${parentOf(host)}" to \`allowed_hosts\` of TrustedHostMiddleware.`,
  },
  {
    status: 400,
    body: /Untrusted Host|SuspiciousOperationException|Access through untrusted domain/,
    framework: "its framework",
    now: (host) => `Add ${host} to its trusted hosts (\`trusted_hosts\`, \`trusted_domains\`).`,
  },
  {
    status: 400,
    body: /Bad Request - Invalid Hostname/,
    framework: "ASP.NET",
    now: (host) => `Add \`*${parentOf(host)}\` to AllowedHosts in appsettings.json.`,
  },
];

/** Whether an answer is a framework's refusal of the host's name it was asked under: nobody would see the site. */
export function isHostRefused(answer: Pick<RouteAnswer, "status" | "body">): boolean {
  return refusalOf(answer) !== undefined;
}

/** The framework's check of allowed hosts refused our name. */
export function hostRefused(about: Case): Found | null {
  const { answer } = about;
  const refusal = answer === null ? undefined : refusalOf(answer);
  if (answer === null || refusal === undefined) return null;
  const host = quote(answer.host, 253);
  return {
    what: `${refusal.framework} in ${called(about)} refuses the host ${host}`,
    now: `${refusal.now(host)} Or give it the name: \`\${MAYFLY_HOST}\` under \`environment:\`.`,
    where: placeIn(
      about,
      "environment.ALLOWED_HOSTS",
      "environment.DJANGO_ALLOWED_HOSTS",
      "environment",
      "command",
      "",
    ),
  };
}

function refusalOf({ status, body }: Pick<RouteAnswer, "status" | "body">): Refusal | undefined {
  const text = body.slice(0, 20_000);
  return refusals.find((each) => each.status === status && each.body.test(text));
}

/** Every preview's name ends so: `.preview.example.com`. */
function parentOf(host: string): string {
  const name = host.replace(/:\d+$/, "");
  const dot = name.indexOf(".");
  return dot === -1 ? name : name.slice(dot);
}
