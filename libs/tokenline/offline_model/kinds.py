"""What kind of thing a question asks for, told by its first words, and whether a sentence has such a thing."""

import re
from collections.abc import Callable

_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|march|april|may|june|july|aug(?:ust)?|sept(?:ember)?|oct(?:ober)?|nov(?:ember)?"
    "|dec(?:ember)?|januar|februar|märz|mai|juni|juli|oktober|dezember"
)
_DAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?|montags?|dienstags?|mittwochs?|donnerstags?|freitags?|samstags?|sonntags?"
_MOMENT = re.compile(
    rf"\b(?:{_MONTHS}|{_DAYS}|1\d\d\d|20\d\d|\d+\.\d+\.\d+|\d+:\d\d|\d+ (?:uhr|o'clock|[ap]\.?m)|today|tomorrow|night"
    r"|morning|evening|noon|spring|summer|autumn|winter|frühjahr|sommer|herbst|werktag|minutes?|hours?|days?|weeks?|months?"
    r"|years?|minuten?|stunden?|tage?n?|wochen?|monate?n?|jahre?n?)\b",
    re.IGNORECASE,
)
_FIGURE = re.compile(
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|hundred|half|once|twice|double|every|daily|weekly"
    r"|monthly|yearly|none|einmal|zwei(?:mal)?|drei(?:mal)?|vier|fünf|sechs|sieben|acht|neun|zehn|zwölf|täglich"
    r"|wöchentlich|monatlich|jährlich|halbe?)\b",
    re.IGNORECASE,
)
_NAME = re.compile(r"(?<=[\w,;:] )(?:[A-ZÄÖÜ][\wäöüß'’-]+ (?:von |van |de |of |and |und )?)+[A-ZÄÖÜ][\wäöüß'’-]+|^\W*[A-ZÄÖÜ]\w+ [A-ZÄÖÜ]\w+")
_PLACE = re.compile(
    r"\b(?:in|at|to|near|next|on|under|from|into|im|am|bei|beim|nach|aus|ins|zum|zur|an|auf)\s+(?:[a-zäöü]+\s+){0,2}[A-ZÄÖÜ\d]"
    r"|\b(?:in|at|on|next to|im|am|bei|auf) "
)

_ASKS: tuple[tuple[re.Pattern[str], Callable[[str], object]], ...] = (
    (
        re.compile(
            r"\b(?:when|since when|until when|by when|what (?:year|date|day|time)|how (?:long|soon)|open(?:ing)?|wann"
            r"|wie lange|welche[srn]? (?:jahr|tag|datum)|quand|cuándo)\b",
            re.IGNORECASE,
        ),
        _MOMENT.search,
    ),
    (
        re.compile(
            r"\b(?:how (?:much|many|long|old|high|far|often|heavy|large|big|hot|fast|deep|wide)|costs?|price|limit|fee"
            r"|wie ?(?:viele?|oft|lange?|hoch|groß|schwer|weit|alt|teuer|breit|tief|schnell|warm)|kosten?|gekostet|preis"
            r"|nummer|number|combien)\b",
            re.IGNORECASE,
        ),
        _FIGURE.search,
    ),
    (re.compile(r"^\W*(?:who|whom|whose|wer|wen|wem|wessen|qui|quién)\b", re.IGNORECASE), _NAME.search),
    (re.compile(r"^\W*(?:where|wo|wohin|woher|in welche[mnr]?|où|dónde)\b", re.IGNORECASE), _PLACE.search),
)
# What a measure comes in, by the word that asks for it.
_UNITS: tuple[tuple[re.Pattern[str], re.Pattern[str]], ...] = tuple(
    (re.compile(rf"\b(?:{asks})\b", re.IGNORECASE), re.compile(rf"(?:\d\s?|\b)(?:{units})\b|[{signs}]", re.IGNORECASE))
    for asks, units, signs in (
        (
            "how much|costs?|price|fee|charged?|cheap|expensive|wie ?viel|wie teuer|wie hoch|kosten?|kostet|gekostet|preis|miete|kaution",
            r"euros?|eur|cents?|dollars?|pounds?|francs?|franken|percent|prozent",
            "€$£%",
        ),
        ("how heavy|weighs?|weight|wie schwer|wiegt|gewicht", r"kg|kilogram(?:me?|s)?|kilos?|gramm?s?|g|tons?|tonnen?|pounds?", "⚖"),
        ("how (?:high|tall|far|long|deep|wide)|wie (?:hoch|weit|lang|tief|breit)", r"m|cm|mm|km|met(?:re|er)s?n?|kilomet(?:re|er)s?n?|centimet(?:re|er)s?|miles?|feet", "″"),
        ("how (?:large|big)|area|wie groß|fläche", r"m2|m²|quadratmetern?|square|hektar|hectares?|acres?", "²"),
        ("how (?:hot|warm|cold)|temperature|wie (?:heiß|warm|kalt)|temperatur", r"degrees?|grad|celsius", "°"),
        ("how often|how many times|wie oft", r"every|each|times|once|twice|daily|weekly|monthly|yearly|(?:ein|zwei|drei)?mal|täglich|wöchentlich|monatlich|jährlich|jeden?|pro", "∞"),
        ("how (?:long|fast|soon|old)|wie (?:lange|schnell|alt)", r"seconds?|minutes?|hours?|days?|weeks?|months?|years?|sekunden?|minuten?|stunden?|tagen?|tage|wochen?|monaten?|monate|jahren?|jahre", "∞"),
    )
)

# Words that ask for a measure or join a question together: the answer may do without them.
WEAK = frozenset(
    "long old high far often heavy large big hot fast deep wide much many last lasts take takes need needs needed cost costs "
    "mean means happen happens allowed must may should use used one thing things new "
    "groß hoch lang lange schwer weit alt oft teuer breit tief schnell warm viel viele dauert gilt beträgt kostet bedeutet "
    "gehört heißt gibt darf muss soll neu neue neuer neuen welche welcher welches welchem".split()
)


def wanted_by(question: str) -> list[Callable[[str], object]]:
    """Tests for a sentence that has what is asked for; none where the question asks for nothing in particular."""
    units = [unit.search for asks, unit in _UNITS if asks.search(question)]
    return [has for asks, has in _ASKS if asks.search(question)] + units
