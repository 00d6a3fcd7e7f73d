import { useEffect, useRef, useState } from "react";

const PAUSE_MS = 4_000;

/** Speaks changes to screen readers, at most one every few seconds and always the last. */
export function Announcer({ text }: { text: string }) {
  const [said, setSaid] = useState("");
  const saidAt = useRef(0);
  useEffect(() => {
    const wait = Math.max(150, saidAt.current + PAUSE_MS - Date.now());
    const timer = setTimeout(() => {
      saidAt.current = Date.now();
      setSaid(text);
    }, wait);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <p role="status" aria-live="polite" aria-atomic="true" className="sr-only">
      {said}
    </p>
  );
}
