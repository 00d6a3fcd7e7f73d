import type { Attachment } from "@tokenline/client";
import { say } from "@tokenline/client/ui";
import { api } from "../state/client";

/** The browser downloads by itself, at any size, by a link that holds no credential of ours. */
export async function download(file: Pick<Attachment, "id" | "name">): Promise<void> {
  try {
    const { url } = await api.linkFile(file.id);
    const link = document.createElement("a");
    link.href = url;
    link.download = file.name;
    link.click();
  } catch (problem) {
    say(problem);
  }
}
