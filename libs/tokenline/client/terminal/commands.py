"""``tokenline chat`` and ``tokenline status``: what one types, and what a shell gets back."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from getpass import getpass
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from tokenline.client.async_client import BASE_URL
from tokenline.client.errors import Unreachable, WrongGateway
from tokenline.client.models import PoolStatus
from tokenline.client.sync_client import Tokenline
from tokenline.client.terminal.screen import Notes
from tokenline.client.terminal.talk import Leave, Talk
from tokenline.client.terminal.words import duration, eta, harmless
from tokenline.contracts.errors import NotAllowed, NotSignedIn, TokenlineError, WrongCredentials

CONNECT_S = 3.0
"""A person waits: a gateway that restarts is asked again by typing again."""


class Exit(IntEnum):
    """2 is typer's, for what was typed wrongly."""

    ANSWERED = 0
    FAILED = 1
    SIGN_IN = 3
    UNREACHABLE = 4
    STOPPED = 130


app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Tokenline in the terminal: ask, see your place in the line, read the answer as it comes.",
    epilog="Exit codes: 0 answered, 1 failed, 2 typed wrongly, 3 not signed in, 4 no gateway, 130 stopped.",
)

Url = Annotated[
    list[str] | None,
    typer.Option("--url", envvar="TOKENLINE_BASE_URL", help=f"A gateway; several may be given. Default {BASE_URL}."),
]
Key = Annotated[str | None, typer.Option("--api-key", envvar="TOKENLINE_API_KEY", help="An API key (tl_…).")]
Email = Annotated[str | None, typer.Option("--email", help="Sign in with this address; the password is asked for.")]


@app.command()
def chat(
    question: Annotated[str | None, typer.Argument(help="Ask this and end. Without: talk, or read a pipe.")] = None,
    url: Url = None,
    api_key: Key = None,
    email: Email = None,
    agent: Annotated[str | None, typer.Option("--agent", help="Who answers; `tokenline status` lists them.")] = None,
    conversation: Annotated[str | None, typer.Option("--conversation", help="Go on in this one.")] = None,
    attach: Annotated[
        list[Path] | None,
        typer.Option("--attach", exists=True, dir_okay=False, readable=True, help="A file; several may be given."),
    ] = None,
) -> None:
    """Ask a question. Ctrl-C stops the answer, a second one leaves. Nothing is kept on this machine.

    The answer goes to standard output; what it waits for goes to standard error. Into a pipe the answer is written when
    it is whole, without control codes.
    """
    notes = Notes(Console(stderr=True, highlight=False))
    asked = question if question is not None else _piped()
    with _told(url, agent), _client(url, api_key, email) as client:
        talk = Talk(client, notes, agent, conversation)
        try:
            if asked is not None:
                done = talk.once(asked, attach or ())
            else:
                notes.say("Ctrl-C stops an answer, Ctrl-D leaves.")
                done = talk.on_and_on(attach or ())
        except (Leave, KeyboardInterrupt):
            notes.clear()
            done = False
    raise typer.Exit(Exit.ANSWERED if done else Exit.STOPPED)


@app.command()
def status(url: Url = None, api_key: Key = None, email: Email = None) -> None:
    """How long each line is, and how long a question asked now would wait."""
    with _told(url, None), _client(url, api_key, email) as client:
        pools = client.queue_status()
        agents = client.agents()
    serving = {pool.pool: ", ".join(agent.id for agent in agents if agent.pool == pool.pool) for pool in pools}
    rows = [(*_row(pool), serving[pool.pool]) for pool in pools]
    head = ("pool", "waiting", "running", "slots", "workers", "wait", "agents")
    if sys.stdout.isatty():
        table = Table(*head)
        for row in rows:
            table.add_row(*(harmless(cell) for cell in row))
        Console().print(table)
    else:
        for row in (head, *rows):
            typer.echo("\t".join(row))


def main() -> None:
    app(prog_name="tokenline")


def _row(pool: PoolStatus) -> tuple[str, ...]:
    numbers = (str(number) for number in (pool.waiting, pool.running, pool.slots, pool.workers))
    return (pool.pool, *numbers, eta(pool.eta) or ("no worker" if not pool.workers else "unknown"))


def _piped() -> str | None:
    """What comes through a pipe; ``None`` at a keyboard."""
    if sys.stdin.isatty():
        return None
    text = sys.stdin.read()
    if not text.strip():
        _fail("There is no question: give one, or pipe one in.", 2)
    return text


@contextmanager
def _client(url: list[str] | None, api_key: str | None, email: str | None) -> Iterator[Tokenline]:
    who: dict[str, str] = {"api_key": api_key} if api_key and not email else _sign_in(email)
    with Tokenline(url or None, connect_s=CONNECT_S, **who) as client:
        yield client


def _sign_in(email: str | None) -> dict[str, str]:
    if not sys.stdin.isatty():
        _fail("Not signed in: set TOKENLINE_API_KEY, or give --api-key.", Exit.SIGN_IN)
    address = email or typer.prompt("E-mail", err=True)
    return {"email": address, "password": getpass("Password: ")}


@contextmanager
def _told(url: list[str] | None, agent: str | None) -> Iterator[None]:
    """What went wrong, and what to do about it, in one line each."""
    where = ", ".join(url or [BASE_URL])
    try:
        yield
    except (Unreachable, WrongGateway) as error:
        _fail(f"{error.message} Is it running there? Name it with --url or TOKENLINE_BASE_URL.", Exit.UNREACHABLE)
    except WrongCredentials as error:
        _fail(f"{error.message} New here? Register on the chat page: {where}", Exit.SIGN_IN)
    except (NotSignedIn, NotAllowed) as error:
        _fail(f"{error.message} Sign in on the chat page for another key, or use --email. ({where})", Exit.SIGN_IN)
    except TokenlineError as error:
        retry_s = error.detail.get("retry_after_s")
        later = f" Try again in {duration(retry_s)}." if isinstance(retry_s, int | float) else ""
        which = f" (agent {agent}: `tokenline status` lists those there are)" if agent and error.status == 404 else ""
        _fail(error.message + later + which, Exit.FAILED)
    except OSError as error:
        if isinstance(error, BrokenPipeError):
            _leave_pipe()
        _fail(str(error), Exit.FAILED)
    except ValueError as error:
        _fail(str(error), 2)


def _leave_pipe() -> NoReturn:
    """Whoever read the answer has gone; what is left of it must not be tried again when the interpreter ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise typer.Exit(Exit.FAILED)


def _fail(message: str, code: int) -> NoReturn:
    typer.echo(f"tokenline: {harmless(message)}", err=True)
    raise typer.Exit(code)
