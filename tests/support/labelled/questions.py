"""What is asked of the documents, and the words that answer it."""

from pathlib import Path
from typing import NamedTuple

_HERE = Path(__file__).parent


class Labelled(NamedTuple):
    """``says`` stands in the sentence or row that answers, on one line."""

    asked: str
    file: str
    says: str


ANSWERED = tuple(Labelled(*line.split("\t")) for line in (_HERE / "answered.tsv").read_text().splitlines())
UNANSWERED = tuple((_HERE / "unanswered.txt").read_text().splitlines())
"""Of what is in none of them."""
HELD_OUT = ANSWERED[1::2]
"""Never looked at one by one while the offline model was made; the rest was."""
