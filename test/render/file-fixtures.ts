import type { Project } from "../support/compose-oracle.ts";

const one = (text: string, files: Record<string, string> = {}): Project => ({
  files: { "compose.yaml": text, ...files },
});

const base =
  "services: { base: { image: nginx, command: a, ports: ['80'], environment: { A: 1, B: 1 }, volumes: ['./x:/x'] } }";

/** Services that extend others. */
export const extendsProjects: Record<string, Project> = {
  "a service of the same file": one("services: { a: { image: x, command: a }, b: { extends: a, command: b } }"),
  "in the long form": one("services: { a: { image: x, tty: true }, b: { extends: { service: a }, user: b } }"),
  "one that extends another": one(
    "services: { a: { image: x, environment: [A=1] }, b: { extends: a, environment: [B=1] }, c: { extends: b, environment: [A=2] } }",
  ),
  "of another file": one("services: { web: { extends: { file: base.yaml, service: base }, environment: { B: 2 } } }", {
    "base.yaml": base,
  }),
  "of a file in another directory": one("services: { web: { extends: { file: ./common/base.yaml, service: base } } }", {
    "common/base.yaml":
      "services: { base: { image: nginx, build: ., env_file: a.env, volumes: ['./x:/x', '../y:/y'], label_file: l.env } }",
    "common/a.env": "A=1\n",
    "common/l.env": "l=1\n",
  }),
  "of a file that extends another": one("services: { web: { extends: { file: one/one.yaml, service: one } } }", {
    "one/one.yaml": "services: { one: { extends: { file: ../two/two.yaml, service: two }, volumes: ['./1:/1'] } }",
    "two/two.yaml":
      "services: { two: { extends: three, volumes: ['./2:/2'] }, three: { image: x, build: { context: ./c } } }",
  }),
  "a build without a context": one("services: { web: { extends: { file: c/base.yaml, service: base } } }", {
    "c/base.yaml": "services: { base: { build: { dockerfile: D } } }",
  }),
  "a base with variables": one("services: { web: { extends: { file: base.yaml, service: base } } }", {
    "base.yaml": "services: { base: { image: 'x:$TAG' } }",
    ".env": "TAG=7\n",
  }),
  "what depends on others comes along": one(
    "services: { web: { extends: { file: base.yaml, service: base } }, db: { image: x } }",
    {
      "base.yaml":
        "services: { base: { image: x, depends_on: [db], links: [db], volumes_from: [db] }, db: { image: y } }",
    },
  ),
  "a dependency that does not come along": one("services: { web: { extends: { file: base.yaml, service: base } } }", {
    "base.yaml": "services: { base: { image: x, depends_on: [db] }, db: { image: y } }",
  }),
  "networks and volumes do not come along": one("services: { web: { extends: { file: base.yaml, service: base } } }", {
    "base.yaml": "services: { base: { image: x, networks: [n], volumes: [v:/v] } }\nnetworks: { n: }\nvolumes: { v: }",
  }),
  "nothing over the base": one(
    "services: { a: { image: x, command: a, ports: ['80'] }, b: { extends: a, command: , ports: } }",
  ),
  "lists are joined": one(
    "services: { a: { image: x, ports: ['80', '81:81'], cap_add: [A], tmpfs: /a }, b: { extends: a, ports: ['80'], cap_add: [A, B], tmpfs: [/b] } }",
  ),
  itself: one("services: { a: { extends: a, image: x } }"),
  "each other": one("services: { a: { extends: b, image: x }, b: { extends: a } }"),
  "each other over files": one("services: { a: { extends: { file: b.yaml, service: b } } }", {
    "b.yaml": "services: { b: { extends: { file: compose.yaml, service: a } } }",
  }),
  "one that is not there": one("services: { a: { extends: nope, image: x } }"),
  "one that is not in the file": one("services: { a: { extends: { file: base.yaml, service: nope } } }", {
    "base.yaml": base,
  }),
  "a file that is not there": one("services: { a: { extends: { file: nope.yaml, service: a } } }"),
  "a file without services": one("services: { a: { extends: { file: b.yaml, service: a } } }", {
    "b.yaml": "volumes: { v: }",
  }),
  "no service": one("services: { a: { extends: { file: b.yaml } } }", { "b.yaml": base }),
  "a service that a later file makes": {
    files: {
      "0.yaml": "services: { web: { extends: base, image: x }, base: { image: y, tty: true } }",
      "1.yaml": "services: { base: { tty: false, user: u }, web: { user: w } }",
    },
    compose: ["0.yaml", "1.yaml"],
  },
  "by two files": {
    files: {
      "0.yaml": "services: { web: { extends: { file: base.yaml, service: base } } }",
      "1.yaml": "services: { web: { extends: { file: base.yaml, service: base }, command: c } }",
      "base.yaml": base,
    },
    compose: ["0.yaml", "1.yaml"],
  },
  "from a project in a directory": {
    files: {
      "deploy/compose.yaml": "services: { web: { extends: { file: ../base.yaml, service: base } } }",
      "base.yaml": base,
    },
    compose: ["deploy/compose.yaml"],
  },
  "with profiles": one("services: { a: { image: x, profiles: [p] }, b: { extends: a, profiles: !reset [] } }"),
  "what includes": one("services: { a: { extends: { file: b.yaml, service: b } } }", {
    "b.yaml": "include: [nope.yaml]\nservices: { b: { image: x } }",
  }),
};

