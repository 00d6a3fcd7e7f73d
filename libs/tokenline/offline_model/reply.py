"""What the stand-in says, decided from the turns of a conversation alone."""

import re
from collections.abc import Sequence

from tokenline.core.passages import UNSEARCHABLE, NumberedPassage, parse, parse_unread, render_unread
from tokenline.core.ports.model import ChatTurn, Picture
from tokenline.offline_model.candidates import Quote
from tokenline.offline_model.extract import choose, opening_quotes
from tokenline.offline_model.words import asks_for_overview, content_words

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
    "Attach a file (PDF, HTML, Markdown or text) and ask about it: I look for the sentences that fit your "
    "question best and quote them with their page."
)
SETTINGS = (
    "For a real model, an administrator sets `OPENAI_BASE_URL` and `OPENAI_API_KEY` to any OpenAI-compatible endpoint "
    "and `TOKENLINE_MODEL` to the model's name, and starts Tokenline again."
)
NOTHING_SHARED = "No sentence in your files shares a word with your question."
NOTHING_FITS = "Nothing in your files fits your question well. The sentence nearest to it:"
UNSEARCHABLE_NOW = "Your files cannot be searched at the moment. Please ask again in a little while."
SIGHTLESS = "I cannot see pictures."
NOTHING_TO_QUOTE = "None of your files has text that I could quote from."
SIGNATURE = "Quoted by Tokenline's offline stand-in, which is no language model."


def reply(turns: Sequence[ChatTurn]) -> str:
    """The answer to the last user turn, in Markdown."""
    asked = next((turn for turn in reversed(turns) if turn.role == "user"), ChatTurn(role="user", content=""))
    question = asked.content.strip()
    system = "\n\n".join(turn.content for turn in turns if turn.role == "system")
    if _GREETING.fullmatch(question):
        return "\n\n".join([f"Hello! {WHO} {HOW}", *_unseen(asked.pictures)])
    if _THANKS.fullmatch(question):
        return "\n\n".join(["You are welcome.", *_unseen(asked.pictures)])
    passages = parse(system)
    unread = [*_unseen(asked.pictures), *(render_unread(file) for file in parse_unread(system))]
    if passages:
        return "\n\n".join([*_from_passages(question, passages), *unread, SIGNATURE])
    if UNSEARCHABLE in system:
        return "\n\n".join([WHO, UNSEARCHABLE_NOW, *unread])
    if unread:
        return "\n\n".join([WHO, NOTHING_TO_QUOTE, *unread, HOW])
    if any(turn.pictures for turn in turns):
        return "\n\n".join([WHO, f"{SIGHTLESS} So I cannot tell what is in those of this conversation.", HOW, SETTINGS])
    return _without_passages(question)


def _unseen(pictures: Sequence[Picture]) -> list[str]:
    """Says of pictures that were sent with the question that nobody looked at them."""
    if not pictures:
        return []
    names = ", ".join(f"“{picture.name}”" for picture in pictures if picture.name)
    return [f"{SIGHTLESS} Nobody looked at {names or 'what was sent with your question'}."]


def _from_passages(question: str, passages: Sequence[NumberedPassage]) -> list[str]:
    """Paragraphs: the sentences that fit best, or how the passages begin and why no better ones were chosen."""
    overview = asks_for_overview(question)
    chosen = None if overview else choose(question, passages)
    if chosen and chosen.quotes:
        quotes = [*map(_cite, chosen.quotes)]
        return quotes if chosen.fits else [NOTHING_FITS, quotes[0]]
    if overview:
        why = "I cannot summarise, only quote."
    elif content_words(question):
        why = NOTHING_SHARED
    else:
        why = "Your question has no word in it that I could look for."
    opening = all(passage.opening for passage in passages)
    what = "This is how your files begin:" if opening else "The passages nearest to your question begin like this:"
    return [f"{why} {what}", *map(_cite, opening_quotes(passages))]


def _cite(quote: Quote) -> str:
    columns = f"; columns: {_cut(quote.columns, _MOST_ECHOED)}" if quote.columns else ""
    return f"“{_cut(quote.sentence, _MOST_QUOTED)}” [{quote.number}] ({quote.source}{columns})"


def _without_passages(question: str) -> str:
    echo = _cut(" ".join(question.split()), _MOST_ECHOED)
    asked = f"You asked: “{echo}” I cannot answer that by myself." if echo else "You asked nothing."
    return "\n\n".join([WHO, asked, HOW, SETTINGS])


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most].rstrip()}…"
