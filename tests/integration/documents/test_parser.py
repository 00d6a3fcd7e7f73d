"""The AsyncAPI documents are some in the eyes of AsyncAPI's own parser."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.support.system import ROOT
from tokenline.contracts.base import to_json
from tokenline.runtime.documents.asyncapi import asyncapi
from tokenline.runtime.documents.asyncapi_admin import admin_asyncapi

READER = Path(__file__).parents[2] / "support" / "asyncapi_parser.mjs"
WARNING = 1
"""Severity; 0 is an error. Above are hints, such as that a later version of AsyncAPI exists."""


def parsed(document: dict[str, Any]) -> dict[str, Any]:
    run = subprocess.run(
        ["node", READER], input=to_json(document), cwd=ROOT, capture_output=True, check=True, timeout=60
    )
    found: dict[str, Any] = json.loads(run.stdout)
    return found


@pytest.mark.parametrize("made", [asyncapi, admin_asyncapi])
def test_the_parser_has_nothing_against_it_and_finds_every_message(made):
    document = made()
    found = parsed(document)
    assert [complaint for complaint in found["complaints"] if complaint["severity"] <= WARNING] == []
    assert set(found["messages"]) == set(document["components"]["messages"])


def test_the_parser_would_say_so():
    document = asyncapi()
    del document["operations"]["chat.tell"]["action"]
    assert any(complaint["severity"] == 0 for complaint in parsed(document)["complaints"])
