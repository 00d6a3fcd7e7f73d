import type { Attachment } from "@tokenline/client";
import { FileChip } from "../composer/FileChip";
import { download } from "./download";
import { useThumbnail } from "./useThumbnail";

/** A file in a message: a picture by itself, anything else by its name. A click downloads it. */
export function SentFile({ file }: { file: Attachment }) {
  const thumbnail = useThumbnail(file);
  const open = () => void download(file);
  if (!thumbnail || !file.picture) {
    return <FileChip name={file.name} size={file.size_bytes} attachment={file} onOpen={open} />;
  }
  return (
    <button
      type="button"
      aria-label={`Download ${file.name}`}
      title={file.name}
      onClick={open}
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
  );
}
