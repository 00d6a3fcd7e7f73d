"""What a reader is given, and what it gives back."""

from collections.abc import Callable
from dataclasses import dataclass, field

from services.ingest.extract.answers import PdfReaderName
from services.ingest.extract.ocr import Ocr
from tokenline.contracts.attachments import DocumentInfo, PictureInfo
from tokenline.contracts.errors import TooLarge
from tokenline.contracts.texts import ExtractedText


def _nobody(done: int, of: int) -> None:
    pass


@dataclass(frozen=True)
class Source:
    data: bytes
    name: str
    max_chars: int = 10_000_000
    pdf_reader: PdfReaderName = "auto"
    tell: Callable[[int, int], None] = field(default=_nobody)
    """How many pages of how many were read."""
    ocr: Ocr | None = None
    """Reads what is a picture; ``None``: nothing does."""

    def check(self, chars: int) -> None:
        """Raises `TooLarge`: called while text is gathered, so that it never grows far beyond."""
        if chars > self.max_chars:
            raise TooLarge(f"“{self.name}” has more than {self.max_chars:,} characters of text.")


@dataclass(frozen=True)
class Read:
    text: ExtractedText
    document: DocumentInfo | None = None
    picture: PictureInfo | None = None
    thumbnail: bytes | None = None
    view: bytes | None = None
    warning: str | None = None
