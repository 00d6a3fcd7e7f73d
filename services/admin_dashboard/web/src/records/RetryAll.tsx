import { Button, say } from "@tokenline/client/ui";
import { ConfirmDialog } from "@tokenline/client/ui/dialog";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../state/client";
import { RECORDS } from "../state/records";
import { allLetters, retryEach } from "./retry_all";

interface Progress {
  done: number;
  of: number;
}

export function RetryAll() {
  const [asked, setAsked] = useState(false);
  const [progress, setProgress] = useState<Progress | null>(null);
  const queries = useQueryClient();

  async function retry() {
    setProgress({ done: 0, of: 0 });
    try {
      await retryEach(api, await allLetters(api), (done, of) => setProgress({ done, of }));
    } catch (error) {
      say(error);
    } finally {
      setProgress(null);
      void queries.invalidateQueries({ queryKey: RECORDS });
    }
  }

  return (
    <>
      <Button className="h-8 px-3 text-[13px]" disabled={progress !== null} onClick={() => setAsked(true)}>
        {progress ? `Retried ${progress.done} of ${progress.of || "…"}` : "Retry all"}
      </Button>
      <ConfirmDialog
        open={asked}
        onOpenChange={setAsked}
        title="Ask all of them again?"
        confirm="Retry all"
        keep="Not now"
        onConfirm={() => void retry()}
      >
        Every question goes into the line once more, at the level of the person who asked it.
      </ConfirmDialog>
    </>
  );
}
