"""Reads a file, whatever it is. Runs inside the sandbox only."""

from services.ingest.extract.docx import read_docx
from services.ingest.extract.html import read_html
from services.ingest.extract.pdf import read_pdf
from services.ingest.extract.pictures import read_picture
from services.ingest.extract.sheets import csv_text, json_text
from services.ingest.extract.source import Read, Source
from services.ingest.extract.texts import decoded, plain_text
from tokenline.contracts.errors import NoText
from tokenline.core.filetype import CSV, DOCX, HEAD_BYTES, HTML, JSON, PDF, PICTURES, sniff


def read(source: Source) -> Read:
    """Raises `Rejected` with a sentence that names the file."""
    mime_type = sniff(source.data[:HEAD_BYTES], source.name)
    if mime_type == PDF:
        return read_pdf(source)
    if mime_type == DOCX:
        return read_docx(source)
    if mime_type in PICTURES:
        return read_picture(source, mime_type)
    text = decoded(source.data, source.name)
    if mime_type == HTML:
        return read_html(text, source)
    extracted = None
    if mime_type == CSV:
        extracted = csv_text(text, source)
    elif mime_type == JSON:
        extracted = json_text(text, source)
    # A table or JSON that is none is read as the text that it is.
    extracted = extracted or plain_text(text, mime_type, source)
    if not extracted.text.strip():
        raise NoText(f"“{source.name}” has no text in it.")
    return Read(text=extracted)
