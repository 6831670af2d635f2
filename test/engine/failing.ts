import type { ServiceSpec } from "../../src/domain/service.ts";
import { idle, listening } from "./world.ts";

/** A container that fails or stands, of one of the stand-in images or of ours with a few files. */
export type Fixture = {
  /** What goes on in it, in words. */
  is: string;
  /** The suspect's name; null where none may be named. */
  suspect: string | null;
  /** `files`: node with `/fixtures`; `bare`: node without a shell and `cat`; `foreign`: for another processor. */
  image?: "node" | "postgres" | "python" | "nginx" | "files" | "bare" | "foreign";
  service: Partial<ServiceSpec>;
  /** Ports that have to accept; 3000 without. */
  ports?: number[];
  isJob?: true;
};

const node = (program: string, more: Partial<ServiceSpec> = {}): Partial<ServiceSpec> => ({
  command: ["node", "-e", program],
  ...more,
});
const sh = (script: string, more: Partial<ServiceSpec> = {}): Partial<ServiceSpec> => ({
  entrypoint: ["sh", "-c", script],
  ...more,
});
const python = (program: string): Partial<ServiceSpec> => ({ entrypoint: ["python3", "-c", program], command: [] });
const starts = (path: string): Partial<ServiceSpec> => ({ entrypoint: [path], command: [] });
const health = (...test: string[]): ServiceSpec["healthcheck"] => ({
  test,
  intervalMs: 3_600_000,
  timeoutMs: 1000,
  retries: 3,
  startPeriodMs: 0,
  startIntervalMs: null,
});

