import { parseSize } from "../config/quantity.ts";

/** Options are few and short; each ignored one is told. */
const longestOptions = 200;

/** `/run:size=64m,mode=1777`: the path, its size, and the options that are not honored. Null when it is no such text. */
export function parseTmpfs(text: string): { target: string; sizeBytes: number | null; ignored: string[] } | null {
  const [target = "", options = "", ...rest] = text.split(":");
  if (!target.startsWith("/") || rest.length > 0 || options.length > longestOptions) return null;
  let sizeBytes: number | null = null;
  const ignored: string[] = [];
  for (const option of options.split(",").filter((each) => each !== "" && each !== "rw")) {
    const [name, value] = option.split("=");
    const size = name === "size" ? parseSize(value ?? "") : undefined;
    if (size === undefined) ignored.push(option);
    else sizeBytes = size;
  }
  return { target, sizeBytes, ignored };
}
