"""The AsyncAPI documents are some in the eyes of AsyncAPI's own parser."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.system import ROOT
from tokenline.contracts.base import to_json
from tokenline.runtime.documents.asyncapi import asyncapi
from tokenline.runtime.documents.asyncapi_admin import admin_asyncapi

Document = dict[str, Any]

READER = Path(__file__).parents[2] / "support" / "asyncapi_parser.mjs"
WARNING = 1
"""Severity; 0 is an error. Above are hints, such as that a later version of AsyncAPI exists."""


@dataclass
class Reading:
    document: Document
    complaints: list[dict[str, Any]]
    messages: list[str]


def spoilt() -> Document:
    document = asyncapi()
    del document["operations"]["chat.tell"]["action"]
    return document


@pytest.fixture(scope="module")
def readings() -> dict[str, Reading]:
    """One start for all: loading the parser takes two seconds."""
    documents = {make.__name__: make() for make in (asyncapi, admin_asyncapi, spoilt)}
    run = subprocess.run(
        ["node", READER],
        input=to_json(list(documents.values())),
        cwd=ROOT,
        capture_output=True,
        check=True,
        timeout=60,
    )
    return {
        name: Reading(document, **found)
        for (name, document), found in zip(documents.items(), json.loads(run.stdout), strict=True)
    }


@pytest.mark.parametrize("name", [asyncapi.__name__, admin_asyncapi.__name__])
def test_the_parser_has_nothing_against_it_and_finds_every_message(readings: dict[str, Reading], name: str) -> None:
    read = readings[name]
    assert [complaint for complaint in read.complaints if complaint["severity"] <= WARNING] == []
    assert set(read.messages) == set(read.document["components"]["messages"])


def test_the_parser_would_say_so(readings: dict[str, Reading]) -> None:
    assert any(complaint["severity"] == 0 for complaint in readings[spoilt.__name__].complaints)
