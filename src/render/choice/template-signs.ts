import type { TemplateSign } from "../../config/template-manifest.ts";
import { readAt, type SourceReader } from "../repository-path.ts";

/** A name in a package list stands in its first part; the rest of a file this long is not looked at. */
const mostCharacters = 256 * 1024;

/** Whether a repository shows a sign: every file is there, and those that must say something say it. Throws InputError as reading does. */
export function shows(reader: SourceReader, sign: TemplateSign): boolean {
  const isThere = (file: string) => reader.kindOf(file) === "file";
  const contains = Object.entries(sign.contains ?? {});
  return (
    (sign.files ?? []).every(isThere) &&
    contains.every(([file, texts]) => isThere(file) && wordIn(reader, file, texts) !== undefined)
  );
}

/** A shown sign for people: `package.json with "pg"`. */
export function describeSign(reader: SourceReader, sign: TemplateSign): string {
  const parts = Object.entries(sign.contains ?? {}).map(([file, texts]) => {
    const word = wordIn(reader, file, texts) ?? "";
    return `${file} with ${word.replace(/:$/, "")}`;
  });
  return [...(sign.files ?? []), ...parts].join(" and ");
}

/** A file of the sign, to point to. */
export function fileOf({ files, contains }: TemplateSign): string {
  return files?.[0] ?? Object.keys(contains ?? {})[0] ?? ".";
}

function wordIn(reader: SourceReader, file: string, texts: readonly string[]): string | undefined {
  const text = readAt(reader, file, { file, line: 1, column: 1 }) ?? "";
  const said = text.slice(0, mostCharacters).toLowerCase();
  return texts.find((each) => said.includes(each.toLowerCase()));
}
