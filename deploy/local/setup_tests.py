"""The tests' bytecode, made while the rest of set-up waits for the network.

pytest rewrites every module of tests before it runs it. On a fresh clone all processes of a run would do so at once,
each for 6 s.
"""

import os
import subprocess
from pathlib import Path


def compile_tests(root: Path, venv: Path) -> None:
    """Unless they ever were. What fails here is left for the tests' own run to tell."""
    if (root / "tests" / "__pycache__").exists():
        return
    subprocess.run(
        [str(venv / "bin" / "python"), "-m", "pytest", "--collect-only", "-q", "tests"],
        cwd=root,
        env=dict(os.environ) | {"PYTHONDONTWRITEBYTECODE": ""},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
