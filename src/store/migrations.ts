/** Numbered by position; only ever appended to. JSON columns hold the types of the domain. */
export const migrations: readonly string[] = [
  `
  create table repositories (
    id integer primary key,
    name text not null,
    slug text not null unique,
    -- when the forge said that it was deleted
    deleted_at integer,
    -- up to where its comments were heard
    heard text
  ) strict;

  create table previews (
    key text primary key,
    slug text not null unique,
    repository_id integer not null references repositories (id),
    number integer not null,
    spec text not null,
    -- the newest event's pull request, for the time the forge is down
    hint text,
    revision integer not null,
    created_at integer not null,
    gone_at integer,
    -- neither raises the revision: nothing is decided from them alone
    visited_at integer,
    admitted_at integer
  ) strict;

  create table deliveries (
    hook_id text not null,
    delivery text not null,
    event text not null,
    body_hash text not null,
    received_at integer not null,
    primary key (hook_id, delivery, event, body_hash)
  ) strict, without rowid;
  create index deliveries_by_age on deliveries (received_at);

  create table requests (
    comment_id integer primary key,
    preview text not null references previews (key),
    repository text not null,
    number integer not null,
    verb text not null,
    argument text,
    author text not null,
    received_at integer not null,
    state text not null,
    generation integer,
    answer text,
    reaction text
  ) strict;
  create index requests_open on requests (preview, state);

  -- only hashes: nothing here opens a door
  create table tokens (
    name text primary key,
    sha256 text not null unique,
    scopes text not null,
    created_at integer not null
  ) strict, without rowid;

  create table sessions (
    id_sha256 text primary key,
    owner text not null,
    expires_at integer not null
  ) strict, without rowid;

  create table audit (
    id integer primary key,
    at integer not null,
    actor_kind text not null,
    actor text not null,
    via text not null,
    address text,
    action text not null,
    preview text,
    outcome text not null,
    detail text
  ) strict;
  create index audit_by_age on audit (at);
  create index audit_by_preview on audit (preview, at);
  -- entries before this moment may be forgotten
  create table audit_horizon (kept_since integer not null) strict;
  insert into audit_horizon (kept_since) values (0);
  create trigger audit_is_kept_as_it_is before update on audit
    begin select raise(abort, 'the audit is only added to'); end;
  create trigger audit_is_kept before delete on audit
    when old.at >= (select kept_since from audit_horizon)
    begin select raise(abort, 'the audit is only added to'); end;
  -- "insert or replace" deletes without asking the trigger above
  create trigger audit_is_not_replaced before insert on audit
    when exists (select 1 from audit where id = new.id)
    begin select raise(abort, 'the audit is only added to'); end;

  create table deployments (
    preview text not null references previews (key),
    generation integer not null,
    commit_id text not null,
    cause text not null,
    -- the generation whose stack it runs again, after a rollback
    origin integer,
    phase text not null,
    started_at integer not null,
    ready_at integer,
    ended_at integer,
    failure text,
    trouble text,
    -- since when only our own host or GitHub keeps it from going on
    stalled_at integer,
    stalled_for text,
    findings text not null default '[]',
    stack text,
    primary key (preview, generation)
  ) strict;

  -- what was run against an attempt, and what came of it
  create table checks (
    preview text not null references previews (key),
    generation integer not null,
    name text not null,
    required integer not null,
    state text not null,
    started_at integer not null,
    ended_at integer,
    detail text,
    log text,
    primary key (preview, generation, name)
  ) strict, without rowid;

  -- who let which commit of a fork run
  create table approvals (
    preview text not null references previews (key),
    commit_id text not null,
    approved_by text not null,
    approved_at integer not null,
    primary key (preview, commit_id)
  ) strict, without rowid;

  create table timeline (
    preview text not null,
    generation integer not null,
    name text not null,
    started_at integer not null,
    ended_at integer,
    outcome text not null,
    detail text,
    primary key (preview, generation, name)
  ) strict, without rowid;

  create table whole_volumes (
    name text primary key,
    preview text not null,
    completed_at integer not null,
    -- which seed it holds; and of a data branch how it was made, and what that took
    seed text,
    strategy text,
    took_ms integer,
    -- how much had been written when the preview was ready
    mark text,
    marked_at integer,
    -- somebody wrote to it while it served
    written integer not null default 0
  ) strict, without rowid;
  create index whole_volumes_by_preview on whole_volumes (preview);

  -- which migrations the code that ran on a volume brought
  create table seen_migrations (
    name text not null,
    path text not null,
    blob text not null,
    preview text not null,
    primary key (name, path)
  ) strict, without rowid;
  create index seen_migrations_by_preview on seen_migrations (preview);

  -- replaced data that is kept for a while
  create table retired_volumes (
    name text primary key,
    preview text not null,
    volume text not null,
    service text,
    image text,
    edition text,
    cause text not null,
    replaced_by integer not null,
    until integer not null
  ) strict, without rowid;
  create index retired_volumes_by_preview on retired_volumes (preview);

  create table snapshots (
    volume text primary key,
    key text not null,
    seed text not null,
    root text not null,
    -- whose commit, and all that it is made from: enough to build it anew
    origin text not null,
    -- volumes of the source editions that are in it
    editions text not null,
    built_at integer not null,
    took_ms integer not null,
    used_at integer not null,
    -- null: new previews of this key get it
    replaced_at integer,
    failure text
  ) strict, without rowid;
  create unique index newest_snapshots on snapshots (key) where replaced_at is null;

  -- images that were not on the engine before we pulled them: the others are the operator's
  create table pulled_images (
    name text primary key,
    pulled_at integer not null
  ) strict, without rowid;

  -- what sources gave, masked; a row is written when one is whole
  create table editions (
    volume text primary key,
    key text not null,
    source text not null,
    wish text not null,
    facts text not null,
    cause text not null,
    built_at integer not null,
    took_ms integer not null,
    used_at integer not null,
    replaced_at integer
  ) strict, without rowid;
  create unique index newest_editions on editions (key) where replaced_at is null;

  -- when each source was read last, well or not
  create table source_reads (
    source text primary key,
    tried_at integer not null,
    done_at integer,
    failure text
  ) strict, without rowid;

  create table published (
    preview text primary key,
    value text not null
  ) strict, without rowid;
  `,
];
