import { ApiError, messageOf, type PublicMessage, type PublicShare, readShare } from "@tokenline/client";
import { Button, Logo, Notice, Spinner } from "@tokenline/client/ui";
import { FileText } from "lucide-react";
import { useEffect, useState } from "react";
import { AnswerText } from "../thread/AnswerText";
import { placeOf } from "../thread/place";

/** A shared conversation: for anybody, to be read only, as it was. */
export default function SharePage({ token }: { token: string }) {
  const { share, messages, problem, gone, retry } = useShare(token);
  useEffect(() => {
    document.title = share ? `${share.title || "Conversation"} · Tokenline` : "Tokenline";
  }, [share]);
  return (
    <div className="h-full overflow-y-auto bg-page">
      <header className="sticky top-0 z-10 border-b border-line bg-page/90 backdrop-blur">
        <div className="mx-auto flex h-14 max-w-[776px] items-center gap-2.5 px-4 md:px-6">
          <Logo className="size-7" />
          <span className="text-[15px] font-semibold tracking-tight">Tokenline</span>
          <span className="flex-1" />
          <a href="/" className="text-sm font-medium text-accent hover:underline">
            Ask your own
          </a>
        </div>
      </header>
      <main className="mx-auto max-w-[776px] px-4 py-8 md:px-6">
        {gone ? (
          <Gone />
        ) : problem ? (
          <Notice tone="bad" action="Retry" onAction={retry}>
            {problem}
          </Notice>
        ) : !share ? (
          <p className="flex justify-center py-16 text-ink-faint">
            <Spinner />
          </p>
        ) : (
          <>
            <h1 className="text-[22px] leading-tight font-semibold tracking-tight text-balance">
              {share.title || "Conversation"}
            </h1>
            <p className="mt-2 text-[13px] text-ink-faint">
              A conversation with {share.agent}, as it was on {day(share.shared_at)}. It was shared by a link and cannot be
              changed here.
            </p>
            <div className="mt-8 space-y-7">
              {messages.map((message, index) => (
                <Said key={index} message={message} agent={share.agent} />
              ))}
            </div>
          </>
        )}
      </main>
    </div>
  );
}

function Said({ message, agent }: { message: PublicMessage; agent: string }) {
  const asks = message.role === "user";
  return (
    <article aria-label={asks ? "Question" : "Answer"}>
      {asks ? (
        <div className="ml-auto w-fit max-w-[85%] rounded-[18px] bg-sunken px-4 py-2.5 text-[15px] break-words whitespace-pre-wrap">
          {message.content}
        </div>
      ) : (
        <>
          <p className="mb-1 text-[13px] font-medium text-ink-faint">{agent}</p>
          <AnswerText text={message.content} />
        </>
      )}
      {message.status === "cancelled" && <p className="mt-2 text-[13px] text-ink-faint">Stopped.</p>}
      {message.status === "incomplete" && <p className="mt-2 text-[13px] text-ink-faint">The answer broke off.</p>}
      {message.files.length > 0 && (
        <ul aria-label="Files" className="mt-2 flex flex-wrap justify-end gap-1.5">
          {message.files.map(({ name }, index) => (
            <li key={index} className="flex items-center gap-1.5 rounded-lg border border-line px-2 py-1 text-xs text-ink-soft">
              <FileText className="size-3.5" aria-hidden /> {name}
            </li>
          ))}
        </ul>
      )}
      {message.sources.length > 0 && (
        <ol aria-label="Sources" className="mt-3 space-y-0.5 text-[13px] text-ink-faint">
          {message.sources.map((source) => (
            <li key={source.number}>
              [{source.number}] {[source.name, placeOf(source)].filter(Boolean).join(", ")}
            </li>
          ))}
        </ol>
      )}
    </article>
  );
}

function Gone() {
  return (
    <div className="py-20 text-center">
      <h1 className="text-lg font-semibold">There is nothing here</h1>
      <p className="mx-auto mt-2 max-w-[40ch] text-sm text-pretty text-ink-faint">
        This link was never made, or was taken back, or what it led to is gone.
      </p>
      <Button className="mt-6" onClick={() => window.location.assign("/")}>
        To Tokenline
      </Button>
    </div>
  );
}

/** All pages, from the newest back; what is there is shown while earlier ones come. */
function useShare(token: string) {
  const [share, setShare] = useState<PublicShare | null>(null);
  const [messages, setMessages] = useState<PublicMessage[]>([]);
  const [failure, setFailure] = useState<unknown>(null);
  const [tries, setTries] = useState(0);
  useEffect(() => {
    let left = false;
    async function read() {
      let cursor: string | null = null;
      let all: PublicMessage[] = [];
      do {
        const page: PublicShare = await readShare(token, cursor);
        if (left) return;
        all = [...page.items, ...all];
        setShare(page);
        setMessages(all);
        cursor = page.next;
      } while (cursor);
    }
    setFailure(null);
    read().catch((error: unknown) => !left && setFailure(error));
    return () => {
      left = true;
    };
  }, [token, tries]);
  return {
    share,
    messages,
    gone: failure instanceof ApiError && failure.status === 404,
    problem: failure ? messageOf(failure) : null,
    retry: () => setTries(tries + 1),
  };
}

function day(at: number): string {
  return new Date(at * 1000).toLocaleDateString(undefined, { dateStyle: "long" });
}
