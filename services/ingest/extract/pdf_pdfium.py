"""Pages by pdfium, the reader of Chromium. It is C++: what it does not survive ends its child only."""

import ctypes

from pypdfium2 import PdfDocument, PdfiumError, PdfTextPage
from pypdfium2.raw import FPDF_ERR_PASSWORD, FPDFText_GetBoundedText

from services.ingest.extract.pdf_pages import Pages, check_pages
from services.ingest.extract.source import Source
from tokenline.contracts.errors import Corrupted, Encrypted


def pages_of(source: Source) -> Pages:
    """Raises `Corrupted`, `Encrypted`, `TooComplex`, `TooLarge`."""
    try:
        document = PdfDocument(source.data)
    except PdfiumError as error:
        if error.err_code == FPDF_ERR_PASSWORD:
            raise Encrypted(f"“{source.name}” is protected with a password. Please attach it without one.") from error
        raise _damaged(source) from error
    count = len(document)
    check_pages(count, source.name)
    if count == 0:
        raise _damaged(source)
    pages = Pages()
    chars = 0
    for number in range(count):
        text = _page_text(document, number)
        if text is None:
            pages.damaged = True
            text = ""
        chars += len(text)
        source.check(chars)
        pages.texts.append(text)
        source.tell(number + 1, count)
    if pages.damaged and not any(text.strip() for text in pages.texts):
        raise _damaged(source)  # pypdf may find what this could not
    _describe(document, pages)
    return pages


def _page_text(document: PdfDocument, number: int) -> str | None:
    """``None``: the page cannot be loaded."""
    try:
        page = document[number]
        try:
            text = page.get_textpage()
            try:
                return _text_within(text, page.get_bbox())
            finally:
                text.close()
        finally:
            page.close()
    except PdfiumError:
        return None


def _text_within(text: PdfTextPage, box: tuple[float, float, float, float]) -> str:
    """As `PdfTextPage.get_text_bounded`, which has pdfium put the text together twice, the first time to count it."""
    left, bottom, right, top = box
    room = 2 * text.count_chars() + 16
    buffer = (ctypes.c_ushort * room)()
    used = FPDFText_GetBoundedText(text, left, top, right, bottom, buffer, room)
    if not 0 < used < room:  # line ends are its own addition, and it says nowhere how many there can be
        return str(text.get_text_bounded())
    return bytes(memoryview(buffer)[:used]).decode("utf-16-le", errors="ignore").removesuffix("\0")


def _describe(document: PdfDocument, pages: Pages) -> None:
    metadata = document.get_metadata_dict()
    pages.info = {
        "title": metadata.get("Title"),
        "author": metadata.get("Author"),
        "created": metadata.get("CreationDate"),
    }
    try:
        for entry in document.get_toc():
            destination = entry.get_dest()
            number = None if destination is None else destination.get_index()
            if number is not None:
                pages.outline.append((entry.level + 1, entry.get_title(), number))
    except (PdfiumError, ValueError):
        pages.outline.clear()  # what is beside the text is worth no failure


def _damaged(source: Source) -> Corrupted:
    return Corrupted(f"“{source.name}” is damaged and cannot be read.")
