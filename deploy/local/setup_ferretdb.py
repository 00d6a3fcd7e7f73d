"""FerretDB, which stands in for a MongoDB server in tests: built from its Go module, kept in the user's cache."""

import os
import re
import shutil
import subprocess
from pathlib import Path

from deploy.local.errors import LocalError
from deploy.local.stamps import fingerprint
from deploy.local.steps import step

REMEDY = "install Go 1.24 or newer and run `make test` again, or set MONGO_URL to a MongoDB server for the tests"

_LEAST_GO = (1, 24)
_TAGS = "ferretdb_no_postgresql"
"""Leaves out the other backend, which nobody asks for."""
# Where Go's own installer puts it, which is not on every PATH.
_GO_HOME = "/usr/local/go/bin/go"


def set_up_ferretdb(root: Path) -> None:
    """Build it unless that is done, `MONGO_URL` names a server, or there is no Go.

    Raises LocalError when the build fails and `CI` is set. Elsewhere its tests are skipped.
    """
    if os.environ.get("MONGO_URL") or ferretdb_program(root).exists():
        return
    go = go_program()
    if go is None:
        print(f"! MongoDB missing: tests that need it {_fate()}; {REMEDY}", flush=True)
        return
    try:
        build_ferretdb(root, go)
    except LocalError as error:
        if os.environ.get("CI"):
            raise
        print(f"! {error} Until then tests that need MongoDB are skipped.", flush=True)


def ferretdb_program(root: Path) -> Path:
    """Where the program built from the present sources is, or will be."""
    # By content alone, so that every clone of a version shares one program.
    sources = sorted(_sources(root).iterdir())
    inputs = fingerprint((), *(fact for path in sources for fact in (path.name, path.read_text(encoding="utf-8"))))
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "tokenline" / f"ferretdb-{inputs[:16]}"


def go_program() -> str | None:
    """A Go that is new enough, or None."""
    go = shutil.which("go") or shutil.which(_GO_HOME)
    if go is None:
        return None
    done = subprocess.run([go, "version"], capture_output=True, text=True, check=False)
    found = re.search(r"go(\d+)\.(\d+)", done.stdout)
    return go if found and (int(found[1]), int(found[2])) >= _LEAST_GO else None


def build_ferretdb(root: Path, go: str) -> None:
    """Takes a minute on two cores. Raises LocalError."""
    program = ferretdb_program(root)
    program.parent.mkdir(parents=True, exist_ok=True)
    # Under its final name only when complete, whoever else builds or whatever interrupts.
    unfinished = program.with_name(f"{program.name}.{os.getpid()}")
    try:
        step(
            "FerretDB, in place of a MongoDB server in tests",
            [[go, "build", "-trimpath", f"-tags={_TAGS}", "-ldflags=-s -w", "-o", str(unfinished), "."]],
            "Check the network and the disk, then run the same command again, or set MONGO_URL to a MongoDB server.",
            folder=_sources(root),
            environment=dict(os.environ) | {"CGO_ENABLED": "0"},
        )
        unfinished.rename(program)
    finally:
        unfinished.unlink(missing_ok=True)


def _sources(root: Path) -> Path:
    return root / "tests" / "support" / "ferretdb"


def _fate() -> str:
    return "fail" if os.environ.get("CI") else "are skipped"
