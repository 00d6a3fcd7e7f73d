"""Recovery times: runs the fault tests and collects what they print, such as ``F16: redelivered after 9 s``."""

import re
import subprocess
import sys
from pathlib import Path

from tests.bench.rows import Row

ROOT = Path(__file__).parents[2]
_LINE = re.compile(r"^(?P<id>[FTQ]\d+)[^:]*: (?P<what>.*?)(?P<value>\d+(?:\.\d+)?) ?(?P<unit>ms|s)\b", re.MULTILINE)


def run() -> list[Row]:
    """Blocks for minutes. What fails is shown and has no row."""
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:randomly", "tests/faults"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout[-3000:], file=sys.stderr)
    return [
        Row(id=found["id"], what=found["what"].strip(" ,"), value=float(found["value"]), unit=found["unit"])
        for found in _LINE.finditer(done.stdout)
    ]
