"""``make bench``: measure, print the table, write it down."""

import argparse
import logging
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from deploy.local.errors import LocalError
from tests.bench import profiles, recovery, restart
from tests.bench.eta import measure as eta
from tests.bench.line import fairness, ledger, throughput
from tests.bench.reading import outcomes, retrieval, search
from tests.bench.reading import throughput as ingest
from tests.bench.rows import Row, save, table
from tests.bench.streaming import idle, measure, messages, return_path
from tests.bench.streaming.work import BrokenRun


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--users", type=int, nargs="+", default=[50, 200])
    parser.add_argument("--runs", type=int, default=3, help="figures of streaming are medians of so many")
    parser.add_argument("--only", nargs="+", help="names of parts")
    parser.add_argument("--profile", action="store_true", help="show what services spend their time on (pstats)")
    parser.add_argument("--out", type=Path, default=Path("var/bench.json"))
    arguments = parser.parse_args()
    profiles.wanted = arguments.profile
    logging.disable(logging.INFO)
    parts: dict[str, Callable[[], list[Row]]] = {
        "streaming": partial(measure.run, arguments.users, arguments.runs),
        "crowd": partial(measure.run_crowd, arguments.runs),
        "return": return_path.run,
        "messages": messages.run,
        "idle": idle.run,
        "throughput": throughput.run,
        "fairness": fairness.run,
        "ledger": ledger.run,
        "eta": eta.run,
        "reading": outcomes.run,
        "retrieval": retrieval.run,
        "search": search.run,
        "ingest": ingest.run,
        "restart": restart.run,
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
