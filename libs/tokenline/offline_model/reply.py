"""What the stand-in says, decided from the turns of a conversation alone."""

import re
from collections.abc import Sequence

from tokenline.core.passages import NumberedPassage, parse
from tokenline.core.ports.model import ChatTurn
from tokenline.offline_model.extract import Quote, best_quotes, opening_quotes

_MOST_ECHOED = 200
_MOST_QUOTED = 500

_GREETING = re.compile(
    r"\W*(?:hi|hello|hey|yo|good (?:morning|day|afternoon|evening)|hallo|moin|servus|guten (?:tag|morgen|abend)"
    r"|bonjour|salut|hola|ciao|你好|こんにちは|안녕하세요)(?: there| you| all)?\W*",
    re.IGNORECASE,
)
_THANKS = re.compile(r"\W*(?:thanks?|thank you|thx|danke|merci|gracias|谢谢|ありがとう)\b.{0,30}", re.IGNORECASE)

WHO = "I am Tokenline's offline stand-in: a small program, not a language model."
HOW = (
    "Attach a file (PDF, Word, HTML, Markdown or text) and ask about it: I look for the sentences that fit your "
    "question best and quote them with their page."
)
SETTINGS = (
    "For a real model, an administrator sets `OPENAI_BASE_URL` and `OPENAI_API_KEY` to any OpenAI-compatible endpoint "
    "and `TOKENLINE_MODEL` to the model's name, and starts Tokenline again."
)
SIGNATURE = "Quoted by Tokenline's offline stand-in, which is no language model."


def reply(turns: Sequence[ChatTurn]) -> str:
    """The answer to the last user turn, in Markdown."""
    question = next((turn.content for turn in reversed(turns) if turn.role == "user"), "").strip()
    passages = [p for turn in turns if turn.role == "system" for p in parse(turn.content)]
    if _GREETING.fullmatch(question):
        return f"Hello! {WHO} {HOW}"
    if _THANKS.fullmatch(question):
        return "You are welcome."
    if passages:
        return _from_passages(question, passages)
    return _without_passages(question)


def _from_passages(question: str, passages: Sequence[NumberedPassage]) -> str:
    quotes = best_quotes(question, passages)
    if quotes:
        return "\n\n".join([*map(_cite, quotes), SIGNATURE])
    nothing = "No sentence in your files shares a word with your question. The passages nearest to it begin:"
    return "\n\n".join([nothing, *map(_cite, opening_quotes(passages)), SIGNATURE])


def _cite(quote: Quote) -> str:
    return f"“{_cut(quote.sentence, _MOST_QUOTED)}” [{quote.number}] ({quote.source})"


def _without_passages(question: str) -> str:
    echo = _cut(" ".join(question.split()), _MOST_ECHOED)
    asked = f"You asked: “{echo}” I cannot answer that by myself." if echo else "You asked nothing."
    return "\n\n".join([WHO, asked, HOW, SETTINGS])


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most].rstrip()}…"
