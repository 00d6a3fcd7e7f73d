import type { AgentCard } from "@tokenline/client";
import { useChosen } from "../state/uploads";

/** Says before a picture is sent that nobody will look at it. */
export function BlindNotice({ thread, agent }: { thread: string; agent: AgentCard | null }) {
  const pictures = useChosen(thread).some(({ attachment }) => attachment?.mime_type.startsWith("image/"));
  if (!agent || !pictures || agent.capabilities.includes("vision")) return null;
  return (
    <p role="status" className="px-4.5 pt-2 text-[13px] text-warn">
      {agent.name} cannot see pictures.
    </p>
  );
}
