"""The files that are read: the tests' corpus, damaged copies of it, and documents that this machine has anyway."""

import os
import random
from collections.abc import Iterator
from pathlib import Path

from tests.support.corpus import Specimen, specimens

_ROOTS = ("/usr/share", "/usr/lib", "/opt", str(Path.home()))
_SUFFIXES = (".pdf", ".docx", ".html", ".htm", ".md", ".csv", ".json", ".txt", ".png", ".jpg", ".gif", ".webp")
_OF_EACH = 120
_MOST_BYTES = 25 * 1024 * 1024
_COPIES = 12


def corpus() -> list[Specimen]:
    return list(specimens())


def damaged() -> Iterator[Specimen]:
    """Copies of each small file with a few bytes changed, cut off, or a part doubled."""
    dice = random.Random(7)
    for specimen in corpus():
        if not 10 < len(specimen.data) < 200_000:
            continue
        for number in range(_COPIES):
            data = bytearray(specimen.data)
            at = dice.randrange(len(data))
            match number % 3:
                case 0:
                    for _ in range(dice.randint(1, 20)):
                        data[dice.randrange(len(data))] = dice.randrange(256)
                case 1:
                    del data[at:]
                case 2:
                    data[at:at] = data[at : at + dice.randrange(1, 5000)]
            yield Specimen(f"{number} {specimen.name}", bytes(data), "")


def real() -> list[Path]:
    """A sample of each kind, the same one each time."""
    found: dict[str, list[Path]] = {suffix: [] for suffix in _SUFFIXES}
    for root in _ROOTS:
        for folder, folders, names in os.walk(root):
            folders[:] = [name for name in folders if name != "node_modules"]
            for name in names:
                path = Path(folder, name)
                if path.suffix in found and not path.is_symlink() and 0 < path.stat().st_size <= _MOST_BYTES:
                    found[path.suffix].append(path)
    chosen = []
    for paths in found.values():
        paths.sort()
        chosen += paths[:: max(1, len(paths) // _OF_EACH)][:_OF_EACH]
    return chosen
