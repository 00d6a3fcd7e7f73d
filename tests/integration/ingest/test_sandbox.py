"""What the sandbox reads, what it refuses and with which words, and what nothing in it can do."""

import asyncio
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial

import psutil
import pytest
from structlog.testing import capture_logs

from services.ingest.extract import sandbox as sandbox_module
from services.ingest.extract.answers import UNFILTERED
from services.ingest.extract.sandbox import Sandbox, SandboxLost, SandboxUnavailable
from tests.support import documents, word
from tests.support.pictures import enormous_png
from tokenline.contracts.errors import Corrupted, Encrypted, Misconfigured, NoText, TooComplex, TooLarge, Unsupported
from tokenline.core.filetype import DOCX
from tokenline.core.texts import page_at

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def extract(sandbox, data, name, *tell):
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        return await sandbox.extract(file, name, *tell)


async def text_of(sandbox, data, name):
    return (await extract(sandbox, data, name)).text.text


async def test_a_pdf_page_by_page(sandbox):
    read = await extract(sandbox, documents.pdf(["The first page.", "A pangolin sleeps.", "The end."]), "a.pdf")
    text = read.text
    assert text.mime_type == "application/pdf"
    assert text.text.split("\f") == ["The first page.", "A pangolin sleeps.", "The end."]
    assert [page_at(text.page_starts, start) for start, _ in read.spans] == [1, 2, 3]


FORMATS = [
    (documents.pdf(["A PDF under another name."]), "notes.txt", "application/pdf", "A PDF under another name."),
    (b"# Title\n\nSome *words*.", "a.md", "text/markdown", "# Title\n\nSome *words*."),
    (b"Plain words.", "a.pdf", "text/plain", "Plain words."),
    ("Grüße aus Köln, schöne Größe".encode("latin-1"), "a.txt", "text/plain", "Grüße aus Köln, schöne Größe"),
    ("Grüße".encode("utf-16"), "a.txt", "text/plain", "Grüße"),
    (b"x,y\n1,2\n", "a.csv", "text/csv", "| x | y |\n| --- | --- |\n| 1 | 2 |"),
    (word.docx(word.paragraph("Said in Word.")), "a.pdf", DOCX, "Said in Word."),
    (b"a lone \xed\xa0\x80 surrogate in broken utf-8, cesu", "a.txt", "text/plain", None),
    (documents.encrypted_pdf("Open to read.", user_password=None), "a.pdf", "application/pdf", "Open to read."),
]


async def test_formats(sandbox):
    for data, name, mime_type, expected in FORMATS:
        read = await extract(sandbox, data, name)
        assert read.text.mime_type == mime_type
        assert expected is None or read.text.text.strip() == expected


async def test_html_without_scripts_and_menus(sandbox):
    page = b"""<!doctype html><html><head><title>T</title><style>p{}</style><script>alert(1)</script></head><body>
    <nav><a href="/">Home</a></nav><article><h1>Pangolins</h1><p>They sleep during the day, and eat ants at night. It is
    said that they are shy, and that nobody has ever seen one laugh.</p></article></body></html>"""
    text = await text_of(sandbox, page, "a.html")
    assert "eat ants at night" in text
    assert "alert" not in text


async def test_a_fragment_of_html(sandbox):
    assert await text_of(sandbox, b"<p>Only this.</p>", "a.html") == "Only this."


async def test_an_entity_reaches_no_file(sandbox):
    page = (
        b'<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]><html><body><p>Before &x; after.</p></body></html>'
    )
    assert "root:" not in await text_of(sandbox, page, "a.html")


Bomb = tuple[Callable[[], bytes], type[Exception] | None, str]
# Made by the test: every process of a run imports this file, and packing a bomb takes a second.
PYPDF: list[Bomb] = [
    (documents.nested_pdf, TooComplex, "unpack"),
    (partial(documents.inflating_pdf, 50_000_000), TooComplex, "unpack"),
    (partial(documents.inflating_pdf, 200_000_000, layers=2), TooComplex, "unpack"),
    (documents.looping_outline_pdf, None, ""),
    (partial(documents.counting_pdf, 2**31 - 1), None, ""),
    (documents.xref_loop_pdf, None, ""),
    (partial(documents.crowded_pdf, 20_000), TooComplex, "10,000 pages"),
]
PDFIUM: list[Bomb] = [
    (documents.nested_pdf, NoText, "no text"),
    (partial(documents.inflating_pdf, 50_000_000), NoText, "no text"),
    (partial(documents.inflating_pdf, 200_000_000, layers=2), Corrupted, "ended its reader"),
    (documents.looping_outline_pdf, None, ""),
    (partial(documents.counting_pdf, 2**31 - 1), None, ""),
    (documents.xref_loop_pdf, None, ""),
    (partial(documents.crowded_pdf, 20_000), TooComplex, "10,000 pages"),
]


