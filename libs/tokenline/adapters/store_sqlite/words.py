"""``search_words``, the SQL function that the search index's triggers call."""

import msgspec

from tokenline.core.search import searchable, words_of


class _Said(msgspec.Struct):
    """What of a message decides how it is found, of whatever version the rest is."""

    role: str
    status: str
    content: str


_decode = msgspec.json.Decoder(_Said).decode


def search_words(doc: str) -> str:
    """What is to be found of a stored message: the same for the same document, whoever asks and when."""
    said = _decode(doc)
    return words_of(said.content) if searchable(said.role, said.status) else ""
