import { IconButton } from "@tokenline/client/ui";
import { KeyRound, LockKeyhole, MonitorSmartphone, UserX, X } from "lucide-react";
import { Dialog, Tabs } from "radix-ui";
import type { ComponentType } from "react";
import { DeleteAccount } from "./DeleteAccount";
import { Keys } from "./Keys";
import { Password } from "./Password";
import { SignIns } from "./SignIns";

const SECTIONS: { id: string; name: string; icon: ComponentType<{ "aria-hidden"?: boolean }>; part: ComponentType }[] = [
  { id: "password", name: "Password", icon: LockKeyhole, part: Password },
  { id: "sign-ins", name: "Sign-ins", icon: MonitorSmartphone, part: SignIns },
  { id: "keys", name: "API keys", icon: KeyRound, part: Keys },
  { id: "delete", name: "Delete account", icon: UserX, part: DeleteAccount },
];

/** What one can do about one's account. Beside each other where there is room, on a phone below each other. */
export function SettingsDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-fade bg-black/40" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed top-1/2 left-1/2 z-50 flex h-[min(560px,92vh)] w-[min(760px,94vw)] -translate-1/2 flex-col overflow-hidden rounded-2xl border border-line bg-raised shadow-soft focus:outline-none"
        >
          <header className="flex shrink-0 items-center border-b border-line py-3 pr-3 pl-5">
            <Dialog.Title className="flex-1 text-sm font-semibold">Settings</Dialog.Title>
            <Dialog.Close asChild>
              <IconButton label="Close">
                <X aria-hidden />
              </IconButton>
            </Dialog.Close>
          </header>
          <Tabs.Root defaultValue="password" orientation="vertical" className="flex min-h-0 flex-1 flex-col sm:flex-row">
            <Tabs.List
              aria-label="Settings"
              className="flex shrink-0 gap-1 overflow-x-auto border-b border-line bg-panel p-2 sm:w-48 sm:flex-col sm:overflow-visible sm:border-r sm:border-b-0 sm:p-3"
            >
              {SECTIONS.map(({ id, name, icon: Icon }) => (
                <Tabs.Trigger
                  key={id}
                  value={id}
                  className="flex h-9 shrink-0 items-center gap-2.5 rounded-[10px] px-3 text-sm text-ink-soft transition-colors hover:bg-sunken data-[state=active]:bg-accent-soft data-[state=active]:font-medium data-[state=active]:text-accent [&>svg]:size-4"
                >
                  <Icon aria-hidden /> {name}
                </Tabs.Trigger>
              ))}
            </Tabs.List>
            {SECTIONS.map(({ id, part: Part }) => (
              <Tabs.Content key={id} value={id} className="min-w-0 flex-1 overflow-y-auto p-5 focus:outline-none sm:p-6">
                <Part />
              </Tabs.Content>
            ))}
          </Tabs.Root>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