/** `db` is a Postgres that runs, with the user and database `shop`; `cache` runs and accepts nothing. */
export const failing: Fixture[] = [
  { is: "listens on loopback", suspect: "loopback", service: node(listening(3000, { host: "127.0.0.1" })) },
  {
    is: "listens on loopback, in an image without a shell",
    suspect: "loopback",
    image: "bare",
    service: { entrypoint: ["node", "-e", listening(3000, { host: "127.0.0.1" })], command: [] },
  },
  { is: "listens on what localhost is", suspect: "loopback", service: node(listening(3000, { host: "localhost" })) },
  {
    is: "finds its port taken by itself, and takes the next",
    suspect: "other-port",
    service: node(`console.log("Port 3000 is in use, trying 3001 instead.");${listening(3001)}`),
  },
  { is: "listens on another port", suspect: "other-port", service: node(listening(8080)) },
  {
    is: "lacks a variable's value",
    suspect: "variable-empty",
    service: node(`if (!process.env.API_KEY) throw new Error("API_KEY is required")`, { environment: { API_KEY: "" } }),
  },
  {
    is: "lacks a variable, in Python",
    suspect: "variable-empty",
    image: "python",
    service: python("import os; os.environ['SHOP_TOKEN']"),
  },
  {
    is: "is a database without a password",
    suspect: "variable-empty",
    image: "postgres",
    service: { image: { kind: "pull", reference: "postgres:17" } },
    ports: [5432],
  },
  {
    is: "has an image for another processor",
    suspect: "wrong-architecture",
    image: "foreign",
    service: starts("/sockets"),
  },
  {
    is: "has a program for another processor",
    suspect: "wrong-architecture",
    image: "files",
    service: starts("/fixtures/foreign"),
  },
  {
    is: "has a file that is not executable",
    suspect: "not-executable",
    image: "files",
    service: starts("/fixtures/plain.sh"),
  },
  { is: "runs such a file by a shell", suspect: "not-executable", image: "files", service: sh("/fixtures/plain.sh") },
  {
    is: "has a script with Windows line ends",
    suspect: "crlf",
    image: "files",
    service: starts("/fixtures/windows.sh"),
  },
  { is: "has one for env", suspect: "crlf", image: "files", service: starts("/fixtures/windows.js") },
  {
    is: "has a script without a first line",
    suspect: "no-interpreter",
    image: "files",
    service: starts("/fixtures/bare"),
  },
  { is: "starts what its image lacks", suspect: "program-missing", service: starts("gunicorn") },
  { is: "runs what its image lacks by a shell", suspect: "program-missing", service: sh("next start") },
  { is: "lacks a module", suspect: "module-missing", service: node(`require("express")`) },
  {
    is: "gives a wrong password",
    suspect: "database-password",
    image: "postgres",
    service: sh("psql postgresql://shop:wrong@db/shop -c 'select 1'"),
  },
  {
    is: "asks for a database that is not there",
    suspect: "database-missing",
    image: "python",
    service: python("import psycopg; psycopg.connect('postgresql://shop:right@db/shop_dev')"),
  },
  {
    is: "migrates onto what is there",
    suspect: "migration",
    image: "postgres",
    isJob: true,
    service: sh(
      "psql postgresql://shop:right@db/shop -v ON_ERROR_STOP=1 -c 'create table carts ()' -c 'create table carts ()'",
      { name: "migrate" },
    ),
  },
  {
    is: "looks for the database in its own container",
    suspect: "own-container",
    service: node(`require("net").connect(5432, "127.0.0.1")`),
  },
  {
    is: "goes on looking there, without ever listening",
    suspect: "own-container",
    service: node(
      `setInterval(()=>require("net").connect(5432,"127.0.0.1").on("error",e=>console.error("database:",e.message)),100)`,
    ),
  },
  {
    is: "looks for a service that is not there",
    suspect: "unknown-host",
    service: node(`require("net").connect(5432, "postgres")`),
  },
  {
    is: "is nginx before a service that is not there",
    suspect: "unknown-host",
    image: "nginx",
    service: sh(
      `printf 'server { listen 3000; location / { proxy_pass http://backend:80; } }' > /etc/nginx/conf.d/a.conf; nginx -g 'daemon off;'`,
    ),
  },
  {
    is: "asks another before it is ready",
    suspect: "not-waited-for",
    service: node(`require("net").connect(6379, "cache")`),
  },
  {
    is: "has no room in a tmpfs",
    suspect: "no-space",
    service: node(`require("fs").writeFileSync("/data/x", Buffer.alloc(1e6))`, {
      mounts: [{ kind: "tmpfs", target: "/data", sizeBytes: 65_536 }],
    }),
  },
  {
    is: "may not have a low port",
    suspect: "privileged-port",
    service: node(`require("http").createServer().listen(80)`, {
      user: "1000",
      sysctls: { "net.ipv4.ip_unprivileged_port_start": "1024" },
    }),
    ports: [80],
  },
  {
    is: "has too many files to watch, with the kernel's words for a full disk",
    suspect: "file-watchers",
    service: node(`throw new Error("ENOSPC: System limit for number of file watchers reached, watch '/app'")`),
  },
  {
    is: "uses too much memory",
    suspect: "out-of-memory",
    service: node(`const k=[];setInterval(()=>k.push(Buffer.alloc(3e7,1)),1)`, {
      limits: { cpus: 1, memoryBytes: 2 ** 26, pids: 50 },
    }),
  },
  {
    is: "starts its server twice",
    suspect: "port-taken",
    service: node(`const h=require("http");h.createServer().listen(3001,()=>h.createServer().listen(3001))`),
  },
  {
    is: "is checked with what its image lacks",
    suspect: "health-program",
    service: node(listening(3000), { healthcheck: health("CMD", "curlie", "-f", "http://localhost:3000") }),
  },
];

const own = `throw new TypeError("cart.map is not a function")`;

