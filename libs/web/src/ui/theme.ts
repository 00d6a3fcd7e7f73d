import { useSyncExternalStore } from "react";

export type Theme = "light" | "dark" | "system";

const KEY = "tokenline.theme";
const listeners = new Set<() => void>();
const dark = () => globalThis.matchMedia?.("(prefers-color-scheme: dark)");

export function chosenTheme(): Theme {
  const stored = localStorage.getItem(KEY);
  return stored === "light" || stored === "dark" ? stored : "system";
}

export function chooseTheme(theme: Theme): void {
  if (theme === "system") localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, theme);
  showTheme();
  for (const listener of listeners) listener();
}

/** As the system has it, also when it changes while the page is open; call it before the first paint. */
export function followTheme(): void {
  dark()?.addEventListener("change", showTheme);
  showTheme();
}

/** Puts the theme on the document. */
export function showTheme(): void {
  const theme = chosenTheme();
  const shown = theme === "system" ? (dark()?.matches ? "dark" : "light") : theme;
  document.documentElement.dataset["theme"] = shown;
}

/** The user's choice. */
export function useTheme(): Theme {
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, chosenTheme);
}
