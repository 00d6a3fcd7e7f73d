"""``make bench``: measure, print the table, write it down."""

import argparse
import logging
import sys
from pathlib import Path

from deploy.local.errors import LocalError
from tests.bench.rows import save, table
from tests.bench.streaming.measure import run as streaming
from tests.bench.streaming.work import BrokenRun


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--users", type=int, nargs="+", default=[50, 200])
    parser.add_argument("--runs", type=int, default=3, help="figures are medians of so many")
    parser.add_argument("--out", type=Path, default=Path("var/bench.json"))
    arguments = parser.parse_args()
    logging.disable(logging.INFO)
    rows = []
    try:
        rows = streaming(arguments.users, arguments.runs)
    except* (LocalError, BrokenRun) as errors:
        print(f"No figures: {errors.exceptions[0]}", file=sys.stderr)
    if not rows:
        return 1
    print(f"\n{table(rows)}")
    save(rows, arguments.out)
    print(f"\nwritten to {arguments.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
