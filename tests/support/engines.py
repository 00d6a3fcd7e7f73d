"""What to do about an engine that the machine does not have."""

import os
from typing import NoReturn

import pytest


def missing(engine: str, remedy: str) -> NoReturn:
    """Skip the test on a laptop; fail it where `CI` is set, since a skip there would pass for a test."""
    message = f"{engine} is missing: {remedy}"
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
