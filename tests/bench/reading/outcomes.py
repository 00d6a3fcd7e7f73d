"""What becomes of many files, how long a page takes, and how far the two PDF libraries agree."""

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher

import structlog

from services.ingest.extract.answers import PdfReaderName
from services.ingest.extract.sandbox import Sandbox
from tests.bench.reading import library
from tests.bench.rows import Row
from tests.support.corpus import Specimen
from tokenline.contracts.errors import Rejected

PARALLEL = 2
_ALIKE = 0.9
"""Two readings of a page agree when so much of their words is the same."""
_TIMED_OUT = "too complex: reading it took more"


@dataclass
class Readings:
    outcomes: Counter[str] = field(default_factory=Counter)
    pages: int = 0
    page_s: float = 0.0
    """Time spent on the files that these pages are of."""
    slowest_s: float = 0.0
    slowest: str = ""
    unexpected: list[str] = field(default_factory=list)
    texts: dict[str, list[str]] = field(default_factory=dict)
    """Pages of each PDF that was read."""


def run() -> list[Row]:
    """Blocks for some minutes."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    return asyncio.run(_run())


async def _run() -> list[Row]:
    files = [Specimen(str(path), path.read_bytes(), "") for path in library.real()]
    damaged = list(library.damaged())
    rows: list[Row] = []
    for what, specimens in (("corpus", library.corpus()), ("damaged copies", damaged), ("of this machine", files)):
        readings = await read_all(specimens)
        rows += _outcomes(what, readings)
    pdfs = [s for s in [*library.corpus(), *damaged, *files] if s.name.endswith(".pdf")]
    pypdf, pdfium = await read_all(pdfs, "pypdf"), await read_all(pdfs, "pdfium")
    for name, readings in (("pypdf", pypdf), ("pdfium", pdfium)):
        each_ms = 1000 * readings.page_s / max(1, readings.pages)
        rows.append(Row(id="R4", what=f"PDF page by {name}, {readings.pages} pages", value=each_ms, unit="ms"))
        rows.append(Row(id="R4", what=f"  of {len(pdfs)} files it reads", value=readings.outcomes["ok"], unit=""))
    rows.append(Row(id="R4", what="  pages both read alike", value=100 * _agreement(pypdf, pdfium), unit="%"))
    return rows


async def read_all(specimens: Iterable[Specimen], pdf_reader: PdfReaderName = "auto") -> Readings:
    """`PARALLEL` at a time, with the limits that ingest has by default."""
    readings = Readings()
    slots = asyncio.Semaphore(PARALLEL)
    async with Sandbox(pdf_reader=pdf_reader) as sandbox, asyncio.TaskGroup() as group:
        for specimen in specimens:
            await slots.acquire()
            group.create_task(_read(sandbox, specimen, readings)).add_done_callback(lambda _: slots.release())
    return readings


async def _read(sandbox: Sandbox, specimen: Specimen, readings: Readings) -> None:
    begin = time.monotonic()
    try:
        with tempfile.TemporaryFile() as file:
            file.write(specimen.data)
            file.flush()
            text = (await sandbox.extract(file, specimen.name)).text
    except Rejected as error:
        outcome = "time-out" if _TIMED_OUT in error.message else error.code
    else:
        outcome = "ok"
        if text.page_starts is not None:
            readings.pages += len(text.page_starts)
            readings.page_s += time.monotonic() - begin
            readings.texts[specimen.name] = text.text.split("\f")
    took_s = time.monotonic() - begin
    readings.outcomes[outcome] += 1
    if took_s > readings.slowest_s:
        readings.slowest_s, readings.slowest = took_s, specimen.name
    if specimen.outcome not in ("", outcome, "no_passages"):
        readings.unexpected.append(f"{specimen.name}: {outcome}")


def _outcomes(what: str, readings: Readings) -> list[Row]:
    total = readings.outcomes.total()
    told = ", ".join(f"{count} {outcome}" for outcome, count in readings.outcomes.most_common())
    print(f"{what}: {total} files: {told}; slowest {readings.slowest_s:.1f} s, {readings.slowest}")
    for line in readings.unexpected:
        print(f"  not as expected: {line}")
    ok, late = readings.outcomes["ok"], readings.outcomes["time-out"]
    return [
        Row(id="R4", what=f"files {what}: read", value=ok, unit=f"/{total}"),
        Row(id="R4", what="  refused with a typed error", value=total - ok - late, unit=f"/{total}"),
        Row(id="R4", what="  stopped at the limits", value=late, unit=f"/{total}"),
        Row(id="R4", what="  slowest", value=readings.slowest_s, unit="s", target=20 + 5),
    ]


def _agreement(one: Readings, other: Readings) -> float:
    """Share of the pages, in files that both read, whose words are alike."""
    alike = total = 0
    for name, pages in one.texts.items():
        for mine, theirs in zip(pages, other.texts.get(name, ()), strict=False):
            total += 1
            alike += _similar(mine.replace("-\n", ""), theirs)
    return alike / max(1, total)


def _similar(mine: str, theirs: str) -> bool:
    return SequenceMatcher(None, mine.split(), theirs.split(), autojunk=False).ratio() >= _ALIKE
