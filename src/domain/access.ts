/** Who may look at a preview: everybody, whoever has its link, or whoever signs in and may read the repository. */
export type Access = "public" | "link" | "sign-in";

/** What holds for a preview: the operator's word; without one, previews of private code are for those with the link. */
export function accessOf(chosen: Access | null, isPrivate: boolean): Access {
  return chosen ?? (isPrivate ? "link" : "public");
}
