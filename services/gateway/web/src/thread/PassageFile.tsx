import { ApiError, type Citation, messageOf } from "@tokenline/client";
import { bytes } from "@tokenline/client/ui";
import { useQuery } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState } from "react";
import { api } from "../state/client";
import { library, save } from "../state/library";

/** The file that a passage is from: to be downloaded, or gone since. */
export function PassageFile({ citation }: { citation: Citation }) {
  const { data, error } = useQuery({
    queryKey: ["cited", citation.attachment_id],
    queryFn: () => api.attachment(citation.attachment_id),
    retry: false,
    staleTime: 0,
    gcTime: 0,
  });
  const [problem, setProblem] = useState("");
  const gone = error instanceof ApiError && error.status === 404;
  const download = () =>
    library
      .attachment(citation.attachment_id, citation.name)
      .then(save)
      .catch((failure: unknown) => setProblem(messageOf(failure)));
  // What was imported names files that are not here.
  const kept = data && data.size_bytes > 0;
  return (
    <footer className="flex min-h-12 items-center gap-3 border-t border-line px-5 py-2.5 text-[13px] text-ink-faint" aria-live="polite">
      {gone && "This file was deleted since. The passage is what the answer was given."}
      {data && !kept && (data.error?.message ?? "The file itself is not here.")}
      {!gone && (problem || (error ? messageOf(error) : null))}
      {kept && (
        <button
          type="button"
          onClick={() => void download()}
          className="flex items-center gap-1.5 font-medium text-accent hover:underline"
        >
          <Download className="size-4" aria-hidden /> Download
          <span className="font-normal text-ink-faint">{bytes(data.size_bytes)}</span>
        </button>
      )}
    </footer>
  );
}
