import { excerpt } from "../../config/excerpt.ts";
import type { YamlNode } from "../../config/yaml-node.ts";
import { readComposeYaml } from "../../config/yaml-source.ts";
import { InputError, type Place } from "../../domain/errors.ts";
import type { Choice } from "../choice/compose-choice.ts";
import { readAt, resolvePath, type SourceReader } from "../repository-path.ts";

/** The Compose files of one stack, each parsed once however often it is included or extended. */
export type ComposeFiles = {
  /** The documents of a file, asked for at a place. Throws InputError `file-missing`, `path-outside`, `yaml-…`. */
  documents(path: string, place: Place): readonly YamlNode[];
  /** Counts how often files are read into the stack: two that include each other's halves multiply. */
  countReading(place: Place): void;
};

/** Of all files together, as of one. */
const maxCharacters = 1024 * 1024;
const maxFiles = 200;
const maxReadings = 500;

/** Opens files inside the repository, beside the chosen ones, whose texts are here already. */
export function openFiles({ files }: Choice, reader: SourceReader): ComposeFiles {
  const parsed = new Map<string, readonly YamlNode[]>();
  let characters = 0;
  let readings = 0;

  for (const { path, text } of files) parse(path, text, { file: path, line: 1, column: 1 });
  return {
    documents(written, place) {
      const path = written.startsWith("/") ? written : resolvePath(".", written);
      const known = parsed.get(path);
      if (known) return known;
      const text = readAt(reader, path, place);
      if (text === null) throw new InputError("file-missing", `there is no Compose file ${excerpt(path)}`, { place });
      return parse(path, text, place);
    },
    countReading(place) {
      readings += 1;
      if (readings > maxReadings) throw tooMuch(`files are included or extended more than ${maxReadings} times`, place);
    },
  };

  function parse(path: string, text: string, place: Place): readonly YamlNode[] {
    characters += text.length;
    if (characters > maxCharacters) throw tooMuch("the Compose files come to more than 1 MiB", place);
    const documents = readComposeYaml(path, text);
    if (documents.length === 0) {
      throw new InputError("invalid-value", `${excerpt(path)} is empty`, { place: { file: path, line: 1, column: 1 } });
    }
    parsed.set(path, documents);
    if (parsed.size > maxFiles) throw tooMuch(`the stack has more than ${maxFiles} Compose files`, place);
    return documents;
  }
}

function tooMuch(message: string, place: Place): InputError {
  return new InputError("yaml-too-large", message, { place });
}
