"""E-mail addresses and passwords."""

import pytest

from tokenline.contracts.errors import InvalidEmail, WeakPassword
from tokenline.runtime.auth.identity import checked_password, normal_email, normal_password


@pytest.mark.parametrize(
    ("text", "email"),
    [
        ("Ann@Example.ORG", "ann@example.org"),
        ("  ann@example.org\n", "ann@example.org"),
        ("a.b+c_d'e@sub.example.co", "a.b+c_d'e@sub.example.co"),
        ("admin@localhost", "admin@localhost"),
        ("ann＠example.org", "ann@example.org"),
        ("änn@exämple.org", "änn@exämple.org"),
    ],
)
def test_one_spelling_for_an_address(text: str, email: str) -> None:
    assert normal_email(text) == email
    assert normal_email(email) == email


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ann",
        "@example.org",
        "ann@",
        "ann@@example.org",
        "a b@example.org",
        "ann@exam ple.org",
        "ann@.org",
        "ann@example.",
        "ann@-example.org",
        "ann\x00@example.org",
        "ann@example.org\r\nBcc: bob@example.org",
        "<ann@example.org>",
        "ann@example.org,bob@example.org",
        "\u202eann@example.org",
        "x" * 65 + "@example.org",
        "ann@" + ".".join(["a" * 60] * 5),
    ],
)
def test_what_cannot_be_an_address(text: str) -> None:
    with pytest.raises(InvalidEmail):
        normal_email(text)


def test_a_hostile_address_is_judged_quickly() -> None:
    with pytest.raises(InvalidEmail):
        normal_email("a@" + "a" * 100_000 + "!")
    with pytest.raises(InvalidEmail):
        normal_email("a@" + "a-" * 120 + "!")


@pytest.mark.parametrize("length", [8, 1024])
def test_lengths_that_will_do(length: int) -> None:
    assert checked_password("é" * length) == "é" * length


@pytest.mark.parametrize("length", [0, 7, 1025])
def test_lengths_that_will_not(length: int) -> None:
    with pytest.raises(WeakPassword):
        checked_password("x" * length)


def test_a_password_does_not_depend_on_how_a_keyboard_composes() -> None:
    assert normal_password("e\u0301") == normal_password("é")
