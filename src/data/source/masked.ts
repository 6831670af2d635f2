import { EngineError, MayflyError } from "../../domain/errors.ts";
import { editionLabels } from "../../domain/labels.ts";
import type { EditionFacts } from "../../domain/source.ts";
import { outputOf } from "../../engine/exec-output.ts";
import type { DataHost } from "../data-host.ts";
import type { RawValue } from "../mask/collect.ts";
import { refuseLeaks } from "../mask/leaks.ts";
import { type Covered, coverage } from "../mask/coverage.ts";
import { tableName } from "../mask/column.ts";
import { planMask } from "../mask/plan.ts";
import { maskOnThread, searchOnThread } from "../mask/thread.ts";
import type { MaskingDatabase } from "./database/database.ts";
import type { EditionMaking } from "./edition.ts";
import { type Held, readParts, writeParts } from "./parts.ts";
import type { Dump } from "./recognize.ts";
import { type Scratch, startScratch } from "./scratch.ts";

/** The database that it is masked in, and the secret that fakes are made with. */
export type MaskingGround = { imageId: string; memoryBytes: number; salt: string };

type Masking = EditionMaking & { ground: MaskingGround; held: Held };

/**
 * Loads a dump into a database of ours, and dumps it again with every column as the rules say, into the edition's
 * volume; what was raw is destroyed. Then it is loaded into another one, and both are searched for what was masked.
 * Throws EngineError `source-failed`, `dump-invalid`, `raw-data-found`, InputError `mask-invalid`, `mask-incomplete`.
 */
export async function maskInto(host: DataHost, masking: Masking, dump: Dump): Promise<EditionFacts> {
  const { bytes, covered, ...made } = await writeMasked(host, masking, dump);
  await checkMasked(host, masking, made);
  return { form: "sql", bytes, coverage: coverageLines(covered), searched: made.values.length };
}

async function writeMasked(host: DataHost, masking: Masking, dump: Dump) {
  const { source, ground, held } = masking;
  const rules = source.mask?.rules ?? [];
  const asked = { source: source.name, signal: held.signal };
  await using raw = await scratchOf(host, masking, "raw");
  const { database } = raw;
  const name = await database.loadRaw(raw.running, dump, source.name);
  const columns = database.readCatalog(
    await textOf(ask(host, raw, { ...asked, what: "its catalog could not be read", command: database.catalog(name) })),
  );
  const wish = { source: { name: source.name, sensitive: source.sensitive }, rules, columns, salt: ground.salt };
  planMask(wish);
  const dumped = ask(host, raw, { ...asked, what: "it could not be dumped", command: database.dump(name) });
  const masked = maskOnThread({ wish, database: database.kind }, dumped);
  const bytes = await writeParts(held, masked.content);
  return { bytes, covered: coverage(columns, rules), values: masked.values(), kind: database.kind };
}

/** It can be loaded, and neither it nor what a database makes of it holds anything of what was masked. */
async function checkMasked(
  host: DataHost,
  masking: Masking,
  { values, kind }: { values: readonly RawValue[]; kind: MaskingDatabase["kind"] },
): Promise<void> {
  const { source, held } = masking;
  refuseLeaks(source.name, await searchOnThread({ values, form: `${kind}-dump` }, readParts(held)));
  await using check = await scratchOf(host, masking, "check");
  const content = readParts(held);
  try {
    await check.database.tool.load(check.running, {
      name: `the masked dump of ${source.name}`,
      head: Buffer.alloc(16),
      content,
    });
  } catch (error) {
    if (!(error instanceof MayflyError) || error.code !== "seed-failed") throw error;
    const what = `the source ${source.name} cannot be loaded once it is masked`;
    throw new EngineError("source-failed", what, { cause: error });
  }
  await check.stop();
  refuseLeaks(source.name, await searchOnThread({ values, form: "archive" }, check.archive()));
}

function scratchOf(host: DataHost, { volume, wish, source, ground, held }: Masking, purpose: string): Promise<Scratch> {
  const labels = editionLabels({ server: host.server, key: wish.key }, "helper");
  const { imageId, memoryBytes } = ground;
  return startScratch(
    host,
    { name: `${volume}.${purpose}`, labels, imageId, memoryBytes, source: source.name },
    held.signal,
  );
}

type Asked = { command: string[]; source: string; what: string; signal: AbortSignal };

/** Runs a program in a scratch database for what it prints. */
function ask(host: DataHost, { container }: Scratch, { command, source, what, signal }: Asked) {
  const failed = (exitCode: number, lines: readonly string[]) =>
    new EngineError("source-failed", `the source ${source} could not be masked: ${what} (exit code ${exitCode})`, {
      cause: new Error(lines.join("\n")),
    });
  return outputOf(host, container, { command, signal, failed });
}

async function textOf(chunks: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all).toString();
}

/** `users: email by email, id kept, note as it is`. */
function coverageLines(covered: readonly Covered[]): string[] {
  const byTable = Map.groupBy(covered, ({ column }) => tableName(column));
  return [...byTable].map(([table, own]) => {
    const emptied = own.some(({ choice }) => choice?.masking.kind === "truncate");
    return `${table}: ${emptied ? "emptied" : own.map(columnWords).join(", ")}`;
  });
}

function columnWords({ column, choice }: Covered): string {
  if (choice === null) return `${column.name} as it is, no rule names it`;
  return choice.masking.kind === "keep" ? `${column.name} kept` : `${column.name} masked (${choice.masking.kind})`;
}
