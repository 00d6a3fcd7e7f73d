import { Spinner } from "@tokenline/client/ui";
import { useEffect, useState } from "react";
import { useChat } from "../state/chat";

const PATIENCE_MS = 1_200;

/** Says that the connection is away, once it stays away for longer than a blink. */
export function ConnectionBar() {
  const away = useChat(({ connection }) => connection !== "open");
  const [shown, setShown] = useState(false);
  useEffect(() => {
    if (!away) return setShown(false);
    const timer = setTimeout(() => setShown(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [away]);
  return (
    <div role="status" aria-live="polite" className="flex justify-center empty:hidden">
      {shown && (
        <p className="flex animate-rise items-center gap-2.5 rounded-full bg-warn-soft px-4 py-1.5 text-[13px] font-medium text-warn">
          <Spinner className="size-3.5" label="" />
          {navigator.onLine
            ? "Reconnecting. Your place in line is kept."
            : "You are offline. What you send goes out when you are back."}
        </p>
      )}
    </div>
  );
}
