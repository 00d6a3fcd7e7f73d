"""The tests' bytecode, made while the rest of set-up waits for the network.

pytest rewrites every module of tests before it runs it. On a fresh clone all processes of a run would do so at once,
each for 6 s.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def tests_compiled_beside(root: Path, venv: Path) -> Iterator[None]:
    """The block takes as long as the longer of the two. What fails here is left for the tests' own run to tell."""
    if (root / "tests" / "__pycache__").exists():
        yield
        return
    with subprocess.Popen(
        [str(venv / "bin" / "python"), "-m", "pytest", "--collect-only", "-q", "tests"],
        cwd=root,
        env=dict(os.environ) | {"PYTHONDONTWRITEBYTECODE": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as collecting:
        try:
            yield
        except BaseException:
            collecting.kill()
            raise
