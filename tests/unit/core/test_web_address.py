"""Addresses of pages: what is one, in which spelling, and what is refused before anything is looked up."""

import pytest

from tokenline.contracts.errors import AddressRefused
from tokenline.core.addresses import is_public, plain
from tokenline.core.web_address import MAX_URL, redirected, web_address

PORTS = (80, 443)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("https://example.org", "https://example.org/"),
        ("  HTTPS://Example.ORG:443/A b?q=1&r=%20#part ", "https://example.org/A%20b?q=1&r=%20"),
        ("http://example.org.:80/", "http://example.org/"),
        ("https://bücher.example/straße", "https://xn--bcher-kva.example/stra%C3%9Fe"),
        ("https://ｅｘａｍｐｌｅ。org/", "https://example.org/"),
        ("https://faß.example/", "https://xn--fa-hia.example/"),
        ("https://[2606:4700::1111]/", "https://[2606:4700::1111]/"),
        ("https://8.8.8.8/x", "https://8.8.8.8/x"),
        ("https://example.org/a\r\nhost: evil", "https://example.org/ahost:%20evil"),
    ],
)
def test_an_address_is_written_one_way(given: str, taken: str):
    assert str(web_address(given, PORTS)) == taken


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.org",
        "ftp://example.org/",
        "file:///etc/passwd",
        "gopher://127.0.0.1:70/x",
        "data:text/plain,hello",
        "javascript:alert(1)",
        "//example.org/",
        "https://",
        "https:///path",
        "https://ann@example.org/",
        "https://ann:secret@example.org/",
        "https://@example.org/",
        "https://example.org@127.0.0.1/",
        "https://example.org:22/",
        "https://example.org:0/",
        "https://example.org:99999/",
        "https://example.org:8080/",
        "https://exa mple.org/",
        "https://example.org\\@127.0.0.1/",
        "https://a..b/",
        "https://.example.org/",
        "https://" + "x" * 64 + ".example/",
        "https://%31%32%37.0.0.1/",
        "https://[fe80::1%25eth0]/",
        "https://[::1/",
        "https://[not-v6]/",
        "https://1.2.3.4.5/",
        "https://256.1.1.1/",
        "https://1.2.3.08/",
        "https://example.0x/",
        "https://4294967296/",
        "https://example.org/" + "x" * MAX_URL,
    ],
)
def test_what_is_no_address_on_the_web_is_refused(url: str):
    with pytest.raises(AddressRefused) as refused:
        web_address(url, PORTS)
    assert "secret" not in refused.value.message


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0x7F.1",
        "0177.0.0.1",
        "017700000001",
        "127.0.0.1.",
        "１２７.０.０.１",
        "0.0.0.0",
        "0",
        "0x",
        "10.1",
        "172.16.1.1",
        "192.168.0.1",
        "169.254.169.254",
        "0xa9fea9fe",
        "2852039166",
        "168.63.129.16",
        "192.0.0.192",
        "100.64.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:a9fe:a9fe]",
        "[::127.0.0.1]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b:1::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
        "[fe80::1]",
        "[fc00::1]",
        "[fd00:ec2::254]",
        "[fec0::1]",
        "[ff02::1]",
        "[2001:db8::1]",
    ],
)
def test_every_spelling_of_a_private_address_is_one(host: str):
    assert not is_public(plain(web_address(f"http://{host}/", PORTS).host))


def test_redirects_are_judged_as_addresses_and_give_up_no_encryption():
    page = web_address("https://example.org/a/b?c", PORTS)
    assert str(redirected(page, "../d", PORTS)) == "https://example.org/d"
    assert str(redirected(page, "//other.example/", PORTS)) == "https://other.example/"
    assert redirected(web_address("http://example.org/", PORTS), "https://example.org/", PORTS).port == 443
    for location in ("http://example.org/", "ftp://example.org/", "https://a:b@example.org/", "https://[::1", ":0"):
        with pytest.raises(AddressRefused):
            redirected(page, location if location != ":0" else "https://example.org:0/", PORTS)


def test_what_is_shown_of_an_address_has_neither_query_nor_end():
    assert web_address("https://example.org/a%20b/?token=secret", PORTS).shown == "example.org/a b"
    assert web_address("https://example.org/" + "x" * 200, PORTS).shown.endswith("x…")
    assert web_address("https://example.org/a%E2%80%AEb%0A", PORTS).shown == "example.org/ab"
