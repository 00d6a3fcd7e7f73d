"""Ways to write an id that something on the way might read as another, or stumble over."""

from typing import Any
from urllib.parse import quote

from tests.security.calls import escaped

_FULL_WIDTH = str.maketrans("0123456789", "".join(chr(0xFF10 + digit) for digit in range(10)))


def in_paths(known: str) -> dict[str, str]:
    """Escaped as a URL needs it, or as it must not be."""
    first = f"%{ord(known[0]):02x}"
    return {
        "upper case": known.upper(),
        "one letter escaped": first + known[1:],
        "escaped twice": f"%25{first[1:]}{known[1:]}",
        "in braces": escaped(f"{{{known}}}"),
        "in quotes": escaped(f'"{known}"'),
        "as a URN": f"urn:uuid:{known}",
        "without hyphens": known.replace("-", ""),
        "dot after": f"{known}.",
        "slash after": f"{known}/",
        "escaped slash after": f"{known}%2F",
        "backslash after": f"{known}%5C",
        "space after": f"{known}%20",
        "space before": f"%20{known}",
        "line feed after": f"{known}%0A",
        "NUL after": f"{known}%00",
        "NUL before": f"%00{known}",
        "semicolon after": f"{known};v=1",
        "extension after": f"{known}.json",
        "other digits": quote(known.translate(_FULL_WIDTH)),
        "invisible sign after": f"{known}{quote(chr(0x200B))}",
        "half a surrogate after": f"{known}%ED%A0%80",
        "no UTF-8": f"{known}%FF",
        "dots before": f"..%2F{known}",
        "escaped dots before": f"%2e%2e/{known}",
        "through another": f"x%2F..%2F{known}",
        "only dots": "..",
        "only escaped dots": "%2e%2e",
        "wildcard": "*",
        "like": f"{known[:8]}%25",
        "SQL": escaped(f"{known}' OR '1'='1"),
        "MongoDB": escaped('{"$ne": null}'),
        "a list": f"{known},{known}",
        "very long": known * 200,
    }


def in_bodies(known: str) -> dict[str, Any]:
    """Values of JSON or forms."""
    return {
        "upper case": known.upper(),
        "escaped": "%" + f"{ord(known[0]):02x}{known[1:]}",
        "in braces": f"{{{known}}}",
        "as a URN": f"urn:uuid:{known}",
        "without hyphens": known.replace("-", ""),
        "slash after": f"{known}/",
        "space after": f"{known} ",
        "line feed after": f"{known}\n",
        "NUL after": f"{known}\0",
        "other digits": known.translate(_FULL_WIDTH),
        "invisible sign after": known + chr(0x200B),
        "dots before": f"../{known}",
        "SQL": f"{known}' OR '1'='1",
        "very long": known * 1000,
    }


def beyond_text(known: str) -> dict[str, Any]:
    """What JSON can hold in place of a text."""
    return {
        "half a surrogate": f"{known}\ud800",
        "MongoDB": {"$ne": None},
        "a list": [known],
        "a list in a list": [[known]],
        "a number": 7,
        "a huge number": 10**400,
        "true": True,
        "an object": {"id": known},
    }
