import { Monitor, Moon, Sun } from "lucide-react";
import { chooseTheme, type Theme, useTheme } from "./theme";
import { cx } from "./cx";

const CHOICES: { theme: Theme; label: string; Icon: typeof Sun }[] = [
  { theme: "light", label: "Light", Icon: Sun },
  { theme: "dark", label: "Dark", Icon: Moon },
  { theme: "system", label: "As the system", Icon: Monitor },
];

/** Light, dark, or as the system. */
export function ThemeMenu() {
  const chosen = useTheme();
  return (
    <div role="radiogroup" aria-label="Appearance" className="flex rounded-[10px] bg-sunken p-0.5">
      {CHOICES.map(({ theme, label, Icon }) => (
        <button
          key={theme}
          type="button"
          role="radio"
          aria-checked={chosen === theme}
          aria-label={label}
          title={label}
          onClick={() => chooseTheme(theme)}
          className={cx(
            "grid h-7 flex-1 place-items-center rounded-lg px-2.5 transition-colors [&>svg]:size-4",
            chosen === theme ? "bg-raised text-ink shadow-sm" : "text-ink-faint hover:text-ink",
          )}
        >
          <Icon />
        </button>
      ))}
    </div>
  );
}
