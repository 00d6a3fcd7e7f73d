"""One step of set-up: a line on the terminal, a command, and a sentence when it fails."""

import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
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
    """Run `commands` one after the other: "· title … done in 41 s".

    Raises LocalError that ends with `remedy`, after the tail of the failed command's output was printed.
    """
    print(f"· {title} …", end="", flush=True)
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
            print(" failed", flush=True)
            raise LocalError(f"{command[0]} could not be run ({error.strerror}). {remedy}") from None
        if done.returncode:
            tail = done.stdout.decode(errors="replace").rstrip().splitlines()[-_TAIL_LINES:]
            print(" failed\n" + "\n".join(f"    {line}" for line in tail), file=sys.stdout, flush=True)
            raise LocalError(f"`{' '.join(command[:4])} …` failed, see above. {remedy}")
    print(f" done in {time.monotonic() - began:.0f} s", flush=True)
