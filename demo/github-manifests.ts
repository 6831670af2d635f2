import { generateKeyPairSync, randomUUID } from "node:crypto";
import { Hono } from "hono";
import { createRoutes, refusal, type Routes } from "./github-world.ts";
import type { Json } from "./github-types.ts";

type Manifest = Json & {
  name: string;
  url: string;
  redirect_url: string;
  hook_attributes?: { url: string; active?: boolean };
  default_permissions: Record<string, string>;
  default_events: string[];
};

export type Manifests = {
  /** What people do on github.com: take a posted manifest, and go back with a code. */
  pages: Hono;
  routes: Routes;
};

/** Apps from manifests, which emulate lacks; what is made here is told, and not installed. */
export function createManifests(origin: string): Manifests {
  const codes = new Map<string, { manifest: Manifest; owner: string }>();
  const pages = new Hono();
  const routes = createRoutes();
  let lastId = 4200;

  pages.on("POST", ["/settings/apps/new", "/organizations/:org/settings/apps/new"], async (c) => {
    const form = await c.req.parseBody();
    const { manifest: posted } = form;
    const manifest = JSON.parse(typeof posted === "string" ? posted : "{}") as Manifest;
    const problem = problemOf(manifest);
    if (problem !== null) return c.text(`Invalid GitHub App configuration: ${problem}`, 422);
    const code = randomUUID().replaceAll("-", "");
    codes.set(code, { manifest, owner: c.req.param("org") ?? "ann" });
    return c.redirect(`${manifest.redirect_url}?code=${code}&state=${encodeURIComponent(c.req.query("state") ?? "")}`);
  });

  routes.post("/app-manifests/:code/conversions", (c) => {
    const found = codes.get(c.req.param("code"));
    codes.delete(c.req.param("code"));
    if (found === undefined) throw refusal(404, "Not Found");
    const { manifest, owner } = found;
    const slug = manifest.name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-");
    const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const body = {
      id: ++lastId,
      slug,
      name: manifest.name,
      owner: { login: owner },
      html_url: `${origin}/apps/${slug}`,
      client_id: `Iv1.${slug}`,
      client_secret: "a-client-secret",
      webhook_secret: manifest.hook_attributes?.active === false ? null : "a-hook-secret",
      pem: privateKey.export({ type: "pkcs1", format: "pem" }),
      permissions: manifest.default_permissions,
      events: manifest.default_events,
    };
    return c.json(body, 201);
  });

  return { pages, routes };
}

function problemOf({ name, url, redirect_url: back, hook_attributes: hook }: Manifest): string | null {
  if (typeof name !== "string" || name.length > 34) return "Name is too long (maximum is 34 characters)";
  if (!URL.canParse(url) || !URL.canParse(back)) return "Url must be a valid URL";
  if (hook !== undefined && /\/\/(localhost|127\.)/.test(hook.url))
    return "Hook url is not supported because it isn't reachable over the public Internet (localhost)";
  return null;
}