@pytest.mark.parametrize("reader", ["pypdf", "pdfium"])
async def test_bombs_are_harmless_whichever_library_meets_them(reader):
    """B7: refused, or read for what is in them; the next file is read as if nothing had been."""
    async with Sandbox(pdf_reader=reader, cpu_s=5) as sandbox:
        for made, error, word in PYPDF if reader == "pypdf" else PDFIUM:
            data = made()
            begin = time.monotonic()
            if error is None:
                with contextlib.suppress(NoText, Corrupted):
                    assert "words" in await text_of(sandbox, data, "bomb.pdf")
            else:
                with pytest.raises(error, match=word):
                    await extract(sandbox, data, "bomb.pdf")
            assert time.monotonic() - begin < 20
            assert await text_of(sandbox, b"Still fine.", "next.txt") == "Still fine."


async def test_what_pdfium_does_not_survive_pypdf_is_asked_for(sandbox):
    """Which knows what is wrong with it, too."""
    with pytest.raises(TooComplex, match="unpack"):
        await extract(sandbox, documents.inflating_pdf(200_000_000, layers=2), "bomb.pdf")


async def test_letters_that_a_pdf_maps_itself():
    """Found on real files: the codec for it was not in the child, which can import nothing."""
    async with Sandbox(pdf_reader="pypdf") as sandbox:
        assert await text_of(sandbox, documents.mapped_pdf(), "tex.pdf") == "Hello"


REFUSED = [
    (documents.encrypted_pdf("Secret.", user_password="x"), Encrypted, "password.*without one"),
    (documents.empty_pdf(), NoText, "no text"),
    (documents.corrupted_pdf(), Corrupted, "damaged"),
    (documents.looping_pdf(), Corrupted, "damaged"),
    (partial(word.bomb, 150), TooComplex, "unpack"),
    (word.laughing(), Unsupported, "entities"),
    (word.external_entity(), Unsupported, "entities"),
    (enormous_png(), TooComplex, "million pixels"),
    (b"word " * 2_100_000, TooLarge, "10,000,000 characters"),
    (b"PK\x03\x04" + b"\x00" * 26 + b"word/document.xml", Corrupted, "damaged"),
    (b"\x89PNG\r\n\x1a\n\x00\x00", Corrupted, "damaged"),
    (b"text at first " * 1000 + b"\x00\x01\x02\xff" * 5000, Unsupported, "like text"),
    (b"", NoText, "empty"),
]


async def test_refusals_name_the_file_and_the_reason(sandbox):
    for made, error, said in REFUSED:
        data = made() if callable(made) else made
        with pytest.raises(error, match=said) as caught:
            await extract(sandbox, data, "tax return.pdf")
        assert "tax return.pdf" in caught.value.message
        assert await text_of(sandbox, b"Still fine.", "next.txt") == "Still fine."


async def test_a_runaway_is_ended_by_processor_time():
    async with Sandbox(cpu_s=2, pdf_reader="pypdf") as sandbox:
        begin = time.monotonic()
        with pytest.raises(TooComplex, match="2 s or 512 MB"):
            await extract(sandbox, documents.slow_pdf(), "slow.pdf")
        assert time.monotonic() - begin < 15
        assert await text_of(sandbox, b"Still fine.", "next.txt") == "Still fine."


async def test_a_runaway_is_ended_by_the_clock():
    async with Sandbox(wall_s=1, pdf_reader="pypdf") as sandbox:
        with pytest.raises(TooComplex):
            await extract(sandbox, documents.slow_pdf(), "slow.pdf")


async def test_memory_is_bounded():
    async with Sandbox(memory_bytes=192 * 1024**2, pdf_reader="pypdf") as sandbox:
        with pytest.raises(TooComplex, match=r"memory|192 MB"):
            await extract(sandbox, documents.hungry_pdf(), "hungry.pdf")


async def test_one_runaway_does_not_hold_up_others():
    async with Sandbox(cpu_s=3, pdf_reader="pypdf") as sandbox:
        slow = asyncio.create_task(extract(sandbox, documents.slow_pdf(), "slow.pdf"))
        assert await text_of(sandbox, b"Meanwhile.", "quick.txt") == "Meanwhile."
        assert not slow.done()
        with pytest.raises(TooComplex):
            await slow


async def test_a_lost_nursery_is_replaced(sandbox):
    lost = psutil.Process(sandbox.pid)
    lost.kill()
    await asyncio.to_thread(psutil.wait_procs, [lost])
    assert await text_of(sandbox, b"Again.", "a.txt") == "Again."


