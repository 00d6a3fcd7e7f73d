"""Each peer in a virtual environment of its own, installed once; none of them is a dependency of the project."""

import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

REQUIREMENTS: Mapping[str, Sequence[str]] = {
    "gradio": ("gradio==6.31.0", "openai==3.54.0", "aiohttp==3.14.5"),
    "chainlit": ("chainlit==2.12.0", "openai==3.54.0", "aiohttp==3.14.5"),
    "litellm": ("litellm[proxy]==1.106.0",),
}
_LIMIT_S = 600.0


def installed(name: str, folder: Path) -> Path | None:
    """The environment's ``bin``; ``None`` when the registry lacks something of it, which is said aloud."""
    home = folder / name
    stamp = home / "requirements.txt"
    wanted = "\n".join(REQUIREMENTS[name])
    if not stamp.exists() or stamp.read_text() != wanted:
        print(f"     installing {name} into {home}", flush=True)
        venv.create(home, with_pip=True, clear=True)
        pip = [str(home / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        done = subprocess.run(
            [*pip, *REQUIREMENTS[name]], capture_output=True, text=True, check=False, timeout=_LIMIT_S
        )
        if done.returncode:
            reason = (done.stderr.strip() or "pip failed").splitlines()[-1]
            print(f"!!   SKIPPED {name}: it cannot be installed here: {reason}", file=sys.stderr, flush=True)
            return None
        stamp.write_text(wanted)
    return home / "bin"