const included =
  "services: { db: { image: 'db:${TAG:-none}', env_file: a.env, volumes: [data:/d, './x:/x'] } }\nvolumes: { data: }";

/** Files that include others. */
export const includeProjects: Record<string, Project> = {
  "a file": one("include: [other.yaml]\nservices: { web: { image: x, depends_on: [db] } }", {
    "other.yaml": "services: { db: { image: y } }",
  }),
  "a file of another directory": one("include: [db/compose.yaml]\nservices: { web: { image: x } }", {
    "db/compose.yaml": included,
    "db/a.env": "A=$TAG\n",
    "db/.env": "TAG=1\n",
  }),
  "what is set outside wins": one("include: [db/compose.yaml]\nservices: { web: { image: x } }", {
    "db/compose.yaml": included,
    "db/a.env": "A=1\n",
    "db/.env": "TAG=1\n",
    ".env": "TAG=2\n",
  }),
  "with its own env files": one(
    "include: [{ path: db/compose.yaml, env_file: [one.env, two.env] }]\nservices: { web: { image: 'x:$TAG' } }",
    {
      "db/compose.yaml": included,
      "db/a.env": "A=1\n",
      "db/.env": "TAG=1\n",
      "one.env": "TAG=one\nX=x\n",
      "two.env": "TAG=$X$TAG\n",
    },
  ),
  "with its own directory": one("include: [{ path: db/compose.yaml, project_directory: other }]\nservices: {}", {
    "db/compose.yaml": included,
    "other/a.env": "A=1\n",
    "other/.env": "TAG=other\n",
  }),
  "several paths": one("include: [{ path: [db/compose.yaml, db/over.yaml, other/over.yaml] }]\nservices: {}", {
    "db/compose.yaml": included,
    "db/a.env": "A=1\n",
    "db/over.yaml": "services: { db: { ports: ['1'], volumes: ['./y:/y'] } }",
    "other/over.yaml": "services: { db: { ports: ['2'], volumes: ['./z:/z'] } }",
  }),
  "files that include": one("include: [a/a.yaml]\nservices: { web: { image: x } }", {
    "a/a.yaml": "include: [b/b.yaml]\nservices: { a: { image: 'a:${TAG:-}', build: . } }",
    "a/b/b.yaml": "services: { b: { image: 'b:${TAG:-}', build: ./c, volumes: ['./v:/v', '../w:/w'] } }",
    "a/.env": "TAG=a\n",
    "a/b/.env": "TAG=b\n",
  }),
  "one file by two ways": one("include: [a.yaml, b.yaml]\nservices: {}", {
    "a.yaml": "include: [c.yaml]\nservices: { a: { image: x } }",
    "b.yaml": "include: [c.yaml]\nservices: { b: { image: x } }",
    "c.yaml": "services: { c: { image: x, ports: ['80:80'] } }\nvolumes: { v: { name: n } }",
  }),
  "all that there is": one(
    "include: [a.yaml]\nservices: { web: { image: x, networks: [n], volumes: [v:/v], secrets: [s], configs: [c] } }",
    {
      "a.yaml":
        "networks: { n: }\nvolumes: { v: }\nsecrets: { s: { file: ./s } }\nconfigs: { c: { file: ./c } }\nservices: {}",
    },
  ),
  "what a later file changes": {
    files: {
      "0.yaml": "include: [db.yaml]\nservices: { web: { image: x } }",
      "1.yaml": "services: { db: { command: c } }",
      "db.yaml": "services: { db: { image: y, command: d } }",
    },
    compose: ["0.yaml", "1.yaml"],
  },
  "a service that is declared, too": one("include: [a.yaml]\nservices: { db: { image: x } }", {
    "a.yaml": "services: { db: { image: y } }",
  }),
  "a service that is declared alike": one("include: [a.yaml]\nservices: { db: { image: x } }", {
    "a.yaml": "services: { db: { image: x } }",
  }),
  "two that declare one service": one("include: [a.yaml, b.yaml]\nservices: {}", {
    "a.yaml": "services: { db: { image: x } }",
    "b.yaml": "services: { db: { image: y } }",
  }),
  itself: one("include: [compose.yaml]\nservices: { a: { image: x } }"),
  "each other": one("include: [a.yaml]\nservices: { x: { image: x } }", {
    "a.yaml": "include: [b.yaml]\nservices: { a: { image: x } }",
    "b.yaml": "include: [a.yaml]\nservices: { b: { image: x } }",
  }),
  "a file that is not there": one("include: [nope.yaml]\nservices: { a: { image: x } }"),
  "an env file that is not there": one("include: [{ path: a.yaml, env_file: nope.env }]\nservices: {}", {
    "a.yaml": "services: { a: { image: x } }",
  }),
  "no list": one("include: a.yaml\nservices: {}", { "a.yaml": "services: { a: { image: x } }" }),
  "listed variables take values of the inclusion": one(
    "include: [a/a.yaml]\nservices: { web: { image: x, environment: [T] } }",
    {
      "a/a.yaml": "services: { a: { image: x, environment: [T] } }",
      "a/.env": "T=1\n",
    },
  ),
  "services that extend others there": one("include: [a/a.yaml]\nservices: { web: { image: x } }", {
    "a/a.yaml": "services: { a: { extends: { file: b/b.yaml, service: b } } }",
    "a/b/b.yaml": "services: { b: { image: x, build: ., volumes: ['./v:/v'] } }",
  }),
  "a path from a variable": one("include: ['${DIR}/a.yaml']\nservices: {}", {
    "a/a.yaml": "services: { a: { image: x } }",
    ".env": "DIR=a\n",
  }),
  "with profiles": one("include: [a.yaml]\nservices: { web: { image: x } }", {
    "a.yaml": "services: { a: { image: x, profiles: [p] } }",
  }),
  "a build without a context": one("include: [a/a.yaml]\nservices: {}", {
    "a/a.yaml": "services: { a: { build: { target: t } } }",
  }),
};

