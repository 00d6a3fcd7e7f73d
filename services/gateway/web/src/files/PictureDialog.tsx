import { type Attachment, messageOf } from "@tokenline/client";
import { bytes, IconButton, Spinner } from "@tokenline/client/ui";
import { useQuery } from "@tanstack/react-query";
import { Download, X } from "lucide-react";
import { Dialog } from "radix-ui";
import type { ReactNode } from "react";
import { library } from "../state/library";
import { download } from "./download";
import { useBlobUrl } from "./useThumbnail";

interface Props {
  file: Attachment;
  /** Shown until the picture itself is there. */
  thumbnail: string;
  children: ReactNode;
}

/** A picture as large as the window allows, to be looked at and downloaded. */
export function PictureDialog({ file, thumbnail, children }: Props) {
  return (
    <Dialog.Root>
      <Dialog.Trigger asChild>{children}</Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 animate-fade bg-black/60" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed top-1/2 left-1/2 z-50 flex max-h-[94dvh] w-max max-w-[94vw] min-w-[min(320px,94vw)] -translate-1/2 flex-col overflow-hidden rounded-2xl border border-line bg-raised shadow-soft focus:outline-none"
        >
          <header className="flex items-center gap-1 border-b border-line py-2 pr-2 pl-4">
            <Dialog.Title dir="auto" className="w-0 min-w-0 flex-1 truncate text-sm font-semibold" title={file.name}>
              {file.name}
            </Dialog.Title>
            <span className="shrink-0 px-2 text-[13px] text-ink-faint">{bytes(file.size_bytes)}</span>
            <IconButton label="Download" onClick={() => void download(file)}>
              <Download aria-hidden />
            </IconButton>
            <Dialog.Close asChild>
              <IconButton label="Close">
                <X aria-hidden />
              </IconButton>
            </Dialog.Close>
          </header>
          <Whole file={file} thumbnail={thumbnail} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Whole({ file, thumbnail }: Pick<Props, "file" | "thumbnail">) {
  const { data, error } = useQuery({
    queryKey: ["picture", file.id],
    queryFn: async () => new Blob([(await library.attachment(file.id, file.name)).content], { type: file.mime_type }),
    retry: 1,
    staleTime: Infinity,
    // It may have many megabytes.
    gcTime: 0,
  });
  const url = useBlobUrl(data);
  return (
    <div className="relative grid min-h-0 place-items-center overflow-hidden bg-sunken">
      <img
        src={url ?? thumbnail}
        alt={file.name}
        width={file.picture?.width}
        height={file.picture?.height}
        className="h-auto max-h-[calc(94dvh-58px)] w-auto max-w-full object-contain"
      />
      {!url && (
        <p
          role={error ? "alert" : undefined}
          className="absolute bottom-3 flex max-w-[90%] items-center gap-2 rounded-full bg-raised/90 px-3 py-1 text-[13px] text-ink-soft"
        >
          {error ? messageOf(error) : <Spinner className="size-3.5" label="Loading the picture" />}
        </p>
      )}
    </div>
  );
}
