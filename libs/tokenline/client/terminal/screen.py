"""Where an answer goes: a `Screen` shows it as it comes, a `Pipe` writes it when it is whole."""

from typing import Protocol, TextIO

from rich.console import Console
from rich.status import Status
from rich.text import Text as Styled

from tokenline.client.follow import Event
from tokenline.client.models import Answer
from tokenline.client.terminal.words import harmless, waiting
from tokenline.contracts import frames as f
from tokenline.core.passages import place_of


class Notes:
    """One line on standard error that changes while one waits; nothing where that is no terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._status: Status | None = None
        self._line = ""

    def waits(self, line: str) -> None:
        if not self._console.is_terminal:
            return
        self._line = line
        shown = Styled(harmless(line))
        if self._status is None:
            self._status = self._console.status(shown)
            self._status.start()
        else:
            self._status.update(shown)

    def connection(self, *, lost: bool) -> None:
        """Told beside what is waited for, as long as something is. May be called from any thread."""
        status = self._status
        if status is not None:
            status.update(Styled(harmless(f"{self._line} · connection lost, coming back" if lost else self._line)))

    def clear(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None

    def say(self, line: str) -> None:
        """A line that stays."""
        self.clear()
        self._console.print(Styled(harmless(line), style="dim"), soft_wrap=True)


class Output(Protocol):
    def show(self, event: Event, so_far: str) -> None:
        """``so_far``: all text that is here, with and before the event's."""
        ...

    def finish(self, answer: Answer) -> None: ...

    def break_off(self) -> None:
        """There will be no end: leave a tidy line."""
        ...


class Screen:
    def __init__(self, out: TextIO, notes: Notes) -> None:
        self._out = out
        self._notes = notes
        self._attempt = 0
        self._shown = 0

    def show(self, event: Event, so_far: str) -> None:
        if isinstance(event, f.Text):
            self._text(event, so_far)
        elif isinstance(event, f.Snapshot):
            self._begin_again(event.attempt)
            self._text(f.Text(ticket_id=event.ticket_id, attempt=event.attempt, offset=0, text=event.text), "")
        elif isinstance(event, f.Restarted):
            self._begin_again(event.attempt)
        if (line := waiting(event)) and not self._shown:
            self._notes.waits(line)

    def finish(self, answer: Answer) -> None:
        self._notes.clear()
        self._write(answer.text[self._shown :])
        self._out.write("\n")
        self._out.flush()
        for source in answer.citations:
            place = place_of(source.page, source.section)
            self._notes.say(f"[{source.number}] {source.name}{f', {place}' if place else ''}")
        for file in answer.unread:
            self._notes.say(f"Not read: {file.reason if file.name in file.reason else f'{file.name}. {file.reason}'}")

    def break_off(self) -> None:
        self._notes.clear()
        if self._shown:
            self._out.write("\n")
            self._out.flush()

    def _text(self, event: f.Text, so_far: str) -> None:
        if event.attempt != self._attempt:
            self._begin_again(event.attempt)
        self._notes.clear()
        # An interrupt may have lost events in between: what they told is in `so_far`.
        self._write(so_far[self._shown : event.offset] + event.text)
        self._shown = event.offset + len(event.text)

    def _begin_again(self, attempt: int) -> None:
        if self._shown:
            self._out.write("\n")
            self._out.flush()
            self._notes.say("The answer broke off and is begun again:")
        self._attempt, self._shown = attempt, 0

    def _write(self, text: str) -> None:
        self._out.write(harmless(text))
        self._out.flush()


class Pipe:
    """Programs cannot unread the beginning of an answer that is begun again, so they get it when it is whole, exactly
    as it is stored."""

    def __init__(self, out: TextIO, notes: Notes) -> None:
        self._out = out
        self._notes = notes

    def show(self, event: Event, so_far: str) -> None:
        if isinstance(event, f.Text):
            self._notes.waits(f"{len(so_far)} characters so far")
        elif line := waiting(event):
            self._notes.waits(line)

    def finish(self, answer: Answer) -> None:
        self._notes.clear()
        self._out.write(answer.text if answer.text.endswith("\n") else answer.text + "\n")
        self._out.flush()

    def break_off(self) -> None:
        self._notes.clear()
