import { Upload } from "lucide-react";
import { type DragEvent, type ReactNode, useRef, useState } from "react";
import { choose } from "../state/uploads";

/** The whole thread takes dropped files. */
export function DropZone({ thread, children }: { thread: string; children: ReactNode }) {
  const [over, setOver] = useState(false);
  // Entering a child leaves its parent: only the balance says whether the pointer is still inside.
  const depth = useRef(0);

  const carriesFiles = (event: DragEvent) => event.dataTransfer.types.includes("Files");

  function move(event: DragEvent, by: number) {
    if (!carriesFiles(event)) return;
    depth.current = Math.max(0, depth.current + by);
    setOver(depth.current > 0);
  }

  return (
    <main
      className="relative flex min-w-0 flex-1 flex-col bg-page"
      onDragEnter={(event) => move(event, 1)}
      onDragLeave={(event) => move(event, -1)}
      onDragOver={(event) => carriesFiles(event) && event.preventDefault()}
      onDrop={(event) => {
        if (!carriesFiles(event)) return;
        event.preventDefault();
        depth.current = 0;
        setOver(false);
        choose(thread, event.dataTransfer.files);
      }}
    >
      {children}
      {over && (
        <div className="pointer-events-none absolute inset-2 z-30 grid animate-fade place-items-center rounded-2xl border-2 border-dashed border-accent bg-page/85">
          <p className="flex items-center gap-3 text-lg font-medium text-accent">
            <Upload className="size-6" aria-hidden /> Drop files to attach them
          </p>
        </div>
      )}
    </main>
  );
}