/** Fails of itself, each beside words that a cause might be read from; or does not fail at all. */
export const others: Fixture[] = [
  {
    is: "has one after a refused password that it tried and told of",
    suspect: null,
    service: node(
      `console.error('retrying: password authentication failed for user "old"');console.log("connected as shop");${own}`,
    ),
  },
  {
    is: "asks a port that the database does not have",
    suspect: null,
    service: node(`require("net").connect(5433, "db")`),
  },
  {
    is: "names a variable of its own that is empty on purpose",
    suspect: null,
    service: node(`throw new RangeError("cart total is negative (DISCOUNT mode)")`, { environment: { DISCOUNT: "" } }),
  },
  {
    is: "has a child that is out of its own memory, and says so",
    suspect: null,
    service: node(`console.error("worker 3: out of memory budget for carts, skipping");process.exit(5)`),
  },
  { is: "ends without a word", suspect: null, service: node("process.exit(1)") },
  { is: "ends well, though it should stay", suspect: null, service: node("console.log('bye')") },
  { is: "has an error of its own", suspect: null, service: node(own) },
  {
    is: "has one after a cache that it does without",
    suspect: null,
    service: node(
      `require("net").connect(6379,"127.0.0.1").on("error",e=>{console.error("warn: no cache:",e.message);${own}})`,
    ),
  },
  {
    is: "has one after an error that it caught",
    suspect: null,
    service: node(`require("net").connect(5432,"127.0.0.1").on("error",e=>{console.error(e.stack);${own}})`),
  },
  {
    is: "tells of a variable that it does without",
    suspect: null,
    service: node(`console.log("SENTRY_DSN is not set");console.log("up");console.log("queue empty");process.exit(1)`),
  },
  {
    is: "dislikes the value of a variable",
    suspect: null,
    service: node(`throw new Error("API_KEY is required to be longer")`, { environment: { API_KEY: "short" } }),
  },
  {
    is: "looks for a second process of its own",
    suspect: null,
    service: node(`require("net").connect(38211, "127.0.0.1")`),
  },
  { is: "looks for a file", suspect: null, service: node(`require("fs").readFileSync("/app/config.json")`) },
  {
    is: "may not read a file",
    suspect: null,
    service: node(`require("fs").readFileSync("/etc/shadow")`, { user: "1000" }),
  },
  { is: "kills itself", suspect: null, service: node(`process.kill(process.pid, "SIGKILL")`) },
  { is: "aborts", suspect: null, service: node("process.abort()") },
  { is: "has a syntax error", suspect: null, service: node("const x = ;") },
  { is: "has one in Python", suspect: null, image: "python", service: python("def :") },
  { is: "fails in its shell", suspect: null, service: sh("echo 'no carts to ship'; exit 42") },
  {
    is: "is nginx with a word that it does not know",
    suspect: null,
    image: "nginx",
    service: sh("echo 'sevrer {}' > /etc/nginx/conf.d/a.conf; nginx -g 'daemon off;'"),
  },
  {
    is: "is a job that reports, and asks wrongly",
    suspect: null,
    image: "postgres",
    isJob: true,
    service: sh("psql postgresql://shop:right@db/shop -c 'selec 1'"),
  },
  { is: "hangs and listens nowhere", suspect: null, service: node(idle) },
  { is: "listens only for a debugger", suspect: null, service: { command: ["node", "--inspect", "-e", idle] } },
  {
    is: "fails its health check for a reason of its own",
    suspect: null,
    service: node(
      `console.log("Error: connect ECONNREFUSED 127.0.0.1:6379");console.log("up");console.log("GET / 200");${listening(3000)}`,
      {
        healthcheck: health("CMD-SHELL", "echo no carts >&2; exit 4"),
      },
    ),
  },
  {
    is: "answers its check too late",
    suspect: null,
    service: node(listening(3000), { healthcheck: health("CMD", "sleep", "30") }),
  },
];

export const healthy: Fixture[] = [
  { is: "listens", suspect: null, service: node(listening(3000)) },
  {
    is: "listens, and on loopback beside it",
    suspect: null,
    service: node(`${listening(3000)};require("net").createServer().listen(4000,"127.0.0.1")`),
  },
  {
    is: "listens, without a shell",
    suspect: null,
    image: "bare",
    service: { entrypoint: ["node", "-e", listening(3000)], command: [] },
  },
  {
    is: "listens at its own address alone",
    suspect: null,
    service: node(
      `const own=Object.values(require("os").networkInterfaces()).flat().find((each)=>!each.internal).address;require("http").createServer((q,r)=>r.end()).listen(3000,own)`,
    ),
  },
  {
    is: "listens, and does without a cache",
    suspect: null,
    service: node(
      `${listening(3000)};require("net").connect(6379,"127.0.0.1").on("error",e=>console.error("cache:",e.message))`,
    ),
  },
];
