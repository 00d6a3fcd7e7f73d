"""What kind of thing a question asks for, told by its words, and whether a sentence has such a thing."""

import re
from collections.abc import Callable
from re import Pattern

Test = Callable[[str], object]


def _any(alternatives: str, *further: str) -> Pattern[str]:
    """One of these as whole words; ``_`` is a space. ``further`` are patterns as they are."""
    words = "|".join(word.replace("_", " ") for word in alternatives.split())
    return re.compile("|".join([rf"\b(?:{words})\b", *further]), re.IGNORECASE)


_MOMENT = _any(
    """
    january february march april may june july august september october november december
    januar februar märz mai juni juli oktober dezember (?:jan|feb|aug|sept|oct|nov|dec|okt|dez)\\.
    (?:mon|tues|wednes|thurs|fri|satur|sun)days? (?:mon|diens|donners|frei|sams|sonn)tags? mittwochs?
    1\\d\\d\\d 20\\d\\d \\d+\\.\\d+\\.\\d+ \\d+:\\d\\d \\d+_(?:uhr|o'clock|[ap]\\.?m)
    today tomorrow night morning evening noon spring summer autumn winter frühjahr sommer herbst werktag
    minutes? hours? days? weeks? months? years? minuten? stunden? tage?n? wochen? monate?n? jahre?n?
    """
)
_FIGURE = _any(
    """
    two three four five six seven eight nine ten twelve hundred half once twice double every daily weekly monthly yearly
    none einmal zwei(?:mal)? drei(?:mal)? vier fünf sechs sieben acht neun zehn zwölf täglich wöchentlich monatlich
    jährlich halbe?
    """,
    r"\d",
)
_CAPITAL = r"[A-ZÄÖÜ][\wäöüß'’-]+"
_NAME = re.compile(
    rf"(?<=[\w,;:] )(?:{_CAPITAL} (?:von |van |de |of |and |und )?)+{_CAPITAL}|^\W*[A-ZÄÖÜ]\w+ [A-ZÄÖÜ]\w+"
)
_PLACE = re.compile(r"\b(?:in|at|to|near|next to|on|under|from|into|im|am|bei|beim|nach|aus|ins|zum|zur|an|auf)\s")

_ASKS: tuple[tuple[Pattern[str], Test], ...] = (
    (
        _any(
            """
            when what_(?:year|date|day|time) how_(?:long|soon) open(?:ing)? wann wie_lange
            welche[srn]?_(?:jahr|tag|datum) quand cuándo
            """
        ),
        _MOMENT.search,
    ),
    (
        _any(
            """
            how_(?:much|many|long|old|high|far|often|heavy|large|big|hot|fast|deep|wide) costs? price limit fee
            wie_?(?:viele?|oft|lange?|hoch|groß|schwer|weit|alt|teuer|breit|tief|schnell|warm) kosten? gekostet preis
            nummer number combien
            """
        ),
        _FIGURE.search,
    ),
    (re.compile(r"^\W*(?:who|whom|whose|wer|wen|wem|wessen|qui|quién)\b", re.IGNORECASE), _NAME.search),
    (re.compile(r"^\W*(?:where|wo|wohin|woher|in welche[mnr]?|où|dónde)\b", re.IGNORECASE), _PLACE.search),
)

_METRES = "met(?:re|er)s?n?"
_UNITS: tuple[tuple[Pattern[str], Test], ...] = tuple(
    (_any(asks), re.compile(rf"(?:\b|(?<=\d))(?:{'|'.join(units.split())})(?!\w)", re.IGNORECASE).search)
    for asks, units in (
        (
            """
            how_much costs? price fee charged? cheap expensive wie_?viel wie_teuer wie_hoch kosten? kostet gekostet
            preis miete kaution
            """,
            "euros? eur cents? dollars? pounds? francs? franken percent prozent [€$£%]",
        ),
        ("how_heavy weighs? weight wie_schwer wiegt gewicht", "kg kilogram(?:me?|s)? kilos? gramm?s? g tons? tonnen?"),
        (
            "how_(?:high|tall|far|long|deep|wide) wie_(?:hoch|weit|lang|tief|breit)",
            f"m cm mm km {_METRES} kilo{_METRES} centi{_METRES} miles? feet",
        ),
        ("how_(?:large|big) area wie_groß fläche", "m2 m² quadratmetern? square hektar hectares? acres?"),
        ("how_(?:hot|warm|cold) temperature wie_(?:heiß|warm|kalt) temperatur", "degrees? grad celsius °c?"),
        (
            "how_often how_many_times wie_oft",
            """
            every each times once twice daily weekly monthly yearly (?:ein|zwei|drei)?mal täglich wöchentlich monatlich
            jährlich jeden? pro
            """,
        ),
        (
            "how_(?:long|fast|soon|old) wie_(?:lange|schnell|alt)",
            """
            seconds? minutes? hours? days? weeks? months? years? sekunden? minuten? stunden? tagen? tage wochen?
            monaten? monate jahren? jahre
            """,
        ),
    )
)
"""What a measure comes in, by the words that ask for it."""


def wanted_by(question: str) -> list[Test]:
    """Tests for a sentence that has what is asked for; none where the question asks for nothing in particular."""
    return [has for asks, has in (*_ASKS, *_UNITS) if asks.search(question)]
