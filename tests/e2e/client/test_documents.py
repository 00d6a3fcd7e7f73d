"""What the documents tell people to type, works."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.system import ROOT, System

BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
PROGRAMS = [
    pytest.param(program, id=f"{name}-{number}")
    for name in ("README.md", "docs/client.md")
    for number, program in enumerate(BLOCK.findall((ROOT / name).read_text()))
    if "tokenline.client" in program
]


def test_there_are_some() -> None:
    assert len(PROGRAMS) >= 3


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_documented_program_runs(program: str, line: System, key: str, tmp_path: Path) -> None:
    (tmp_path / "report.txt").write_text("The heron stands in the shallow water.\n")
    ours = program.replace("http://127.0.0.1:8080", line.url()).replace("tl_…", key)
    assert ours != program
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", ours],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.stderr, done.returncode) == ("", 0)
    assert "w0 w1" in done.stdout
