import {
  type AdminClientFrame,
  type AdminServerFrame,
  type Board,
  LiveSocket,
  type LineFrame,
  type SocketState,
  socketUrl,
} from "@tokenline/client";
import { create } from "zustand";
import { session } from "./client";
import { remember } from "./history";

interface Live {
  connection: SocketState;
  board: Board | null;
  line: LineFrame | null;
  /** Why the server turned this account away. */
  refused: string | null;
}

const NOTHING: Live = { connection: "connecting", board: null, line: null, refused: null };

export const useLive = create<Live>(() => NOTHING);

/** An error frame is not among the dashboard's own, but every socket may answer with one. */
type Heard = AdminServerFrame | { type: "error"; error: { code: string; message: string } };

/** Connects to the board; each frame replaces what was known. */
export function startLive(): () => void {
  const socket = new LiveSocket<Heard, AdminClientFrame>({
    url: socketUrl("/api/v1/admin/ws"),
    token: (rejected) => session.token(rejected),
    onState: (connection) => useLive.setState({ connection }),
    onFrame: (frame) => {
      if (frame.type === "board") {
        remember(frame);
        useLive.setState({ board: frame });
      }
      if (frame.type === "line") useLive.setState({ line: frame });
      if (frame.type === "error") {
        useLive.setState({ refused: frame.error.message });
        if (frame.error.code === "not_allowed") socket.close();
      }
    },
  });
  socket.open();
  return () => {
    socket.close();
    useLive.setState(NOTHING);
  };
}