/** Paths of a project in a directory, and of one with files of several. */
export const pathProjects: Record<string, Project> = {
  "start at the first file": {
    files: {
      "deploy/compose.yaml":
        "services: { web: { build: { context: .., additional_contexts: { a: ./a, b: 'service:db', c: 'https://x/y' } }, env_file: [{ path: w.env }], volumes: ['../src:/s', { type: bind, source: ./b, target: /b }, '~/h:/h', '/abs:/abs'], develop: { watch: [{ path: ./w, action: rebuild }] } }, db: { build: . } }\nsecrets: { s: { file: ./s } }\nconfigs: { c: { file: ../c } }",
      "deploy/w.env": "A=1\n",
      "deploy/.env": "B=2\n",
      "deploy/w/x": "",
      "other/over.yaml": "services: { web: { volumes: ['./o:/o'], secrets: [s], configs: [c] } }",
    },
    compose: ["deploy/compose.yaml", "other/over.yaml"],
  },
  "of volumes that are folders": one(
    "services: { web: { image: x, volumes: [data:/d] } }\nvolumes: { data: { driver: local, driver_opts: { type: none, o: bind, device: ./d } } }",
  ),
  "of a context elsewhere": one(
    "services: { a: { build: https://github.com/a/b.git }, b: { build: 'git@github.com:a/b' }, c: { build: github.com/a/b } }",
  ),
  "with slashes and dots": one("services: { a: { build: ./a/../b/, volumes: ['./x/:/x/', '.:/y/../z', '../up:/u'] } }"),
  "of where Compose is started": one(
    "services: { a: { image: x, volumes: ['$PWD/x:/x', '${PWD}:/y'], environment: { P: '${PWD}/z' } } }",
  ),
  "of a home directory": one("services: { a: { image: x, volumes: ['~/a//b/:/c'] } }"),
  "of a Windows machine": one("services: { a: { image: x, volumes: ['C:\\a:/b'] } }"),
  "of label files": one("services: { a: { image: x, label_file: [l.env, m.env], labels: { own: 1 } } }", {
    "l.env": "own=file\na=1\nb=$a\n",
    "m.env": "a=2\nc=$a\n",
  }),
  "of env files in other forms": one(
    "services: { a: { image: x, env_file: [{ path: r.env, format: raw }, { path: none.env, required: false }] } }",
    { "r.env": "A='$x' # y\nB=\"q\"\n" },
  ),
  "of an env file that is not there": one("services: { a: { image: x, env_file: nope.env } }"),
};
