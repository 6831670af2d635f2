import { registryHostOf } from "../domain/image-reference.ts";

/** Accounts by registry host, as the server file has them: `ghcr.io`, `registry.example.com:5000`, `docker.io`. */
export type Registries = Readonly<Record<string, { username: string; password: string }>>;

/** Docker's own registry goes by several names. */
const defaultNames = new Set(["docker.io", "index.docker.io", "registry-1.docker.io", "index.docker.io/v1"]);

/** The name of a registry in the server file, for one that the engine or an image's reference uses. */
export function registryKey(host: string): string {
  const plain = host
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/\/+$/, "");
  return defaultNames.has(plain) ? "docker.io" : plain;
}

/** The account for an image, in the engine's form (Engine API, Authentication), or undefined. */
export function accountFor(
  registries: Registries,
  reference: string,
): { username: string; password: string; serveraddress: string } | undefined {
  const host = registryKey(registryHostOf(reference) ?? "docker.io");
  const account = registries[host];
  return account && { ...account, serveraddress: host === "docker.io" ? "https://index.docker.io/v1/" : host };
}
