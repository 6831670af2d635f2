import { describe, expect, test } from "vitest";
import { nodeRefused, said } from "./cases.ts";

const python = (last: string) => `Traceback (most recent call last):
  File "/app/main.py", line 12, in <module>
    main()
    ~~~~^^
${last}`;

describe("what a service said last names the cause", () => {
  test.each<[string, string, string]>([
    [
      "database-password",
      "node",
      "error: password authentication failed for user \"app\"\n    at Parser.parseErrorMessage (/app/node_modules/pg-protocol/dist/parser.js:285:98) {\n  severity: 'FATAL',\n  code: '28P01',\n}\n\nNode.js v24.0.0",
    ],
    [
      "database-password",
      "psycopg",
      python(
        'psycopg.OperationalError: connection failed: connection to server at "10.213.0.2", port 5432 failed: FATAL:  password authentication failed for user "app"',
      ),
    ],
    [
      "database-password",
      "MySQL",
      "Error: Access denied for user 'root'@'10.213.0.3' (using password: YES)\n    at Packet.asError",
    ],
    [
      "database-password",
      "Prisma",
      "Error: P1000: Authentication failed against database server, the provided database credentials for `app` are not valid.\n\nPlease make sure to provide valid database credentials for the database server at the configured address.",
    ],
    [
      "database-password",
      "pg without one",
      "Error: SASL: SCRAM-SERVER-FIRST-MESSAGE: client password must be a string\n    at Object.continueSession",
    ],
    [
      "database-password",
      "Redis",
      "ReplyError: WRONGPASS invalid username-password pair or user is disabled.\n    at parseError",
    ],
    ["database-missing", "Postgres", 'error: database "shop_dev" does not exist\n    at Parser.parseErrorMessage'],
    [
      "database-missing",
      "Rails",
      `/usr/local/bundle/gems/activerecord-8.0/lib/active_record/connection_adapters/postgresql_adapter.rb:87:in 'new_client': We could not find your database: shop_production. (ActiveRecord::NoDatabaseError)\nconnection to server at "10.213.0.2", port 5432 failed: FATAL:  database "shop_production" does not exist (PG::ConnectionBad)`,
    ],
    ["database-missing", "MySQL", python(`MySQLdb.OperationalError: (1049, "Unknown database 'shop'")`)],
    [
      "database-user",
      "Postgres",
      python(
        'psycopg2.OperationalError: connection to server at "db" (10.213.0.2), port 5432 failed: FATAL:  role "shop" does not exist',
      ),
    ],
    [
      "database-tls",
      "pg",
      "Error: The server does not support SSL connections\n    at Socket.<anonymous> (/app/node_modules/pg/lib/connection.js:76:37)",
    ],
    ["own-container", "node", nodeRefused("127.0.0.1:5432")],
    [
      "own-container",
      "node, both families",
      "AggregateError [ECONNREFUSED]: \n    at internalConnectMultiple (node:net:1134:18)\n  [errors]: [\n    Error: connect ECONNREFUSED ::1:5432\n        at createConnectionError (node:net:1654:14) {\n    },\n    Error: connect ECONNREFUSED 127.0.0.1:5432\n        at createConnectionError (node:net:1654:14) {\n    }\n  ]\n}",
    ],
    [
      "own-container",
      "libpq",
      python(
        'psycopg.OperationalError: connection failed: connection to server at "127.0.0.1", port 5432 failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections?',
      ),
    ],
    [
      "own-container",
      "libpq by name",
      'connection to server at "localhost" (127.0.0.1), port 5432 failed: Connection refused\n\tIs the server running on that host and accepting TCP/IP connections? (PG::ConnectionBad)',
    ],
    [
      "own-container",
      "libpq without a host",
      'psql: error: connection to server on socket "/var/run/postgresql/.s.PGSQL.5432" failed: No such file or directory\n\tIs the server running locally and accepting connections on that socket?',
    ],
    [
      "own-container",
      "Prisma",
      "PrismaClientInitializationError: Can't reach database server at `localhost:5432`\n\nPlease make sure your database server is running at `localhost:5432`.",
    ],
    ["own-container", "Go", "2026/11/21 19:00:00 dial tcp [::1]:6379: connect: connection refused\nexit status 1"],
    [
      "own-container",
      "redis-py",
      python("redis.exceptions.ConnectionError: Error 111 connecting to localhost:6379. Connection refused."),
    ],
    [
      "own-container",
      "Java",
      "org.postgresql.util.PSQLException: Connection to localhost:5432 refused. Check that the hostname and port are correct and that the postmaster is accepting TCP/IP connections.",
    ],
    [
      "own-container",
      "Elixir",
      "[error] Postgrex.Protocol (#PID<0.230.0>) failed to connect: ** (DBConnection.ConnectionError) tcp connect (localhost:5432): connection refused - :econnrefused",
    ],
    [
      "own-container",
      "Laravel",
      "   SQLSTATE[HY000] [2002] Connection refused (Connection: pgsql, Host: 127.0.0.1, Port: 5432, Database: shop, SQL: select 1)",
    ],
    [
      "unknown-host",
      "node",
      "Error: getaddrinfo ENOTFOUND postgres\n    at GetAddrInfoReqWrap.onlookupall [as oncomplete] (node:dns:122:26) {\n  errno: -3008,\n  code: 'ENOTFOUND',\n  hostname: 'postgres'\n}",
    ],
    [
      "unknown-host",
      "libpq",
      python(
        'psycopg2.OperationalError: could not translate host name "postgres" to address: Temporary failure in name resolution',
      ),
    ],
    [
      "unknown-host",
      "Go",
      "panic: dial tcp: lookup postgres on 127.0.0.11:53: no such host\n\ngoroutine 1 [running]:\nmain.main()",
    ],
    [
      "unknown-host",
      "redis-py",
      python("redis.exceptions.ConnectionError: Error -2 connecting to redis:6379. Name or service not known."),
    ],
    [
      "unknown-host",
      "nginx",
      '2026/11/21 19:00:00 [emerg] 1#1: host not found in upstream "backend" in /etc/nginx/conf.d/default.conf:8\nnginx: [emerg] host not found in upstream "backend" in /etc/nginx/conf.d/default.conf:8',
    ],
    [
      "unknown-host",
      "PHP",
      "PDOException: SQLSTATE[HY000] [2002] php_network_getaddresses: getaddrinfo for mysql failed: Name or service not known",
    ],
    ["unknown-host", "Java", "Caused by: java.net.UnknownHostException: mysql"],
    ["not-waited-for", "node", nodeRefused("10.213.0.2:5432")],
    [
      "not-waited-for",
      "libpq",
      python(
        'psycopg.OperationalError: connection failed: connection to server at "10.213.0.2", port 5432 failed: Connection refused',
      ),
    ],
    ["not-waited-for", "a database that starts", "FATAL:  the database system is starting up"],
    ["variable-empty", "Prisma", "Error: Environment variable not found: API_KEY.\n  -->  schema.prisma:7"],
    ["variable-empty", "node", "Error: API_KEY is not set\n    at Object.<anonymous> (/app/server.js:3:9)"],
    ["variable-empty", "node, in other words", "Error: Missing required environment variable: API_KEY"],
    ["variable-empty", "Python", python("KeyError: 'API_KEY'")],
    [
      "variable-empty",
      "Django",
      python("django.core.exceptions.ImproperlyConfigured: The SECRET_KEY setting must not be empty."),
    ],
    ["variable-empty", "Ruby", `config/initializers/keys.rb:1:in 'ENV.fetch': key not found: "API_KEY" (KeyError)`],
    [
      "variable-empty",
      "Rails",
      "ArgumentError: Missing `secret_key_base` for 'production' environment, set this string with `bin/rails credentials:edit`",
    ],
    ["variable-empty", "sh", "/app/run.sh: 3: API_KEY: parameter not set"],
    ["variable-empty", "sh, with words of its own", "/app/run.sh: line 3: API_KEY: give it the key of the shop"],
    ["variable-empty", "bash", "/app/run.sh: line 3: API_KEY: unbound variable"],
    [
      "variable-empty",
      "Rust",
      "thread 'main' panicked at src/main.rs:9:38:\nAPI_KEY must be set: NotPresent\nnote: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
    ],
    ["variable-empty", "envconfig", "2026/11/21 19:00:00 required key API_KEY missing value"],
    ["variable-empty", "t3-env", "Invalid environment variables: { API_KEY: [ 'Required' ] }\nfile:///app/env.js:20"],
    [
      "variable-empty",
      "Elixir",
      "** (RuntimeError) environment variable API_KEY is missing.\nFor example: ecto://USER:PASS@HOST/DATABASE",
    ],
    [
      "port-taken",
      "node",
      "Error: listen EADDRINUSE: address already in use 0.0.0.0:3000\n    at Server.setupListenHandle [as _listen2] (node:net:1940:16)",
    ],
    ["port-taken", "Go", "listen tcp :3000: bind: address already in use\nexit status 1"],
    ["no-space", "node", "Error: ENOSPC: no space left on device, write '/app/cache/x'\n    at async Object.writeFile"],
    ["no-space", "Postgres", 'PANIC:  could not write to file "pg_wal/xlogtemp.29": No space left on device'],
    ["no-space", "Python", python("OSError: [Errno 28] No space left on device: '/data/x'")],
    [
      "file-watchers",
      "node",
      "Error: ENOSPC: System limit for number of file watchers reached, watch '/app'\n    at FSWatcher.<computed>",
    ],
    [
      "heap",
      "node",
      "<--- JS stacktrace --->\n\nFATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory\n----- Native stack trace -----",
    ],
    [
      "heap",
      "Java",
      'Exception in thread "main" java.lang.OutOfMemoryError: Java heap space\n\tat Main.main(Main.java:5)',
    ],
    [
      "module-missing",
      "node",
      "Error: Cannot find module 'express'\nRequire stack:\n- /app/server.js\n    at Function._resolveFilename (node:internal/modules/cjs/loader:1225:15) {\n  code: 'MODULE_NOT_FOUND',\n  requireStack: [ '/app/server.js' ]\n}\n\nNode.js v24.0.0",
    ],
    [
      "module-missing",
      "node modules",
      "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'hono' imported from /app/server.js",
    ],
    ["module-missing", "Python", python("ModuleNotFoundError: No module named 'flask'")],
    [
      "module-missing",
      "Ruby",
      "<internal:rubygems>:136:in 'Kernel#require': cannot load such file -- sinatra (LoadError)",
    ],
    ["program-missing", "sh", "> shop@1.0.0 start\n> next start\n\nsh: 1: next: not found"],
    [
      "program-missing",
      "busybox",
      "sh: vite: not found\nnpm error Lifecycle script `dev` failed with error:\nnpm error code 127",
    ],
    [
      "compiler-missing",
      "node-gyp, Python",
      [
        "npm error gyp ERR! find Python Python is not set from command line or npm configuration",
        "npm error gyp ERR! find Python Python is not set from environment variable PYTHON",
        'npm error gyp ERR! find Python - "python3" is not in PATH or produced an error',
        "npm error gyp ERR! stack Error: Could not find any Python installation to use",
        "npm error gyp ERR! cwd /app/node_modules/sqlite3",
        "npm error gyp ERR! not ok",
      ].join("\n"),
    ],
    [
      "compiler-missing",
      "node-gyp, make",
      "npm error gyp ERR! stack Error: not found: make\nnpm error gyp ERR! not ok",
    ],
    ["compiler-missing", "pip", "error: command 'gcc' failed: No such file or directory\n"],
    ["program-missing", "bash", "/app/run.sh: line 4: gunicorn: command not found"],
    ["not-executable", "sh", "sh: 1: ./run.sh: Permission denied"],
    ["crlf", "env", "env: 'node\\r': No such file or directory\nenv: use -[v]S to pass options in shebang lines"],
    ["crlf", "bash", "/app/run.sh: line 2: $'\\r': command not found"],
    [
      "host-certificate",
      "node",
      "TypeError: fetch failed\n    at node:internal/deps/undici/undici:13502:13 {\n  [cause]: Error: self-signed certificate in certificate chain\n    code: 'SELF_SIGNED_CERT_IN_CHAIN'\n}",
    ],
    [
      "host-certificate",
      "Go",
      'Get "https://api.example": tls: failed to verify certificate: x509: certificate signed by unknown authority',
    ],
    [
      "migration",
      "Prisma",
      'Error: P3018\n\nA migration failed to apply. New migrations cannot be applied before the error is recovered from.\n\nMigration name: 20261101_orders\n\nDatabase error code: 42P07\n\nDatabase error:\nERROR: relation "orders" already exists',
    ],
    [
      "migration",
      "Rails",
      'bin/rails aborted!\nStandardError: An error has occurred, this and all later migrations canceled: (StandardError)\n\nPG::DuplicateTable: ERROR:  relation "orders" already exists',
    ],
    [
      "migration",
      "Django",
      'Operations to perform:\n  Apply all migrations: admin, shop\nRunning migrations:\n  Applying shop.0002_orders...Traceback (most recent call last):\n  File "/app/manage.py", line 22, in <module>\n    main()\ndjango.db.utils.ProgrammingError: relation "orders" already exists\n',
    ],
    [
      "migration",
      "Alembic",
      'INFO  [alembic.runtime.migration] Running upgrade 1a2b -> 3c4d, add orders\nTraceback (most recent call last):\n  File "/usr/local/bin/alembic", line 8, in <module>\nsqlalchemy.exc.ProgrammingError: (psycopg.errors.DuplicateTable) relation "orders" already exists',
    ],
    [
      "migration",
      "Knex",
      'migration file "20261101_orders.js" failed\nmigration failed with error: create table "orders" - relation "orders" already exists',
    ],
    [
      "migration",
      "Flyway",
      'ERROR: Migration of schema "public" to version "2 - orders" failed! Changes successfully rolled back.\nERROR: Script V2__orders.sql failed',
    ],
    ["migration", "TypeORM", 'Migration "Orders1700000000000" failed, error: relation "orders" already exists'],
    ["migration", "golang-migrate", "error: Dirty database version 2. Fix and force version."],
    [
      "migration",
      "goose",
      'goose run: ERROR 00002_orders.sql: failed to run SQL migration: failed to execute SQL query: ERROR: relation "orders" already exists (SQLSTATE 42P07)',
    ],
    [
      "database-version",
      "Postgres",
      "FATAL:  database files are incompatible with server\nDETAIL:  The data directory was initialized by PostgreSQL version 15, which is not compatible with this version 17.10 (Debian 17.10-1).",
    ],
  ])("%s (%s)", (id, _by, text) => {
    expect(said(text)[0]).toBe(id);
  });

  test("of a job that only migrates, whatever the tool says", () => {
    const text = 'psql:/migrations/002.sql:3: ERROR:  relation "orders" already exists';
    const job = {
      service: { name: "migrate", job: true, command: ["./migrate.sh"] },
      failure: { code: "job-failed" as const },
    };
    expect(said(text, job)).toEqual(["migration"]);
    expect(said(text, { ...job, service: { ...job.service, name: "import", command: ["./import.sh"] } })).toEqual([]);
  });

  test("of a privileged port, for who is not root", () => {
    const text = "Error: listen EACCES: permission denied 0.0.0.0:80\n    at Server.setupListenHandle";
    expect(said(text, { container: { user: "node" } })).toEqual(["privileged-port"]);
    expect(said(text, { container: { user: "0" } })).toEqual([]);
  });
});
