"""Addresses of pages that a user wants read, taken apart as browsers do it and written one way.

Where a name leads is judged when it is connected to (`core.addresses`); here is refused what is no address on the web.
"""

import re
from collections.abc import Collection
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit

import idna

from tokenline.contracts.errors import AddressRefused

MAX_URL = 4096
DEFAULT_PORTS = {"http": 80, "https": 443}
SHOWN_CHARACTERS = 80

_PATH = "/%:@!$&'()*+,;=~"
_QUERY = _PATH + "?[]|"
_BLANK = re.compile(r"[\x00-\x20\x7f]")
_NUMBER = re.compile(r"(?:0[xX][0-9a-fA-F]*|[0-9]+)")


class WebAddress(NamedTuple):
    scheme: str
    host: str
    """In ASCII, in lower case, without a final dot; an IP address in its usual spelling, without brackets."""
    port: int
    target: str
    """Path and query, percent-encoded."""

    @property
    def authority(self) -> str:
        """As a request names it: the port only where it is not the scheme's own."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def shown(self) -> str:
        """For people, until the page says what it is called."""
        path = unquote(self.target.partition("?")[0]).rstrip("/")
        text = "".join(letter for letter in self.authority + path if letter.isprintable())
        return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"


def web_address(url: str, ports: Collection[int]) -> WebAddress:
    """Raises `AddressRefused`: for other schemes and ports, a user name or a password, and what is no address."""
    url = url.strip()
    if len(url) > MAX_URL:
        raise AddressRefused(f"The address is longer than {MAX_URL} characters.")
    try:
        parts = urlsplit(url)
        port, name = parts.port, parts.hostname or ""
    except ValueError:
        raise AddressRefused("This is not an address on the web.") from None
    if parts.scheme not in DEFAULT_PORTS:
        raise AddressRefused("The address must begin with https:// or http://.")
    if "@" in parts.netloc:
        raise AddressRefused("The address must not have a user name or a password in it.")
    if not name or _BLANK.search(parts.netloc) or "\\" in parts.netloc or "%" in name:
        raise AddressRefused("The address names no host.")
    host = _host(name)
    port = DEFAULT_PORTS[parts.scheme] if port is None else port
    if port not in ports:
        raise AddressRefused(f"Pages are not fetched from port {port}.", port=port)
    path = quote(parts.path, safe=_PATH) or "/"
    query = "?" + quote(parts.query, safe=_QUERY) if parts.query else ""
    return WebAddress(parts.scheme, host, port, path + query)


def redirected(base: WebAddress, location: str, ports: Collection[int]) -> WebAddress:
    """Where an answer leads on to. Raises `AddressRefused`, also where encryption would be given up."""
    try:
        url = urljoin(str(base), location)
    except ValueError:
        raise AddressRefused("The page leads on to something that is not an address on the web.") from None
    leads = web_address(url, ports)
    if base.scheme == "https" and leads.scheme == "http":
        raise AddressRefused("The page leads on to an address without encryption.")
    return leads


def _host(name: str) -> str:
    if ":" in name:
        return _v6(name)
    try:
        # As browsers: full-width letters and dots are the plain ones, other scripts become `xn--…`.
        host = idna.encode(name, uts46=True, transitional=False).decode() if not name.isascii() else name.lower()
    except idna.IDNAError:
        raise AddressRefused("The address names no host.") from None
    host = host.removesuffix(".")
    if not host or host.startswith(".") or ".." in host or any(not 0 < len(label) < 64 for label in host.split(".")):
        raise AddressRefused("The address names no host.")
    # What ends in a number is an IPv4 address in one of its spellings, or nothing (WHATWG URL, "ends in a number").
    if _NUMBER.fullmatch(host.rpartition(".")[2]):
        return _v4(host)
    return host


def _v6(name: str) -> str:
    try:
        return str(IPv6Address(name))
    except ValueError:
        raise AddressRefused("The address names no host.") from None


def _v4(host: str) -> str:
    """One to four numbers, decimal, octal or hexadecimal; the last fills what is left: ``127.1``, ``0x7f000001``."""
    parts = host.split(".")
    if len(parts) > 4 or not all(map(_NUMBER.fullmatch, parts)):
        raise AddressRefused("The address names no host.")
    try:
        *high, low = map(_number, parts)
    except ValueError:
        raise AddressRefused("The address names no host.") from None
    if any(number > 255 for number in high) or low >= 256 ** (4 - len(high)):
        raise AddressRefused("The address names no host.")
    return str(IPv4Address(low + sum(number << 8 * (3 - place) for place, number in enumerate(high))))


def _number(text: str) -> int:
    if text[:2] in ("0x", "0X"):
        return int(text[2:] or "0", 16)
    return int(text, 8) if len(text) > 1 and text.startswith("0") else int(text)
