"""A sitting at the terminal: one question, or one after the other."""

import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from tokenline.client.link import State
from tokenline.client.models import Answer, UploadProgress
from tokenline.client.sync_client import SyncChat, SyncStream, Tokenline
from tokenline.client.terminal.interrupts import Interrupts
from tokenline.client.terminal.screen import Notes, Output, Pipe, Screen
from tokenline.contracts.attachments import AttachmentState
from tokenline.contracts.errors import TokenlineError
from tokenline.contracts.ids import AgentId, AttachmentId, ConversationId

PROMPT = "› "


class Leave(Exception):
    """The second Ctrl-C."""


class Talk:
    """``conversation_id``: go on there; ``None``: a new one, in which later questions stay."""

    def __init__(
        self, client: Tokenline, notes: Notes, agent_id: AgentId | None, conversation_id: ConversationId | None
    ) -> None:
        self._client = client
        self._notes = notes
        self._agent_id = agent_id
        self._conversation_id = conversation_id
        self._left_politely = True

    def once(self, question: str, files: Sequence[Path]) -> bool:
        """Ask, show the answer; whether it came to its end without being stopped. Raises what ended it, and `Leave`."""
        attached = self._upload(files)
        with self._client.connect(on_state=self._connection) as chat:
            return not self._ask(chat, question, attached).stopped

    def on_and_on(self, files: Sequence[Path]) -> bool:
        """Questions from the keyboard until Ctrl-D; False when it was left by Ctrl-C. ``files`` go with the first."""
        with suppress(ImportError):
            import readline  # noqa: F401 -- gives `input` its editing; not at the top, because it writes to the terminal
        attached = self._upload(files)
        with self._client.connect(on_state=self._connection) as chat:
            while (question := self._read()) is not None:
                if not question.strip():
                    continue
                try:
                    self._ask(chat, question, attached)
                except Leave:
                    return False
                except TokenlineError as error:
                    if chat.state == "closed":
                        raise
                    self._notes.say(error.message)
                else:
                    attached = ()
        return self._left_politely

    # ── one answer ───────────────────────────────────────────────────────────────────────────────────────────────────

    def _ask(self, chat: SyncChat, question: str, attached: Sequence[AttachmentId]) -> Answer:
        output: Output = (Screen if sys.stdout.isatty() else Pipe)(sys.stdout, self._notes)
        self._notes.waits("Sending")
        stream = chat.send(
            question, conversation_id=self._conversation_id, agent_id=self._agent_id, attachment_ids=attached
        )
        try:
            self._follow(stream, output)
            answer = stream.answer()
        except BaseException:
            output.break_off()
            raise
        finally:
            self._conversation_id = stream.conversation_id or self._conversation_id
        output.finish(answer)
        if answer.stopped:
            self._notes.say("Stopped.")
        return answer

    def _follow(self, stream: SyncStream, output: Output) -> None:
        """Show what comes until the end. The first Ctrl-C stops the answer, the second raises `Leave`."""
        stopping = False
        with Interrupts() as interrupts:
            while True:
                try:
                    with interrupts.heard():
                        event = next(stream, None)
                    if event is None:
                        return
                    output.show(event, stream.text)
                except KeyboardInterrupt:
                    if stopping:
                        raise Leave from None
                    stopping = True
                    stream.stop()

    # ── what goes before ─────────────────────────────────────────────────────────────────────────────────────────────

    def _read(self) -> str | None:
        """The next question; ``None``: enough. A second Ctrl-C in a row leaves, as Ctrl-D does."""
        for leaves in (False, True):
            try:
                return input(PROMPT)
            except EOFError:
                sys.stdout.write("\n")
                return None
            except KeyboardInterrupt:
                sys.stdout.write("\n")
                if not leaves:
                    self._notes.say("Ctrl-D or another Ctrl-C leaves.")
        self._left_politely = False
        return None

    def _upload(self, files: Sequence[Path]) -> tuple[AttachmentId, ...]:
        """Raises what refuses a file, with its name."""
        attached = []
        for file in files:

            def tell(progress: UploadProgress, name: str = file.name) -> None:
                share = f"{100 * progress.sent_bytes // max(progress.total_bytes, 1)} % sent"
                sending = progress.state is AttachmentState.UPLOADING
                self._notes.waits(f"{name}: {share if sending else progress.state.value}")

            try:
                attached.append(self._client.upload(file, on_progress=tell).id)
            except TokenlineError as error:
                self._notes.clear()
                error.message = f"{file.name}: {error.message}"
                raise
        self._notes.clear()
        return tuple(attached)

    def _connection(self, state: State) -> None:
        self._notes.connection(lost=state == "reconnecting")
