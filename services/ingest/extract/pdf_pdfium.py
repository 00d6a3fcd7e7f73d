"""Pages by pdfium, the reader of Chromium. It is C++: what it does not survive ends its child only."""

import ctypes

from pypdfium2 import PdfBitmap, PdfDocument, PdfiumError, PdfPage, PdfTextPage
from pypdfium2.raw import FPDF_ERR_PASSWORD, FPDFPage_CountObjects, FPDFText_GetBoundedText

from services.ingest.extract.ocr import DPI
from services.ingest.extract.pdf_pages import Pages, check_pages
from services.ingest.extract.source import Source
from tokenline.contracts.errors import Corrupted, Encrypted

POINTS_PER_INCH = 72
LONGEST_SIDE = 4200
"""Pixels: A4 at 300 dpi and a fifth more. Larger pages are drawn smaller."""


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
        text = _page_text(document, number, source, pages)
        chars += len(text)
        source.check(chars)
        pages.texts.append(text)
        source.tell(number + 1, count)
    if pages.damaged and not any(text.strip() for text in pages.texts):
        raise _damaged(source)  # pypdf may find what this could not
    _describe(document, pages)
    return pages


def _page_text(document: PdfDocument, number: int, source: Source, pages: Pages) -> str:
    try:
        page = document[number]
        try:
            text = _written(page)
            if text.strip() or source.ocr is None or FPDFPage_CountObjects(page.raw) <= 0:
                return text
            recognised = source.ocr.text(_drawn(page))
        finally:
            page.close()
    except PdfiumError:
        pages.damaged = True
        return ""
    if recognised:
        pages.scanned.append(number + 1)
    pages.out_of_time |= recognised is None
    return recognised or ""


def _written(page: PdfPage) -> str:
    text = page.get_textpage()
    try:
        return _text_within(text, page.get_bbox())
    finally:
        text.close()


def _drawn(page: PdfPage) -> PdfBitmap:
    longest = max(*page.get_size(), 1.0)
    return page.render(scale=min(DPI / POINTS_PER_INCH, LONGEST_SIDE / longest), grayscale=True)


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
