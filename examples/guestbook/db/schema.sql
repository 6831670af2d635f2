-- What the migrations make, for a database that starts from the seed.
create table if not exists entries (
  id         integer generated always as identity primary key,
  name       text        not null check (char_length(name) between 1 and 80),
  place      text        not null default '' check (char_length(place) <= 80),
  message    text        not null check (char_length(message) between 1 and 500),
  created_at timestamptz not null default now()
);

-- Whoever writes an entry, every open page hears of it.
create or replace function announce_entry() returns trigger language plpgsql as $$
begin
  perform pg_notify('entries', row_to_json(new)::text);
  return new;
end $$;

create or replace trigger entries_announced after insert on entries
  for each row execute function announce_entry();
