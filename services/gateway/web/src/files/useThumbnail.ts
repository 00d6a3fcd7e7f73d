import type { Attachment } from "@tokenline/client";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api } from "../state/client";

/** The address of a file's small picture, good while it is shown; `null`: it has none, or not yet. */
export function useThumbnail(file: Attachment | null): string | null {
  const id = file?.picture?.thumbnail ? file.id : null;
  const { data } = useQuery({
    queryKey: ["thumbnail", id],
    enabled: id !== null,
    staleTime: Infinity, // It never changes.
    retry: 1,
    queryFn: () => api.thumbnail(id!),
  });
  return useBlobUrl(data);
}

/** An address for what was loaded, good while it is shown. */
export function useBlobUrl(data: Blob | undefined): string | null {
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (!data) return;
    const made = URL.createObjectURL(data);
    setUrl(made);
    return () => {
      setUrl(null);
      URL.revokeObjectURL(made);
    };
  }, [data]);
  return url;
}
