/** One grid for head and rows; a phone sees the first columns and the menu, and the rest by scrolling. */
export const GRID =
  "grid min-w-[900px] grid-cols-[64px_minmax(180px,1.5fr)_minmax(90px,1fr)_minmax(80px,0.8fr)_56px_112px_minmax(130px,1.2fr)_84px_104px_28px] items-center gap-3 px-5";

export const COLUMNS = ["Ahead", "User", "Agent", "Pool", "Prio", "State", "Reason", "Age", "Wait"] as const;

export const ROW_PX = 40;
