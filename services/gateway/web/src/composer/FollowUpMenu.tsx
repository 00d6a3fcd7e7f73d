import type { FollowUp } from "@tokenline/client";
import { cx, MENU, say } from "@tokenline/client/ui";
import { Check, Hand, ListEnd, Zap } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { chooseFollowUp, useFollowUp } from "../state/follow_up";

const CHOICES: { value: FollowUp; name: string; effect: string; short: string; Icon: typeof Zap }[] = [
  {
    value: "queue",
    name: "Wait in line",
    effect: "The new message comes after it.",
    short: "",
    Icon: ListEnd,
  },
  {
    value: "interrupt",
    name: "Interrupt it",
    effect: "The answer stops where it is, and the new message is next.",
    short: "Interrupts",
    Icon: Zap,
  },
  {
    value: "reject",
    name: "Refuse",
    effect: "The new message stays with you until the answer is complete.",
    short: "Refuses",
    Icon: Hand,
  },
];

/** What a new message does while an answer is running: a setting of the conversation. */
export function FollowUpMenu({ conversationId }: { conversationId: string | null }) {
  const followUp = useFollowUp(conversationId);
  const chosen = CHOICES.find(({ value }) => value === followUp);
  if (!conversationId || !chosen) return null;
  const name = `While an answer is running: ${chosen.name.toLowerCase()}`;
  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger
        aria-label={name}
        title={name}
        className={cx(
          "flex h-7 shrink-0 items-center gap-1.5 rounded-full px-2 text-[13px] transition-colors",
          "hover:bg-sunken hover:text-ink-soft data-[state=open]:bg-sunken",
          chosen.short ? "text-accent" : "text-ink-faint",
        )}
      >
        <chosen.Icon className="size-4" aria-hidden />
        {chosen.short && <span className="hidden sm:inline">{chosen.short}</span>}
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content side="top" align="start" sideOffset={8} collisionPadding={12} className={`${MENU} w-80`}>
          <DropdownMenu.Label className="px-2.5 pt-2 pb-1 text-[13px] text-ink-faint">
            While an answer is running
          </DropdownMenu.Label>
          <DropdownMenu.RadioGroup
            value={chosen.value}
            onValueChange={(value) => void chooseFollowUp(conversationId, value as FollowUp).catch(say)}
          >
            {CHOICES.map(({ value, name, effect, Icon }) => (
              <DropdownMenu.RadioItem
                key={value}
                value={value}
                className="flex items-start gap-3 rounded-lg px-2.5 py-2 outline-none select-none data-highlighted:bg-sunken"
              >
                <Icon className="mt-0.5 size-4 shrink-0 opacity-70" aria-hidden />
                <span className="min-w-0 flex-1">
                  <span className="block font-medium">{name}</span>
                  <span className="block text-[13px] leading-snug text-ink-faint">{effect}</span>
                </span>
                <DropdownMenu.ItemIndicator>
                  <Check className="mt-0.5 size-4 text-accent" aria-label="Chosen" />
                </DropdownMenu.ItemIndicator>
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
