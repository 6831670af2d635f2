import { child, type YamlMap } from "../../config/yaml-node.ts";
import { secretNameOf } from "../policy/policy-secrets.ts";
import { followLinks, type SourceReader } from "../repository-path.ts";

/**
 * Whether a declared secret is a file that the repository has. One whose file it does not have, as people who keep
 * theirs out of git do, is the operator's of the same name.
 */
export function isRepositorySecret(name: string, { model, reader }: { model: YamlMap; reader: SourceReader }): boolean {
  const declaration = child(child(model, "secrets"), name);
  const file = child(declaration, "file");
  if (secretNameOf(name, declaration) !== null || file?.kind !== "scalar") return false;
  const path = followLinks(reader, String(file.value));
  return path !== null && reader.kindOf(path) !== "none";
}
