import { useEffect, useSyncExternalStore } from "react";

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

/** Puts the theme on the document; call it before the first paint. */
export function showTheme(): void {
  const theme = chosenTheme();
  const shown = theme === "system" ? (dark()?.matches ? "dark" : "light") : theme;
  document.documentElement.dataset["theme"] = shown;
}

/** The user's choice; follows the system while that is the choice. */
export function useTheme(): Theme {
  useEffect(() => {
    const media = dark();
    media?.addEventListener("change", showTheme);
    return () => media?.removeEventListener("change", showTheme);
  }, []);
  return useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }, chosenTheme);
}
