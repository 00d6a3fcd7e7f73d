"""What signed in, in words that its owner recognises and nobody can be tracked by."""

import re

_BROWSERS = (
    ("Edge", re.compile(r"\bEdg(e|A|iOS)?/")),
    ("Opera", re.compile(r"\bOPR/")),
    ("Firefox", re.compile(r"\b(Firefox|FxiOS)/")),
    ("Chrome", re.compile(r"\b(Chrome|Chromium|CriOS|HeadlessChrome)/")),
    ("Safari", re.compile(r"\bSafari/")),
)
_SYSTEMS = (
    ("Android", re.compile(r"\bAndroid\b")),
    ("iPhone", re.compile(r"\biPhone\b")),
    ("iPad", re.compile(r"\biPad\b")),
    ("Windows", re.compile(r"\bWindows\b")),
    ("macOS", re.compile(r"\bMac OS X\b|\bMacintosh\b")),
    ("ChromeOS", re.compile(r"\bCrOS\b")),
    ("Linux", re.compile(r"\bLinux\b")),
)
_PROGRAM = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")


def coarse(header: str) -> str:
    """“Firefox on Linux”, or the program's name; never versions. Empty when there is nothing to go by."""
    browser = _first(_BROWSERS, header)
    if browser:
        system = _first(_SYSTEMS, header)
        return f"{browser} on {system}" if system else browser
    program = _PROGRAM.match(header)
    return program[0] if program else ""


def _first(kinds: tuple[tuple[str, re.Pattern[str]], ...], header: str) -> str:
    return next((name for name, pattern in kinds if pattern.search(header)), "")
