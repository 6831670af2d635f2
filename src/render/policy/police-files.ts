import { child, formatPath, type Path, toValue, type YamlNode } from "../../config/yaml-node.ts";
import type { Finding, Place } from "../../domain/errors.ts";
import { excerpt } from "../../config/excerpt.ts";
import { marksIn } from "../../domain/secret-mark.ts";
import { refuse } from "../findings.ts";
import type { Giver } from "../stack/given-files.ts";
import { hostClock } from "./policy-mounts.ts";
import { isSecretName, secretNameOf } from "./policy-secrets.ts";
import { followLinks, leadsOutside } from "../repository-path.ts";
import { isRepositorySecret } from "../stack/repository-secret.ts";

/**
 * Judges where the files that services bind, and those of their configs and secrets, really lie; paths that are
 * outside as they are written are judged by the policy's table.
 */
export function policeFiles(giver: Giver): Finding[] {
  const services = child(giver.model, "services");
  if (services?.kind !== "map") return [];
  return [...services.entries].flatMap(([name, { node }]) => [
    ...itemsOf(node, "volumes").flatMap((mount, index) =>
      policeBind(mount, ["services", name, "volumes", index], giver),
    ),
    ...itemsOf(node, "configs").flatMap((grant) => policeConfig(grant, giver)),
    ...itemsOf(node, "secrets").flatMap((grant, index) =>
      policeSecret(grant, ["services", name, "secrets", index], giver),
    ),
    ...itemsOf(child(node, "build"), "secrets").flatMap((grant, index) =>
      policeBuildSecret(grant, ["services", name, "build", "secrets", index], giver),
    ),
  ]);
}

function policeBind(mount: YamlNode, path: Path, giver: Giver): Finding[] {
  const source = textOf(mount, "source");
  if (textOf(mount, "type") !== "bind" || leadsOutside(source) || hostClock.includes(source)) return [];
  const outside = linkOutside(source, { at: formatPath(path), place: mount.place }, giver);
  if (outside.length > 0) return outside;
  const make = child(child(mount, "bind"), "create_host_path");
  const there = giver.reader.kindOf(followLinks(giver.reader, source) ?? source) !== "none";
  if (there || make?.kind !== "scalar" || make.value !== false) return [];
  return [missing(source, { at: formatPath(path), place: mount.place })];
}

function policeConfig(grant: YamlNode, giver: Giver): Finding[] {
  const name = textOf(grant, "source");
  const declaration = child(child(giver.model, "configs"), name);
  const file = child(declaration, "file");
  if (file) return policeFile(file, `configs.${name}.file`, giver);
  const variable = child(declaration, "environment");
  const value = variable ? giver.lookup(String(toValue(variable))) : undefined;
  if (!variable || value === undefined || marksIn(value).length === 0) return [];
  const hint = "Give it as a secret: `secrets: { NAME: { environment: NAME } }`.";
  const message = `configs.${name}.environment: the value of a secret would be readable in a config`;
  return [refuse(variable.place, "secret-place", message, hint)];
}

function policeSecret(grant: YamlNode, path: Path, giver: Giver): Finding[] {
  const name = textOf(grant, "source");
  const declaration = child(child(giver.model, "secrets"), name);
  const file = child(declaration, "file");
  if (isRepositorySecret(name, giver)) return [];
  const target = child(grant, "target");
  const findings = target && !inSecrets.test(String(toValue(target))) ? [elsewhere(target.place, path)] : [];
  if (secretNameOf(name, declaration) !== null || !file || leadsOutside(String(toValue(file)))) return findings;
  const at = `secrets.${name}.file`;
  const outside = linkOutside(String(toValue(file)), { at, place: file.place }, giver);
  if (outside.length > 0 || isSecretName(name)) return [...findings, ...outside];
  const hint = `Commit it, or say \`secrets: { ${name}: { environment: NAME } }\` and let the operator set NAME.`;
  const message = `${at}: the repository has no file ${excerpt(String(toValue(file)), 100)}`;
  return [...findings, refuse(file.place, "file-missing", message, hint)];
}

/** A file's name, or its path in the folder that Compose puts secrets in. */
const inSecrets = /^(?:\/run\/secrets\/)?[A-Za-z0-9_][\w.-]{0,99}$/;

function elsewhere(place: Place, path: Path): Finding {
  const hint = "Write a plain file name: the operator's secrets are in /run/secrets only.";
  return refuse(place, "secret-target", `${formatPath([...path, "target"])}: is no file in /run/secrets`, hint);
}

function policeBuildSecret(grant: YamlNode, path: Path, giver: Giver): Finding[] {
  if (!isRepositorySecret(textOf(grant, "source"), giver)) return [];
  const message = `${formatPath(path)}: is a file of the repository, which builds are not given as a secret`;
  const hint = "Mount it from the context: RUN --mount=type=bind,source=FILE,target=/run/secrets/NAME.";
  return [refuse(grant.place, "build-secret", message, hint)];
}

function policeFile(file: YamlNode, at: string, giver: Giver): Finding[] {
  const path = String(toValue(file));
  if (leadsOutside(path)) return [];
  const outside = linkOutside(path, { at, place: file.place }, giver);
  if (outside.length > 0) return outside;
  const there = giver.reader.kindOf(followLinks(giver.reader, path) ?? path) !== "none";
  return there ? [] : [missing(path, { at, place: file.place })];
}

type Spot = { at: string; place: Place };

function linkOutside(path: string, { at, place }: Spot, { reader }: Giver): Finding[] {
  if (followLinks(reader, path) !== null) return [];
  const message = `${at} (${excerpt(path, 100)}): a symbolic link on its way leads out of the repository`;
  return [refuse(place, "link-outside", message, "Commit the files themselves, or link inside the repository.")];
}

function missing(path: string, { at, place }: Spot): Finding {
  const message = `${at}: the repository has nothing at ${excerpt(path, 100)}`;
  return refuse(place, "file-missing", message, "Commit it, or correct its path.");
}

function itemsOf(node: YamlNode | undefined, key: string): YamlNode[] {
  const list = child(node, key);
  return list?.kind === "list" ? list.items : [];
}

function textOf(node: YamlNode | undefined, key: string): string {
  const found = child(node, key);
  return found ? String(toValue(found)) : "";
}
