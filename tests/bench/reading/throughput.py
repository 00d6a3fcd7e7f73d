"""T14: files through the whole of ingest (queue, store, sandbox, passages, index) beside the bare extractor."""

import asyncio
import io
import multiprocessing
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import pypdf
import structlog

from deploy.local.rabbitmq import PrivateNode
from services.ingest.extract.answers import PdfReaderName
from services.ingest.extract.readers import read
from services.ingest.extract.source import Source
from tests.bench.rows import Row
from tests.support import documents
from tests.support.ingest import Ingest

FILES = 40
PAGES = 40
PARALLEL = 2
RUNS = 3
_SENTENCE = "The budget of this year allows for four new bridges over the river, and for a school at the harbour. "


def run() -> list[Row]:
    """Blocks for two minutes."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(40))
    files = [
        documents.pdf([f"Report {number}, page {page}. " + _SENTENCE * 25 for page in range(PAGES)])
        for number in range(FILES)
    ]
    rows = []
    with (
        tempfile.TemporaryDirectory(prefix="tokenline-bench-") as folder,
        PrivateNode(Path(folder, "rabbitmq")) as node,
    ):
        bare = median(_bare(files) for _ in range(RUNS))
        rows.append(Row(id="T14", what="pages/s, bare pypdf, one process", value=FILES * PAGES / bare, unit="/s"))
        readers: tuple[PdfReaderName, ...] = ("pypdf", "auto")
        for reader in readers:
            floor = median(_bare_in_parallel(files, reader) for _ in range(RUNS))
            seconds = median(
                asyncio.run(_through_ingest(Path(folder, f"{reader}-{number}"), node.amqp_url(), files, reader))
                for number in range(RUNS)
            )
            rows += _beside(reader, bare, floor, seconds)
    return rows


def _beside(reader: str, bare_s: float, floor_s: float, seconds: float) -> list[Row]:
    pages = FILES * PAGES
    share = 100 * floor_s / seconds
    return [
        Row(id="T14", what=f"pages/s by {reader}, {PARALLEL} bare processes", value=pages / floor_s, unit="/s"),
        Row(id="T14", what="  through ingest", value=pages / seconds, unit="/s"),
        Row(id="T14", what="  share of it", value=share, unit="%", target=80.0, at_least=True),
        Row(id="T14", what="  share of one process of bare pypdf", value=100 * bare_s / seconds, unit="%"),
    ]


def _bare(files: Sequence[bytes]) -> float:
    begin = time.monotonic()
    for data in files:
        for page in pypdf.PdfReader(io.BytesIO(data)).pages:
            page.extract_text()
    return time.monotonic() - begin


def _bare_in_parallel(files: Sequence[bytes], reader: PdfReaderName) -> float:
    with multiprocessing.get_context("fork").Pool(PARALLEL) as pool:
        pool.map(_one, [(files[0], reader)] * PARALLEL)  # started and warm
        begin = time.monotonic()
        pool.map(_one, [(data, reader) for data in files], chunksize=1)
        return time.monotonic() - begin


def _one(work: tuple[bytes, PdfReaderName]) -> int:
    data, reader = work
    return len(read(Source(data, "report.pdf", pdf_reader=reader)).text.text)


async def _through_ingest(folder: Path, amqp_url: str, files: Sequence[bytes], reader: PdfReaderName) -> float:
    """From the first job in the queue to the last file indexed; the files are stored before."""
    async with Ingest(folder, amqp_url, pdf_reader=reader, parallel=PARALLEL) as ingest:
        conversation = await ingest.conversation()
        stored = [await ingest.upload(data, "report.pdf", conversation, publish=False) for data in files]
        begin = time.monotonic()
        for attachment in stored:
            await ingest.publish(attachment)
        for attachment in stored:
            await ingest.ended(attachment)
        seconds = time.monotonic() - begin
        assert all(told.state != "failed" for told in ingest.events)
        return seconds
