import type { ImageConfig, MaskingDatabase } from "./database.ts";
import { maskingMariadb } from "./mariadb.ts";
import { maskingPostgres } from "./postgres.ts";

/** The databases that sources are masked in. */
const databases = [maskingPostgres, maskingMariadb];

/** What an image runs, by what it says of itself; undefined where nothing of it can be masked. */
export function maskingDatabaseOf(image: ImageConfig): MaskingDatabase | undefined {
  return databases.find((database) => database.isIn(image));
}
