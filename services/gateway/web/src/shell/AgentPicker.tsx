import { MENU, say } from "@tokenline/client/ui";
import { Check, ChevronDown } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import { chooseAgent, useAgent } from "../state/agent";
import { useAgents } from "../state/queries";

/** Which agent answers; a plain name when there is only one. */
export function AgentPicker({ conversationId }: { conversationId: string | null }) {
  const agents = useAgents();
  const agent = useAgent(conversationId);
  if (!agent) return <span className="h-9" />;
  if (agents.length < 2) return <span className="px-2 text-[15px] font-semibold tracking-tight">{agent.name}</span>;

  return (
    <DropdownMenu.Root>
      <DropdownMenu.Trigger
        aria-label={`Agent: ${agent.name}`}
        className="flex h-9 items-center gap-1.5 rounded-[10px] px-2.5 text-[15px] font-semibold tracking-tight whitespace-nowrap transition-colors hover:bg-sunken data-[state=open]:bg-sunken"
      >
        {agent.name}
        <ChevronDown className="size-4 text-ink-faint" aria-hidden />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content align="start" sideOffset={4} className={`${MENU} w-72`}>
          <DropdownMenu.RadioGroup
            value={agent.id}
            onValueChange={(id) => void chooseAgent(conversationId, id).catch(say)}
          >
            {agents.map(({ id, name, description }) => (
              <DropdownMenu.RadioItem
                key={id}
                value={id}
                className="flex items-start gap-3 rounded-lg px-2.5 py-2 outline-none select-none data-highlighted:bg-sunken"
              >
                <span className="min-w-0 flex-1">
                  <span className="block font-medium">{name}</span>
                  {description && <span className="block text-[13px] leading-snug text-ink-faint">{description}</span>}
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
