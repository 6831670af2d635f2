// The guest book in Postgres, and the news of it.
import pg from "pg";

const connectionString = process.env.DATABASE_URL;
const pool = new pg.Pool({ connectionString, max: 10 });
// A database that restarts takes idle connections with it: the next query opens new ones.
pool.on("error", (error) => console.error(`web: database: ${error.message}`));

export async function newest(limit, before = 2 ** 31 - 1) {
  const sql = `select id, name, place, message, created_at from entries where id < $1 order by id desc limit $2`;
  return (await pool.query(sql, [before, limit])).rows;
}

export async function count() {
  return (await pool.query("select count(*)::int from entries")).rows[0].count;
}

export async function sign({ name, place, message }) {
  await pool.query("insert into entries (name, place, message) values ($1, $2, $3)", [name, place, message]);
}

/** Calls `hear` with every new entry, whoever wrote it; connects again when the database comes back. */
export async function listen(hear) {
  const listener = new pg.Client({ connectionString });
  listener.on("error", (error) => console.error(`web: no news from the database: ${error.message}`));
  listener.once("end", () => setTimeout(() => listen(hear), 1000).unref());
  listener.on("notification", ({ payload }) => hear(JSON.parse(payload)));
  // What goes wrong here is told by "error" and followed by "end".
  await listener.connect().then(() => listener.query("listen entries")).catch(() => {});
}
