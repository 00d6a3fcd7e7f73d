"""Text in pictures: recognised in the same sandbox, within its time, and said to be recognised."""

import io
import tempfile
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from services.ingest.extract.sandbox import Sandbox
from tests.support import documents
from tests.support.pictures import picture
from tokenline.contracts.errors import Misconfigured, NoText
from tokenline.core.texts import page_at

pytestmark = pytest.mark.asyncio(loop_scope="module")

WARRANTY = ("The warranty of the boiler", "ends on 14 March 2027.")
INVOICE = ("Please pay invoice 4711", "within thirty days.")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def reading() -> AsyncIterator[Sandbox]:
    async with Sandbox(ocr="eng", ocr_s=60) as running:
        yield running


async def extract(sandbox, data, name, *tell):
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        return await sandbox.extract(file, name, *tell)


def png(lines):
    out = io.BytesIO()
    documents.lettering(lines, (900, 400)).save(out, "PNG")
    return out.getvalue()


async def test_a_scan_is_read_page_by_page_and_said_to_be_one(reading):
    read = await extract(reading, documents.scan_pdf([WARRANTY, (), INVOICE]), "scan.pdf")
    first, blank, last = read.text.text.split("\f")
    assert " ".join(first.split()) == " ".join(WARRANTY)
    assert blank == ""
    assert " ".join(last.split()) == " ".join(INVOICE)
    assert [page_at(read.text.page_starts, start) for start, _ in read.spans] == [1, 3]
    assert read.warning == (
        "Pages 1 and 3 are scans: what they say was recognised, and may be wrong in places. Page 2 has no text."
    )


async def test_text_in_a_picture_is_found_and_a_picture_without_any_stays_one(reading):
    read = await extract(reading, png(INVOICE), "photo.png")
    assert " ".join(read.text.text.split()) == " ".join(INVOICE)
    assert len(read.spans) == 1
    assert read.view is not None
    assert (await extract(reading, picture(size=(600, 400)), "flag.png")).text.text == ""


async def test_where_it_is_not_set_up_a_scan_is_said_to_be_one(sandbox):
    with pytest.raises(NoText, match="It may be a scan"):
        await extract(sandbox, documents.scan_pdf([WARRANTY]), "scan.pdf")
    assert (await extract(sandbox, png(INVOICE), "photo.png")).text.text == ""


async def test_a_scan_in_which_nothing_is_recognised_says_that(reading):
    with pytest.raises(NoText, match="Nothing on its pages was recognised"):
        await extract(reading, documents.scan_pdf([(" ",)]), "white.pdf")


async def test_what_there_is_no_time_for_is_named_and_the_rest_is_kept():
    page = tuple(f"Line {number} of a page that is full of words." for number in range(38))
    async with Sandbox(ocr="eng", ocr_s=1) as hasty:
        read = await extract(hasty, documents.scan_pdf(["Written words.", *[page] * 12]), "long.pdf")
        assert read.text.text.startswith("Written words.")
        assert "13 have no text. Recognising more would have taken longer than 1 s." in (read.warning or "")
    async with Sandbox(ocr="eng", ocr_s=0) as never:
        with pytest.raises(NoText, match="takes more than 0 s"):
            await extract(never, documents.scan_pdf([WARRANTY]), "scan.pdf")


async def test_a_language_without_data_ends_the_start_with_what_to_do():
    with pytest.raises(Misconfigured, match=r"“eng\+xyz”.*tesseract-ocr-deu"):
        async with Sandbox(ocr="eng+xyz"):
            pass
