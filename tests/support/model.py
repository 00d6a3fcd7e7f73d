"""Fixture for a model that does as it is told, behind real HTTP."""

from collections.abc import AsyncIterator

import pytest

from tests.support.scripted_model import ScriptedModel


@pytest.fixture
async def scripted_model() -> AsyncIterator[ScriptedModel]:
    """Runs in the test's own event loop; its ``stats`` are read directly."""
    async with ScriptedModel() as model:
        yield model
