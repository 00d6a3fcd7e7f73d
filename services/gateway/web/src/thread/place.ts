import type { Citation } from "@tokenline/client";

type Placed = Pick<Citation, "page" | "section">;

/** Where in its file a passage stands: `page 4`, or `section Travel › Trains` where there are no pages. */
export function placeOf({ page, section }: Placed): string {
  if (page !== null) return `page ${page}`;
  return section ? `section ${section}` : "";
}

/** The same where there is little room. */
export function shortPlaceOf({ page, section }: Placed): string {
  if (page !== null) return `p. ${page}`;
  return section?.split(" › ").at(-1) ?? "";
}
