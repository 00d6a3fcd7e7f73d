"""The virtual environment and what is installed in it."""

import importlib.util
import subprocess
import sys
from pathlib import Path

from deploy.local.errors import LocalError
from deploy.local.stamps import Stamp, fingerprint
from deploy.local.steps import step


def make_venv(root: Path, venv: Path) -> None:
    """Make it when it is missing or does not run."""
    place = Stamp(venv, "place")
    # The scripts in it name their Python by its full path: an environment that was moved is useless.
    moved = place.exists() and not place.matches(str(root))
    if _version(venv) and not moved:
        place.write(str(root))
        return
    for module in ("venv", "ensurepip"):
        if importlib.util.find_spec(module) is None:
            package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
            raise LocalError(
                f"{sys.executable} lacks the module {module}: install it "
                f"(Debian and Ubuntu: `sudo apt-get install {package}`), or name another Python: make PYTHON=…"
            )
    step(
        "Virtual environment",
        [[sys.executable, "-m", "venv", "--clear", str(venv)]],
        "Check that this folder can be written and the disk is not full, then run the same command again.",
        folder=root,
    )
    place.write(str(root))


def set_up_python(root: Path, with_node: bool) -> None:
    """Install into `.venv`, which is there, when pyproject or constraints changed."""
    venv = root / ".venv"
    inputs = fingerprint([root / "pyproject.toml", root / "constraints.txt"], str(root), str(with_node), _version(venv))
    stamp = Stamp(venv, "python")
    if stamp.matches(inputs):
        return
    stamp.clear()
    extras = "dev,node" if with_node else "dev"
    pip = [str(venv / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    step(
        "Python packages",
        [[*pip, "-c", "constraints.txt", "-e", f".[{extras}]"]],
        "Check the network and the disk, then run the same command again.",
        folder=root,
    )
    stamp.write(inputs)


def _version(venv: Path) -> str:
    """Version of the environment's Python; empty when it is missing, broken (moved, half made) or too old."""
    show = "import pip, sys; print(*sys.version_info[:2], sys.prefix) if sys.version_info >= (3, 11) else None"
    try:
        done = subprocess.run([str(venv / "bin" / "python"), "-c", show], capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
