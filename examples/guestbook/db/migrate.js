// Applies db/migrations/*.sql in order, each once and in a transaction of its own, then exits.
import { readdir, readFile } from "node:fs/promises";
import pg from "pg";

const folder = new URL("migrations/", import.meta.url);
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
try {
  // Two jobs at once would both see a migration as missing.
  await client.query("select pg_advisory_lock(hashtext('migrations'))");
  await client.query(
    "create table if not exists migrations (name text primary key, applied_at timestamptz not null default now())",
  );
  const { rows } = await client.query("select name from migrations");
  const applied = new Set(rows.map((row) => row.name));
  const names = (await readdir(folder)).filter((name) => name.endsWith(".sql")).sort();
  for (const name of names.filter((name) => !applied.has(name))) {
    await client.query("begin");
    await client.query(await readFile(new URL(name, folder), "utf8"));
    await client.query("insert into migrations (name) values ($1)", [name]);
    await client.query("commit");
    console.log(`migrate: applied ${name}`);
  }
  console.log(`migrate: ${names.length} migrations, all applied`);
} finally {
  await client.end();
}
