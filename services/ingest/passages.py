"""Passages of an extracted text: what is in them, and where they stand."""

from collections.abc import Iterable, Iterator, Sequence

from tokenline.contracts.attachments import Attachment
from tokenline.contracts.texts import ExtractedText
from tokenline.core.ports.vectors import Chunk
from tokenline.core.texts import Sections, page_at


def chunks_of(attachment: Attachment, text: ExtractedText, spans: Iterable[Sequence[int]]) -> Iterator[Chunk]:
    """One for each span, made when it is asked for: together they are as large as the text."""
    sections = Sections(text.headings)
    for start, end in spans:
        yield Chunk(
            attachment_id=attachment.id,
            name=attachment.name,
            page=page_at(text.page_starts, start),
            start=start,
            end=end,
            content=text.text[start:end],
            # Where most of it stands: a passage may begin with the last words of the section before.
            section=sections.at((start + end) // 2),
        )
