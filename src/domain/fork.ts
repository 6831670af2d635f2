/** What somebody types to allow a commit: as much of it as nobody can meet with another commit of their making. */
export function allowCommand(commit: string): string {
  return `/allow ${commit.slice(0, 12)}`;
}
