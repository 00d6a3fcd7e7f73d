"""Which web pages may open a socket. Browsers send `Origin` with every WebSocket; programs with a key are not asked."""

import re

_ORIGIN = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?")
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::([0-9]{1,5}))?")
_DEFAULT_PORT = {"http": 80, "https": 443}


def origin_allowed(origin: str | None, host: str | None, allowed: tuple[str, ...]) -> bool:
    """True for an origin listed in ``allowed`` (``https://chat.example.org``) or of the host asked (`Host` header).

    Absent, ``null`` and malformed ones are refused. The scheme is not compared with the host's, because a proxy may
    have taken the encryption off.
    """
    asked = _parse_origin(origin)
    if asked is None:
        return False
    if any(_parse_origin(entry) == asked for entry in allowed):
        return True
    scheme, name, port = asked
    return _parse_host(host, scheme) == (name, port)


def _parse_origin(origin: str | None) -> tuple[str, str, int] | None:
    match = _ORIGIN.fullmatch(origin.lower()) if origin else None
    if match is None:
        return None
    scheme, name, port = match.groups()
    return scheme, name, int(port) if port else _DEFAULT_PORT[scheme]


def _parse_host(host: str | None, scheme: str) -> tuple[str, int] | None:
    match = _HOST.fullmatch(host.lower()) if host else None
    if match is None:
        return None
    name, port = match.groups()
    return name, int(port) if port else _DEFAULT_PORT[scheme]
