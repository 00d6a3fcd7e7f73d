"""``--profile``: what each service spends its time on. Such a run has no figures: profiling doubles the work."""

import pstats
from pathlib import Path

from tests.support.system import System

LINES = 25
wanted = False


def prepare(system: System) -> None:
    """Before its processes are started."""
    if wanted:
        system.profile()


def report(system: System) -> None:
    """After they have ended: the most expensive functions of each."""
    for path in sorted(Path(system.folder).glob("*.profile")):
        print(f"\n── {path.stem}", flush=True)
        pstats.Stats(str(path)).sort_stats("tottime").print_stats(LINES)
