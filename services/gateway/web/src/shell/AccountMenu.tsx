import { MENU, MENU_ITEM, ThemeMenu } from "@tokenline/client/ui";
import { ChevronsUpDown, LogOut, Settings } from "lucide-react";
import { Popover } from "radix-ui";
import { lazy, Suspense, useState } from "react";
import { session } from "../state/client";
import { LibraryButtons } from "./LibraryButtons";

const SettingsDialog = lazy(() =>
  import("../settings/SettingsDialog").then((module) => ({ default: module.SettingsDialog })),
);

export function AccountMenu() {
  const email = session.email ?? "";
  const [settings, setSettings] = useState(false);
  return (
    <div className="shrink-0 border-t border-line p-3">
      <Popover.Root>
        <Popover.Trigger className="flex h-11 w-full items-center gap-3 rounded-[10px] px-2 text-left text-sm transition-colors hover:bg-sunken">
          <span className="grid size-7 shrink-0 place-items-center rounded-full bg-accent-soft text-xs font-semibold text-accent uppercase">
            {email.slice(0, 1)}
          </span>
          <span className="min-w-0 flex-1 truncate text-ink-soft">{email}</span>
          <ChevronsUpDown className="size-4 text-ink-faint" aria-hidden />
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Content side="top" align="start" sideOffset={6} className={`${MENU} w-60 p-2`}>
            <p className="px-2.5 pt-1 pb-1.5 text-xs text-ink-faint">Appearance</p>
            <ThemeMenu />
            <hr className="my-2 border-line" />
            <Popover.Close className={`${MENU_ITEM} w-full hover:bg-sunken`} onClick={() => setSettings(true)}>
              <Settings aria-hidden /> Settings
            </Popover.Close>
            <LibraryButtons />
            <hr className="my-2 border-line" />
            <button type="button" className={`${MENU_ITEM} w-full hover:bg-sunken`} onClick={() => session.signOut()}>
              <LogOut aria-hidden /> Sign out
            </button>
          </Popover.Content>
        </Popover.Portal>
      </Popover.Root>
      {settings && (
        <Suspense fallback={null}>
          <SettingsDialog onClose={() => setSettings(false)} />
        </Suspense>
      )}
    </div>
  );
}
