import { MENU_ITEM, say } from "@tokenline/client/ui";
import { useQueryClient } from "@tanstack/react-query";
import { Download, Upload } from "lucide-react";
import { useRef, useState } from "react";
import { library, save } from "../state/library";

/** All conversations out as one file, and such a file in. */
export function LibraryButtons() {
  const picker = useRef<HTMLInputElement>(null);
  const [busy, setBusy] = useState(false);
  const queries = useQueryClient();

  async function attempt(work: () => Promise<void>) {
    setBusy(true);
    try {
      await work();
    } catch (error) {
      say(error);
    } finally {
      setBusy(false);
    }
  }

  async function take(file: File) {
    const { items } = await library.import(file);
    const fresh = items.filter(({ known }) => !known).length;
    await queries.invalidateQueries({ queryKey: ["conversations"] });
    say(report(fresh, items.length - fresh));
  }

  return (
    <>
      <button
        type="button"
        disabled={busy}
        className={`${MENU_ITEM} w-full hover:bg-sunken disabled:opacity-50`}
        onClick={() => void attempt(async () => save(await library.exportAll()))}
      >
        <Download aria-hidden /> Export all conversations
      </button>
      <button
        type="button"
        disabled={busy}
        className={`${MENU_ITEM} w-full hover:bg-sunken disabled:opacity-50`}
        onClick={() => picker.current?.click()}
      >
        <Upload aria-hidden /> {busy ? "One moment…" : "Import conversations"}
      </button>
      <input
        ref={picker}
        type="file"
        accept="application/json,.json"
        aria-label="Conversations to import"
        hidden
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = "";
          if (file) void attempt(() => take(file));
        }}
      />
    </>
  );
}

function report(fresh: number, known: number): string {
  const came = fresh === 1 ? "One conversation was imported." : `${fresh} conversations were imported.`;
  if (known === 0) return came;
  return fresh === 0 ? "All of it was imported before." : `${came} ${known} had been imported before.`;
}
