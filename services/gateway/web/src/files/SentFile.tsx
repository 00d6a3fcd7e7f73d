import type { Attachment } from "@tokenline/client";
import { FileChip } from "../composer/FileChip";
import { download } from "./download";
import { PictureDialog } from "./PictureDialog";
import { useThumbnail } from "./useThumbnail";

/** A file in a message: a picture by itself, which a click shows large; anything else by its name, which it downloads. */
export function SentFile({ file }: { file: Attachment }) {
  const thumbnail = useThumbnail(file);
  if (!thumbnail || !file.picture) {
    const kept = file.size_bytes > 0;
    return (
      <FileChip
        name={file.name}
        size={file.size_bytes}
        attachment={file}
        onOpen={kept ? () => void download(file) : undefined}
      />
    );
  }
  return (
    <PictureDialog file={file} thumbnail={thumbnail}>
      <button
        type="button"
        aria-label={`Show ${file.name}`}
        title={file.name}
        className="block overflow-hidden rounded-xl border border-line bg-sunken hover:border-accent"
      >
        <img
          src={thumbnail}
          alt={file.name}
          width={file.picture.width}
          height={file.picture.height}
          className="h-auto max-h-52 w-auto max-w-64 object-contain"
        />
      </button>
    </PictureDialog>
  );
}
