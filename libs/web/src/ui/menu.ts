/** The look that all menus share. */
export const MENU =
  "z-50 min-w-44 animate-fade rounded-xl border border-line bg-raised p-1 text-sm text-ink shadow-soft focus:outline-none";

export const MENU_ITEM =
  "flex h-8.5 items-center gap-2.5 rounded-lg px-2.5 outline-none select-none " +
  "data-highlighted:bg-sunken [&>svg]:size-4 [&>svg]:opacity-70";
