"""Children that crash, or say what cannot be: the file is refused, the service and the next file are as before (B7)."""

import asyncio
import os
import signal

import pytest

from services.ingest.extract import judge
from services.ingest.extract.answers import Ended, Extracted, Reading, Refused, Task, frame
from services.ingest.extract.sandbox import CRASHES, Sandbox, SandboxLost, _conversation
from tests.integration.ingest.test_sandbox import extract, first_child, text_of
from tests.support import documents
from tokenline.contracts.attachments import DocumentInfo, PictureInfo
from tokenline.contracts.base import pack
from tokenline.contracts.errors import Corrupted, TooComplex, Unreadable
from tokenline.contracts.texts import ExtractedText, Heading

TASK = Task(name="a.pdf", cpu_s=20, wall_s=30, memory_bytes=512 * 1024**2, max_chars=1000)
BLANK = ExtractedText(mime_type="image/png", text="")
TEXT = ExtractedText(mime_type="text/plain", text="Some words.")
GOOD = Extracted(text=TEXT, spans=((0, 11),))
PICTURE = PictureInfo(width=10, height=10, thumbnail=True)


async def test_a_crash_is_the_files_fault_and_nobody_elses():
    async with Sandbox(pdf_reader="pypdf") as sandbox:
        for ended in sorted(CRASHES):
            reading = asyncio.create_task(extract(sandbox, documents.slow_pdf(), "slow.pdf"))
            child = await asyncio.to_thread(first_child, sandbox.pid)
            os.kill(child.pid, ended)
            with pytest.raises(Corrupted, match="ended its reader"):
                await reading
            assert await text_of(sandbox, b"Still fine.", "next.txt") == "Still fine."


@pytest.mark.asyncio(loop_scope="module")
async def test_one_that_the_kernel_kills_for_its_memory_is_too_complex(sandbox):
    reading = asyncio.create_task(extract(sandbox, documents.slow_pdf(), "slow.pdf"))
    child = await asyncio.to_thread(first_child, sandbox.pid)
    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(TooComplex, match="20 s or 512 MB"):
        await reading


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xc1",
        b"not msgpack at all",
        pack({"outcome": "extracted"}),
        pack({"outcome": "run", "command": "rm"}),
        pack(Extracted(text=TEXT, spans=((0, 12),))),
        pack(Extracted(text=TEXT, spans=((5, 5),))),
        pack(Extracted(text=TEXT, spans=((-1, 3),))),
        pack(Extracted(text=ExtractedText(mime_type="text/html; x", text="a"), spans=())),
        pack(Extracted(text=ExtractedText(mime_type="text/plain", text="a\0b"), spans=())),
        pack(Extracted(text=ExtractedText(mime_type="text/plain", text="a" * 2000), spans=())),
        pack(Extracted(text=ExtractedText(mime_type="text/plain", text="abc", page_starts=(0, 9)), spans=())),
        pack(Extracted(text=ExtractedText(mime_type="text/plain", text="abc", page_starts=(2, 1)), spans=())),
        pack(Extracted(text=ExtractedText(mime_type="text/plain", text="abc", breaks=(-1,)), spans=())),
        pack(
            Extracted(
                text=ExtractedText(
                    mime_type="text/plain", text="abc", headings=(Heading(start=0, level=1, title="x" * 1000),)
                ),
                spans=(),
            )
        ),
        pack(Extracted(text=TEXT, spans=(), picture=PICTURE, thumbnail=b"RIFF....WEBP")),
        pack(Extracted(text=BLANK, spans=(), picture=PICTURE, thumbnail=b"<svg>")),
        pack(Extracted(text=BLANK, spans=(), picture=PICTURE)),
        pack(Extracted(text=BLANK, spans=())),
        pack(Ended(signal=0)),
    ],
)
def test_garbage_is_not_believed(body):
    with pytest.raises(Unreadable, match=r"a\.pdf"):
        judge.judged(body, 0, TASK)


def test_what_it_says_of_the_document_is_made_plain():
    said = DocumentInfo(
        title="A\n\x1b[31mred\u202e title " + "x" * 1000, author=" ", created="yesterday", language="<b>"
    )
    found = judge.judged(pack(Extracted(text=TEXT, spans=(), document=said, warning="Two\nlines")), 0, TASK)
    assert found.document is not None
    assert found.document.title is not None
    assert found.document.title.startswith("A [31mred title xxx")
    assert len(found.document.title) == 200
    assert (found.document.author, found.document.created, found.document.language) == (None, None, None)
    assert found.warning == "Two lines"


def test_an_unknown_code_of_refusal_is_no_way_out():
    with pytest.raises(Unreadable):
        judge.judged(pack(Refused(code="misconfigured", message="x", cause="Boom")), 0, TASK)


async def heard(*parts):
    told = []
    reader = asyncio.StreamReader()
    for part in parts:
        reader.feed_data(part)
    reader.feed_eof()
    return await _conversation(reader, lambda *step: told.append(step)), told


async def test_the_last_word_is_the_nurserys():
    good, ended = frame(GOOD), frame(Ended(signal=0))
    assert await heard(frame(Reading(done=1, of=2)), good, ended) == ((pack(GOOD), 0), [(1, 2)])
    assert await heard(good[:9], frame(Ended(signal=11))) == ((None, 11), [])
    assert await heard(frame(Ended(signal=9))) == ((None, 9), [])
    for broken in (good, good[:9], b"", b"\xff" * 50):
        with pytest.raises(SandboxLost):
            await heard(broken)


async def test_endless_talk_is_cut_off(monkeypatch):
    monkeypatch.setattr("services.ingest.extract.sandbox.MAX_ANSWER_BYTES", 10_000)
    (body, _), _ = await heard(*[b"\xff\xff\xff\x7f" + b"x" * 4000] * 4)
    with pytest.raises(Unreadable):
        judge.judged(body, 0, TASK)
