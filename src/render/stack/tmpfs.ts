import { parseSize } from "../../config/quantity.ts";

/** Options are few and short; each ignored one is told. */
const longestOptions = 200;

/** What the kernel takes for a tmpfs and gives nothing of the host (tmpfs(5), mount(8)): no device files. */
const flags = /^(ro|noexec|exec|nosuid|suid|nodev|noatime|relatime|(mode|uid|gid|nr_inodes)=\d{1,10})$/;

type Tmpfs = { target: string; sizeBytes: number | null; options: string[]; ignored: string[] };

/** `/run:size=64m,mode=1777`: the path, its size, and the options that are and are not honored. Null when it is no such text. */
export function parseTmpfs(text: string): Tmpfs | null {
  const [target = "", written = "", ...rest] = text.split(":");
  if (!target.startsWith("/") || rest.length > 0 || written.length > longestOptions) return null;
  const tmpfs: Tmpfs = { target, sizeBytes: null, options: [], ignored: [] };
  for (const option of written.split(",").filter((each) => each !== "" && each !== "rw")) {
    const [name, value] = option.split("=");
    const size = name === "size" ? parseSize(value ?? "") : undefined;
    if (size !== undefined) tmpfs.sizeBytes = size;
    else if (flags.test(option)) tmpfs.options.push(option);
    else tmpfs.ignored.push(option);
  }
  return tmpfs;
}
