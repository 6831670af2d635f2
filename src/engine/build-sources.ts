import type { BuildSpec } from "../domain/stack.ts";
import { imageNamespace } from "../domain/naming.ts";
import { bytesField, numberField, textField } from "./protobuf.ts";

const deny = 1;
const allow = 0;

/**
 * What a build may fetch, as BuildKit's source policy (moby/buildkit, sourcepolicy/pb/policy.proto; the last rule that
 * matches counts): no URL or git repository, which the engine would fetch from the host's own network, and no image
 * that Mayfly built but those of its own stack. Dockerfiles that ask for one are refused before; this is for what
 * nobody could read, the `ONBUILD` of an image that they begin with.
 */
export function sourcePolicy({ contexts = [] }: Pick<BuildSpec, "contexts">): Buffer {
  const own = contexts.flatMap((context) => (context.kind === "build" && context.tag ? [context.tag] : []));
  const rules: [number, string][] = [
    [deny, "^(https?|git|local|oci-layout)://"],
    [allow, "^http://buildkit-session/"],
    [deny, `^docker-image://(docker\\.io/)?${escape(imageNamespace)}/`],
    ...own.map((tag): [number, string] => [allow, `^docker-image://(docker\\.io/)?${escape(tag)}(@.*)?$`]),
  ];
  return Buffer.concat([numberField(1, 1), ...rules.map(([action, pattern]) => bytesField(2, rule(action, pattern)))]);
}

function rule(action: number, pattern: string): Buffer {
  const regularExpression = 2;
  const selector = Buffer.concat([textField(1, pattern), numberField(2, regularExpression)]);
  return Buffer.concat([numberField(1, action), bytesField(2, selector)]);
}

function escape(text: string): string {
  return text.replaceAll(/[.+*?^$()[\]{}|\\]/g, String.raw`\$&`);
}
