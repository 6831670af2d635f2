import { expect, test } from "vitest";
import { recognize } from "../../src/data/source/recognize.ts";

const rows = "COPY public.a (n) FROM stdin;\n1\n\\.\n".repeat(100);
const pg = (end = "--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict x\n") =>
  `--\n-- PostgreSQL database dump\n--\n\n\\restrict x\n\n-- Dumped from database version 17.6\n${rows}${end}`;
const cluster = (end = "--\n-- PostgreSQL database cluster dump complete\n--\n\n", inner = pg()) =>
  `--\n-- PostgreSQL database cluster dump\n--\n\nCREATE ROLE a;\n${inner}${end}`;
const maria = (end = "-- Dump completed on 2026-11-21  3:00:00\n", sandbox = "") =>
  `${sandbox}-- MariaDB dump 10.19-11.8.6-MariaDB, for debian-linux-gnu (x86_64)\n--\n${rows}${end}`;
const mysql = (end: string) => `-- MySQL dump 10.13  Distrib 8.4.3, for Linux (x86_64)\n${rows}${end}`;

async function read(text: string, size: number): Promise<string> {
  const pieces = async function* () {
    for (let at = 0; at < text.length; at += size) yield Buffer.from(text.slice(at, at + size));
  };
  const { content } = await recognize("nightly", pieces(), 1e9);
  return Buffer.concat(await Array.fromAsync(content)).toString();
}

test.each([
  ["pg_dump's", pg()],
  ["pg_dump's with a word of the operator's own after it", `${pg()}DELETE FROM a;\n`],
  ["two of pg_dump's", pg() + pg()],
  ["pg_dumpall's", cluster()],
  ["roles, and then a database", cluster(undefined, "") + pg()],
  ["mariadb-dump's", maria()],
  [
    "mariadb-dump's without a date, in its sandbox",
    maria("-- Dump completed\n", "/*M!999999\\- enable the sandbox mode */ \n"),
  ],
  ["mysqldump's", mysql("-- Dump completed on 2026-11-21  3:00:00\n")],
  ["mysqldump's without comments", `/*!40101 SET NAMES utf8mb4 */;\n${rows}`],
  ["somebody's own", `-- People, like the beginning of a -- PostgreSQL database dump\n${rows}`],
])("a dump that is whole passes as it is: %s", async (_, text) => {
  for (const size of [1, 100, 1e6]) expect(await read(text, size)).toBe(text);
});

const ofPg = 'the last line of pg_dump, "-- PostgreSQL database dump complete", is missing';
test.each([
  ["pg_dump's", pg(""), ofPg],
  ["pg_dump's within its last line", pg("--\n-- PostgreSQL database dump comp"), ofPg],
  ["the second of two", pg() + pg(""), ofPg],
  ["pg_dumpall's between two databases", cluster(""), "the last line of pg_dumpall,"],
  ["pg_dumpall's in a database", cluster("", pg("")), ofPg],
  ["roles, and then half a database", cluster(undefined, "") + pg(""), ofPg],
  ["mariadb-dump's", maria(""), 'the last line of mariadb-dump, "-- Dump completed", is missing'],
  ["mysqldump's", mysql("-- Dump comp"), "the last line of mysqldump,"],
])("a dump that is cut off is told by the tool that made it: %s", async (_, text, what) => {
  for (const size of [1, 100, 1e6])
    await expect(read(text, size)).rejects.toMatchObject({
      code: "source-failed",
      message: expect.stringContaining(`the source nightly gave no data: it is cut off: ${what}`),
    });
});
