import type Docker from "dockerode";
import { EngineError } from "../../../domain/errors.ts";
import type { Column } from "../../mask/column.ts";
import type { DatabaseTool, Running } from "../../seed/tool.ts";
import type { Dump } from "../recognize.ts";

/** What an image says of itself. */
export type ImageConfig = Docker.ImageInspectInfo["Config"];

/** How one kind of database takes raw data, and gives it to be masked. */
export type MaskingDatabase = {
  /** How what it dumps is read. */
  kind: "postgres" | "mariadb";
  tool: DatabaseTool;
  /** Whether it is what this image runs. */
  isIn(image: ImageConfig): boolean;
  /** With settings of ours alone, for data that is thrown away whatever happens. */
  start(image: ImageConfig, own: { password: string; memoryBytes: number }): Start;
  /**
   * Loads what a source gives as it is, and answers the name of the database that holds it. What a server says of raw
   * data may quote it, so it is told without. Throws EngineError `source-failed`.
   */
  loadRaw(running: Running, dump: Dump, source: string): Promise<string>;
  /** A program that tells every column of the database of that name. */
  catalog(database: string): string[];
  readCatalog(answer: string): Column[];
  /** A program that dumps it in the form that is masked. */
  dump(database: string): string[];
};

/** `folder`: where all of its files are. */
export type Start = { env: string[]; command: string[]; folder: string };

/** `what` is for everybody to read: it holds no value. */
export function notLoaded(source: string, what: string): EngineError {
  return new EngineError("source-failed", `the source ${source} could not be loaded to be masked: ${what}`);
}

/** The one database that has data: `own` is where a dump goes that names none. */
export function oneOf(databases: readonly string[], source: string, own: string): string {
  const [only, ...more] = databases;
  if (more.length === 0) return only ?? own;
  throw notLoaded(source, `it holds several databases: ${databases.join(", ")}. Dump one of them`);
}
