"""Remembering from which inputs a step of set-up was last done."""

import hashlib
from collections.abc import Iterable
from pathlib import Path


def fingerprint(paths: Iterable[Path], *facts: str) -> str:
    """Changes with the name and content of any of the files, and with any of `facts`; missing files count too."""
    digest = hashlib.sha256()
    for fact in facts:
        digest.update(f"{len(fact)}:{fact}".encode())
    for path in sorted(set(paths)):
        content = path.read_bytes() if path.is_file() else b""
        size = len(content) if path.is_file() else -1
        digest.update(f"{path}\0{size}\0".encode())
        digest.update(content)
    return digest.hexdigest()


class Stamp:
    """A file in the virtual environment: removing that makes everything be done again."""

    def __init__(self, venv: Path, name: str) -> None:
        self._path = venv / "set-up" / name

    def exists(self) -> bool:
        """Whether the step was ever done, from whatever inputs."""
        return self._path.is_file()

    def matches(self, inputs: str) -> bool:
        """Whether the step was done, to its end, from these inputs."""
        return self._path.is_file() and self._path.read_text(encoding="utf-8") == inputs

    def write(self, inputs: str) -> None:
        """The step is done."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_text(inputs, encoding="utf-8")

    def clear(self) -> None:
        """The step begins: until its end it counts as not done."""
        self._path.unlink(missing_ok=True)
