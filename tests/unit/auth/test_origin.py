"""Which pages may open a socket (B1)."""

import pytest

from tokenline.runtime.origin import origin_allowed

LISTED = ("https://chat.example.org", "http://intranet:3000")


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://chat.example.org", "10.0.0.1:8080"),
        ("https://chat.example.org:443", None),
        ("HTTPS://Chat.Example.org", "elsewhere"),
        ("http://intranet:3000", "elsewhere"),
        ("http://127.0.0.1:8080", "127.0.0.1:8080"),
        ("http://[::1]:8080", "[::1]:8080"),
        ("http://localhost", "localhost"),
        ("http://localhost", "localhost:80"),
        ("https://line.example.org", "line.example.org"),
        ("https://line.example.org", "Line.Example.org:443"),
    ],
)
def test_listed_and_own_origins_are_let_in(origin: str, host: str | None) -> None:
    assert origin_allowed(origin, host, LISTED)


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "127.0.0.1:8080"),
        ("", "127.0.0.1:8080"),
        ("", ""),
        ("null", "127.0.0.1:8080"),
        ("null", "null"),
        ("http://evil.example", "127.0.0.1:8080"),
        ("http://127.0.0.1:8081", "127.0.0.1:8080"),
        ("http://127.0.0.1", "127.0.0.1:8080"),
        ("http://chat.example.org", "x"),
        ("https://chat.example.org.evil.example", "x"),
        ("https://evil.example/https://chat.example.org", "x"),
        ("https://chat.example.org@evil.example", "evil.example"),
        ("https://chat.example.org/", "x"),
        ("https://chat.example.org https://evil.example", "x"),
        ("https://chat.example.org\n", "x"),
        ("file://", "file"),
        ("ftp://localhost", "localhost"),
        ("chrome-extension://abcdef", "abcdef"),
        ("http://localhost:80:80", "localhost"),
        ("http://localhost", None),
        ("http://localhost", "localhost, evil.example"),
        ("http://*", "x"),
    ],
)
def test_everything_else_is_not(origin: str | None, host: str | None) -> None:
    assert not origin_allowed(origin, host, LISTED)


def test_wildcards_and_null_cannot_be_listed() -> None:
    assert not origin_allowed("https://evil.example", "x", ("*", "null", ""))
    assert not origin_allowed("null", "x", ("*", "null", ""))