async def test_a_nursery_that_does_not_come_back_is_waited_for_by_the_file(monkeypatch):
    """No processes or no memory left: that is over some day, and until then readiness says so."""
    async with Sandbox() as sandbox:
        with monkeypatch.context() as without:
            without.setattr(sandbox_module, "NURSERY", "services.ingest.no_such_module")
            lost = psutil.Process(sandbox.pid)
            lost.kill()
            await asyncio.to_thread(psutil.wait_procs, [lost])
            with pytest.raises(SandboxUnavailable):
                await text_of(sandbox, b"Patience.", "a.txt")
            with pytest.raises(Misconfigured):
                await sandbox.check()
        assert await text_of(sandbox, b"Patience.", "a.txt") == "Patience."


async def test_it_is_said_where_the_system_cannot_take_calls_from_a_child(monkeypatch):
    said = f"import os; os.write(0, {UNFILTERED!r}); os.read(0, 1)"
    monkeypatch.setattr(
        sandbox_module,
        "_spawn",
        lambda stdin, ocr: subprocess.Popen([sys.executable, "-Ic", said], stdin=stdin.fileno(), env={}),
    )
    with capture_logs() as logs:
        async with Sandbox():
            pass
    assert [entry["event"] for entry in logs] == ["sandbox.no_seccomp"]


async def test_a_long_document_says_how_far_it_is():
    async with Sandbox(cpu_s=3, pdf_reader="pypdf") as sandbox:
        told = []
        with pytest.raises(TooComplex):
            await extract(sandbox, documents.slow_pdf(), "slow.pdf", lambda *step: told.append(step))
        assert told == sorted(told)
        assert {of for _, of in told} == {1000}


async def test_a_nursery_lost_while_reading_is_no_fault_of_the_file(sandbox):
    reading = asyncio.create_task(extract(sandbox, documents.slow_pdf(), "slow.pdf"))
    child = await asyncio.to_thread(first_child, sandbox.pid)
    psutil.Process(sandbox.pid).kill()
    with pytest.raises(SandboxLost):
        await reading
    await asyncio.to_thread(wait_ended, child)  # with its parent


async def test_the_nursery_knows_no_secret_and_ends_with_the_service(monkeypatch):
    monkeypatch.setenv("TOKENLINE_SERVICE_TOKEN", "a very secret token")
    async with Sandbox() as sandbox:
        nursery = psutil.Process(sandbox.pid)
        assert nursery.environ() == {}
    await asyncio.to_thread(wait_ended, nursery)


CAGED = """
import ctypes, os, resource, signal, socket, sys, threading
from services.ingest.extract.answers import Task
from services.ingest.extract.nursery import limit_to

outside, libc = int(sys.argv[1]), ctypes.CDLL(None, use_errno=True)
held = bytearray(8)
class Part(ctypes.Structure):
    _fields_ = (("at", ctypes.c_void_p), ("length", ctypes.c_size_t))
part = Part(ctypes.addressof((ctypes.c_char * 8).from_buffer(held)), 8)

def called(result):
    if result == -1:
        raise OSError(ctypes.get_errno())

libc.prctl(38, 1, 0, 0, 0)
limit_to(Task(name="", cpu_s=5, wall_s=5, memory_bytes=512 * 1024**2, max_chars=1))
tries = {
    "file": lambda: open("/etc/passwd"),
    "write": lambda: open("/tmp/escaped", "w"),
    "socket": lambda: socket.socket(),
    "pipe": lambda: os.pipe(),
    "memory": lambda: bytearray(600 * 1024**2),
    "more": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100)),
    "signal": lambda: os.kill(outside, 0),
    "process": lambda: os.fork() or os._exit(0),
    "thread": lambda: threading.Thread(target=int).start(),
    "program": lambda: os.execv("/bin/true", ["true"]),
    "look into": lambda: called(libc.process_vm_readv(outside, ctypes.byref(part), 1, ctypes.byref(part), 1, 0)),
    "trace": lambda: called(libc.ptrace(16, outside, 0, 0)),
    "more time": lambda: signal.setitimer(signal.ITIMER_REAL, 0),
}
for name, attempt in tries.items():
    try:
        attempt()
    except (OSError, MemoryError, ValueError, RuntimeError):
        continue
    print(name)
"""


async def test_a_child_can_open_nothing_and_reach_nobody():
    outside = await asyncio.create_subprocess_exec("sleep", "60")
    caged = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-c", CAGED, str(outside.pid)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    possible, errors = await caged.communicate()
    outside.kill()
    await outside.wait()
    assert possible == b"", errors
    assert caged.returncode == 0, errors


def first_child(pid):
    """Blocks until there is one."""
    while not (children := psutil.Process(pid).children()):
        time.sleep(0.001)
    return children[0]


def wait_ended(process):
    """Blocks. A zombie has ended too: who buries it is not our concern."""
    deadline = time.monotonic() + 10
    with contextlib.suppress(psutil.NoSuchProcess):
        while process.status() != psutil.STATUS_ZOMBIE:
            assert time.monotonic() < deadline, f"{process} goes on"
            time.sleep(0.01)
