import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { createFlush, type Flush } from "./flush.ts";
import { migrations } from "./migrations.ts";

type Row = Record<string, unknown>;

export type Database = Disposable & {
  /** The one row, or undefined. */
  get(sql: string, ...values: SQLInputValue[]): Row | undefined;
  all(sql: string, ...values: SQLInputValue[]): Row[];
  /** Runs a statement and answers how many rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number;
  /** Runs `work` in one transaction; a throw rolls it back. */
  transaction<T>(work: () => T): T;
  /**
   * Runs `work` together with everything else that arrives in the same turn of the event loop, in one transaction, and
   * resolves when it is on the disk: what is acknowledged then survives power loss. A throw undoes that work alone.
   */
  commitSoon<T>(work: () => T): Promise<T>;
  /** Resolves when all that was committed before is on the disk. */
  flushed(): Promise<void>;
  /** Why nothing can be written any more; null while it can. */
  refusal(): string | null;
};

type Waiting = { work: () => unknown; resolve: (value: unknown) => void; reject: (error: unknown) => void };

/**
 * Opens (and migrates) the database at `path`; `:memory:` for tests. A commit is in the log, which the kernel holds,
 * when it returns: it survives the end of this process, and power loss as soon as the log is flushed, which begins at
 * once and beside the event loop (ADR 47).
 */
export function openDatabase(path: string): Database {
  const connection = new DatabaseSync(path, { timeout: 5000 });
  connection.exec("pragma journal_mode = wal; pragma synchronous = normal; pragma foreign_keys = on");
  const log: Flush = path === ":memory:" ? nowhere : createFlush(`${path}-wal`);
  const statements = new Map<string, ReturnType<DatabaseSync["prepare"]>>();
  const prepare = (sql: string) => {
    const known = statements.get(sql) ?? connection.prepare(sql);
    statements.set(sql, known);
    return known;
  };

  const transaction = <T>(work: () => T): T => {
    if (connection.isTransaction) return savepoint(connection, work);
    log.check();
    connection.exec("begin immediate");
    try {
      const result = work();
      connection.exec("commit");
      log.soon();
      return result;
    } catch (error) {
      if (connection.isTransaction) connection.exec("rollback");
      throw error;
    }
  };

  let waiting: Waiting[] = [];
  const flush = () => {
    const batch = waiting;
    waiting = [];
    try {
      const settle = transaction(() => batch.map((each) => attempt(connection, each)));
      const refuse = (error: unknown) => batch.forEach((each) => each.reject(error));
      log.done().then(() => settle.forEach((done) => done()), refuse);
    } catch (error) {
      for (const each of batch) each.reject(error);
    }
  };

  migrate(connection, transaction);
  return {
    get: (sql, ...values) => prepare(sql).get(...values),
    all: (sql, ...values) => prepare(sql).all(...values),
    run(sql, ...values) {
      if (connection.isTransaction) return Number(prepare(sql).run(...values).changes);
      log.check();
      const { changes } = prepare(sql).run(...values);
      log.soon();
      return Number(changes);
    },
    transaction,
    commitSoon: <T>(work: () => T) =>
      new Promise<T>((resolve, reject) => {
        waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
        if (waiting.length === 1) setImmediate(flush);
      }),
    flushed: log.done,
    refusal: log.refusal,
    [Symbol.dispose]: () => {
      if (waiting.length > 0) flush();
      connection.close();
      log[Symbol.dispose]();
    },
  };
}

/** The log of a database in memory. */
const nowhere: Flush = {
  done: async () => undefined,
  soon: () => undefined,
  check: () => undefined,
  refusal: () => null,
  [Symbol.dispose]: () => undefined,
};

function attempt(connection: DatabaseSync, each: Waiting): () => void {
  try {
    const value = savepoint(connection, each.work);
    return () => each.resolve(value);
  } catch (error) {
    return () => each.reject(error);
  }
}

function savepoint<T>(connection: DatabaseSync, work: () => T): T {
  connection.exec("savepoint one");
  try {
    const result = work();
    connection.exec("release one");
    return result;
  } catch (error) {
    connection.exec("rollback to one; release one");
    throw error;
  }
}

function migrate(connection: DatabaseSync, transaction: (work: () => void) => void): void {
  const version = Number(connection.prepare("pragma user_version").get()?.["user_version"] ?? 0);
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue;
    transaction(() => {
      connection.exec(sql);
      connection.exec(`pragma user_version = ${index + 1}`);
    });
  }
}
