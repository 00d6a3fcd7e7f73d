"""All set-up: Python packages, engines, pages; each part only when its inputs changed."""

import contextlib
import fcntl
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from deploy.local.errors import LocalError
from deploy.local.setup_engines import CHROMIUM, PROMTOOL, RABBITMQ, TESSERACT, Engine, set_up_engines
from deploy.local.setup_ferretdb import set_up_ferretdb
from deploy.local.setup_pages import link_wheel_node, set_up_pages, system_node
from deploy.local.setup_python import make_venv, set_up_python
from deploy.local.setup_tests import compile_tests
from deploy.local.steps import side_by_side

_ROOT = Path(__file__).resolve().parents[2]


def main(arguments: Sequence[str]) -> int:
    """Exit code: 0 when everything is there, 1 with one sentence when not."""
    purpose = arguments[1] if len(arguments) == 2 and arguments[0] == "--for" else ""
    if purpose not in ("run", "test"):
        print("usage: bootstrap.py --for run|test", file=sys.stderr)
        return 2
    try:
        with _one_at_a_time(_ROOT / "pyproject.toml"):
            _set_up(purpose)
    except LocalError as error:
        print(error, file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("\nSet-up was interrupted; the same command goes on from here.", file=sys.stderr)
        return 130
    return 0


def _set_up(purpose: str) -> None:
    wanted, required = engines_for(purpose, bool(os.environ.get("AMQP_URL")), bool(os.environ.get("CI")))
    # First, since only this may need somebody's help: better asked at once than after a minute.
    set_up_engines(_ROOT, wanted, required)
    venv = _ROOT / ".venv"
    make_venv(_ROOT, venv)
    needs_wheel = system_node(venv) is None
    pages = partial(set_up_pages, _ROOT, venv)

    def python() -> None:
        set_up_python(_ROOT, with_node=needs_wheel)
        after: list[Callable[[], None]] = [partial(compile_tests, _ROOT, venv)] if purpose == "test" else []
        if needs_wheel:
            link_wheel_node(venv)
            after.append(pages)
        if after:
            side_by_side(*after)

    # Most of it waits for the network.
    works: list[Callable[[], None]] = [python]
    if not needs_wheel:
        works.append(pages)
    if purpose == "test":
        works.append(partial(set_up_ferretdb, _ROOT))
    side_by_side(*works)


def engines_for(purpose: str, has_amqp_url: bool, in_ci: bool) -> tuple[tuple[Engine, ...], tuple[Engine, ...]]:
    """Engines to look for, and those among them that nothing works without."""
    if purpose == "run":
        wanted: tuple[Engine, ...] = () if has_amqp_url else (RABBITMQ,)
        return wanted, wanted
    # Tests always start their own broker. Where CI is set, a missing engine would fail them later on.
    wanted = (RABBITMQ, CHROMIUM, PROMTOOL, TESSERACT)
    return wanted, wanted if in_ci else ()


@contextlib.contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    """Two `make` at once: the second waits for the first and then finds everything done."""
    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
