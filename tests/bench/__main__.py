"""``make bench``: measure, print the table, write it down."""

import argparse
import logging
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from deploy.local.errors import LocalError
from tests.bench import recovery
from tests.bench.eta import measure as eta
from tests.bench.line import fairness, ledger, throughput
from tests.bench.rows import Row, save, table
from tests.bench.streaming.measure import run as streaming
from tests.bench.streaming.work import BrokenRun


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--users", type=int, nargs="+", default=[50, 200])
    parser.add_argument("--runs", type=int, default=3, help="figures of streaming are medians of so many")
    parser.add_argument("--only", nargs="+", help="names of parts")
    parser.add_argument("--out", type=Path, default=Path("var/bench.json"))
    arguments = parser.parse_args()
    logging.disable(logging.INFO)
    parts: dict[str, Callable[[], list[Row]]] = {
        "streaming": partial(streaming, arguments.users, arguments.runs),
        "throughput": throughput.run,
        "fairness": fairness.run,
        "ledger": ledger.run,
        "eta": eta.run,
        "recovery": recovery.run,
    }
    rows: list[Row] = []
    for name in arguments.only or parts:
        print(f"── {name}", flush=True)
        try:
            rows += parts[name]()
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
