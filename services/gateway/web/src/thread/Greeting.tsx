import { Logo } from "@tokenline/client/ui";
import { useAgent } from "../state/agent";
import { useTemporary } from "../state/temporary";

export function Greeting({ conversationId }: { conversationId: string | null }) {
  const agent = useAgent(conversationId);
  const temporary = useTemporary(conversationId);
  return (
    <div className="flex min-h-0 flex-1 flex-col items-center justify-center overflow-y-auto px-6 text-center">
      <div className="animate-rise">
        <Logo className="mx-auto mb-6 size-12" />
        <h2 className="text-[26px] leading-tight font-semibold tracking-tight text-balance">What would you like to know?</h2>
        <p className="mx-auto mt-3 max-w-[44ch] text-[15px] text-pretty text-ink-faint">
          {temporary
            ? "A temporary chat: it is in no list and no search, and is deleted with its files a minute after you leave it."
            : agent?.description || "Ask a question or drop a file here. You always see your place in line."}
        </p>
      </div>
    </div>
  );
}
