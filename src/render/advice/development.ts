import { excerpt } from "../../config/excerpt.ts";
import { child, toValue, type YamlMap, type YamlNode } from "../../config/yaml-node.ts";
import type { Finding, Place } from "../../domain/errors.ts";
import { note } from "../findings.ts";

/** Programs that serve code while it is being written. */
const developmentServer = new RegExp(
  [
    String.raw`\b(?:npm|pnpm|yarn|bun)(?: run)? (?:dev|develop|start:dev|watch)\b`,
    String.raw`\b(?:nodemon|ts-node-dev|tsx watch|webpack-dev-server|webpack serve|ng serve|gatsby develop)\b`,
    String.raw`\b(?:next|nuxt|nuxi|remix|astro|vite|vue-cli-service) (?:dev|serve)\b`,
    String.raw`\bmanage\.py runserver\b|\bflask run\b|\b(?:uvicorn|gunicorn|fastapi)\b.*--reload\b|\bfastapi dev\b`,
    String.raw`\brails (?:s|server)\b|\bartisan serve\b|\bphp -S\b|\b(?:hugo|jekyll) (?:server|serve)\b`,
  ].join("|"),
);

/**
 * Services as they are run while somebody writes them: a development server, or the project's folder mounted over what
 * the image holds. They run all the same, with a word on how to show what is shipped.
 */
export function adviseDevelopment(model: YamlMap): Finding[] {
  const services = child(model, "services");
  if (services?.kind !== "map") return [];
  return [...services.entries].flatMap(([name, { node, key }]) => adviseService(name, node, key));
}

function adviseService(name: string, service: YamlNode, key: Place): Finding[] {
  const command = ["entrypoint", "command"].map((part) => wordsOf(child(service, part))).join(" ");
  const [server] = developmentServer.exec(command) ?? [];
  const mount = codeMount(service);
  if (server === undefined && !mount) return [];
  const over = mount ? `./${textOf(mount, "source")} mounted over ${textOf(mount, "target")} of its image` : "";
  const what = server === undefined ? `has ${over}` : `runs a development server (${excerpt(server, 60)})`;
  const also = server !== undefined && mount ? `, with ${over}` : "";
  const changes = [
    ...(server === undefined ? [] : ["command: !reset null"]),
    ...(mount ? ["volumes: !reset []"] : []),
  ].join(", ");
  const place =
    server === undefined ? mount?.place : (child(service, "command") ?? child(service, "entrypoint"))?.place;
  return [
    note(
      place ?? key,
      "development-file",
      `services.${name} ${what}${also}: it runs so, as it is written, and not as it is shipped`,
      `To show what is shipped, write a compose.preview.yaml without it, or in .mayfly.yaml: \`services: { ${name}: { ${changes} } }\`.`,
    ),
  ];
}

/** The bind of a folder that the image is built from. */
function codeMount(service: YamlNode): YamlNode | undefined {
  const context = textOf(child(service, "build"), "context");
  const mounts = child(service, "volumes");
  if (context === "" || mounts?.kind !== "list") return undefined;
  return mounts.items.find((mount) => {
    const source = textOf(mount, "source");
    return (
      textOf(mount, "type") === "bind" && (source === "." || context === source || context.startsWith(`${source}/`))
    );
  });
}

function wordsOf(node: YamlNode | undefined): string {
  return node?.kind === "list" ? node.items.map((item) => String(toValue(item))).join(" ") : "";
}

function textOf(node: YamlNode | undefined, key: string): string {
  const found = child(node, key);
  return found ? String(toValue(found)) : "";
}
