"""One step of set-up: a line on the terminal, a command, and a sentence when it fails; and several at the same time."""

import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from deploy.local.errors import LocalError

_TAIL_LINES = 25


def step(
    title: str,
    commands: Sequence[Sequence[str]],
    remedy: str,
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> None:
    """Run `commands` one after the other: "· title …", then "· title: done in 41 s".

    Raises LocalError that ends with `remedy`, after the tail of the failed command's output was printed.
    """
    _say(f"· {title} …")
    began = time.monotonic()
    for command in commands:
        try:
            done = subprocess.run(
                list(command),
                cwd=folder,
                env=None if environment is None else dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
        except OSError as error:
            _say(f"· {title}: failed")
            raise LocalError(f"{command[0]} could not be run ({error.strerror}). {remedy}") from None
        if done.returncode:
            tail = done.stdout.decode(errors="replace").rstrip().splitlines()[-_TAIL_LINES:]
            _say("\n".join([f"· {title}: failed", *(f"    {line}" for line in tail)]))
            raise LocalError(f"`{' '.join(command[:4])} …` failed, see above. {remedy}")
    _say(f"· {title}: done in {time.monotonic() - began:.0f} s")


def side_by_side(*works: Callable[[], None]) -> None:
    """Carry out all of them, to their ends; then raise what the first that failed raised."""
    with ThreadPoolExecutor(len(works)) as threads:
        for under_way in [threads.submit(work) for work in works]:
            under_way.result()


def _say(lines: str) -> None:
    """In one piece: others may be speaking, too."""
    sys.stdout.write(lines + "\n")
    sys.stdout.flush()
