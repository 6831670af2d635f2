import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { clock } from "./app-outside.ts";
import { defaultSettings } from "./config/repository-settings.ts";
import type { ServerConfig } from "./config/server.ts";
import { readStateFile } from "./config/state-folder.ts";
import { InputError } from "./domain/errors.ts";
import { firstTokenName } from "./domain/token.ts";
import { type Cleared, clearEngine } from "./engine/clear.ts";
import { connect } from "./engine/docker.ts";
import { type FirstManifest, firstManifest } from "./render/init/first-manifest.ts";
import { type RenderInput, type RenderOutput, renderStack } from "./render/render.ts";
import { readers } from "./source/checkout.ts";
import { createTemplates } from "./source/templates.ts";
import { lockState } from "./store/lock.ts";
import { openStore } from "./store/store.ts";

/** What a directory's files mean, as for a first preview of it; asks neither server, forge nor engine. Throws InputError. */
export function renderDirectory(directory: string): RenderOutput {
  return renderStack(offlineInput(directory));
}

/** The manifest that a directory could have; `schema` is where editors find its JSON Schema. Throws InputError. */
export function proposeManifest(directory: string, schema: string | null): FirstManifest {
  return firstManifest(offlineInput(directory), schema);
}

function offlineInput(directory: string): RenderInput {
  return {
    reader: readers(resolve(directory), []),
    templates: createTemplates(resolve(import.meta.dirname, "../templates")),
    limits: defaultSettings.limits,
    secrets: null,
    sources: null,
    preview: {
      slug: "preview-pr-0",
      project: "preview-pr-0",
      key: "0-0",
      number: 0,
      repository: "local/preview",
      branch: "local",
      commit: "0".repeat(40),
      generation: 1,
      trust: "team",
      registries: [],
      allow: [],
      dataEpoch: 0,
      domain: "preview.localhost",
      link: (host) => `http://${host}:8080`,
    },
  };
}

/**
 * Removes everything of this server from the engine, its previews and (with `caches`) the images it built. The server
 * must not be running. Throws InputError `state-locked`, EngineError.
 */
export async function clearHost(config: ServerConfig, options: { caches: boolean }): Promise<Cleared> {
  const state = resolve(config.state);
  const server = readStateFile(state, "server-id");
  if (server === null)
    throw new InputError("not-found", `${state} belongs to no server yet`, { hint: "Nothing has to be removed." });
  using _held = lockState(state);
  const cleared = await clearEngine(connect(config.engine.host), server, options);
  tellAudit(state, Object.entries(cleared));
  return cleared;
}

/** Whoever may do this has the state folder, and with it the first token. */
function tellAudit(state: string, counts: [string, number][]): void {
  const database = join(state, "mayfly.db");
  if (!existsSync(database)) return;
  using store = openStore(database, clock);
  const detail = counts.map(([kind, count]) => `${count} ${kind}`).join(", ");
  const actor = { kind: "token", name: firstTokenName } as const;
  store.audit.write({
    actor,
    via: "cli",
    address: null,
    action: "destroy-all",
    preview: null,
    outcome: "done",
    detail,
  });
}
