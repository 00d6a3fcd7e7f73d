import { countUnread, type TicketView } from "@tokenline/client";
import { useChat } from "./chat";
import { endedSince, titleOf } from "./ended";
import { notify, recallNotify } from "./notify";

/** Tells of answers while the page is not in sight: in its title, and by the browser where that is wanted. */
export function watchAnswers(open: (conversationId: string) => void): () => void {
  const ended = { answered: 0, failed: 0 };
  const entitle = () => {
    document.title = titleOf(ended.answered, ended.failed, countUnread(useChat.getState().state));
  };
  const seen = () => {
    if (document.hidden) return;
    ended.answered = ended.failed = 0;
    entitle();
  };
  const tell = (ticket: TicketView) => {
    ended[ticket.phase === "complete" ? "answered" : "failed"] += 1;
    const { conversationId } = ticket;
    const body = (conversationId && useChat.getState().state.conversations[conversationId]?.title) || "";
    const title = ticket.phase === "complete" ? "Your answer is ready" : "Your question was not answered";
    notify(title, body, ticket.id, () => {
      window.focus();
      if (conversationId) open(conversationId);
    });
  };
  const unsubscribe = useChat.subscribe(({ state }, before) => {
    if (document.hidden) endedSince(before.state.tickets, state.tickets).forEach(tell);
    if (document.hidden || before.state.conversations !== state.conversations) entitle();
  });
  document.addEventListener("visibilitychange", seen);
  recallNotify();
  return () => {
    unsubscribe();
    document.removeEventListener("visibilitychange", seen);
    document.title = titleOf(0, 0);
  };
}
