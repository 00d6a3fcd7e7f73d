"""Out, in, and out again: the same but for ids, whatever the conversations look like (C5)."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from services.gateway.exports import Exports
from services.gateway.imports import Imports
from tests.support.drafts import a_user
from tests.support.in_process.processes import principal
from tokenline.adapters.store_sqlite import SqliteStore
from tokenline.contracts.base import to_json
from tokenline.contracts.chat import AnswerCall, FollowUp, MessageStatus
from tokenline.contracts.export import (
    Export,
    ExportedCitation,
    ExportedConversation,
    ExportedFile,
    ExportedMessage,
)
from tokenline.core.clock import ManualClock
from tokenline.core.ports.store import Store
from tokenline.runtime.agents import load_agents

TEXT = st.text(max_size=60)
MOMENTS = st.integers(0, 4_000_000_000_000).map(lambda ms: ms / 1000)


class House:
    """One installation, on a loop of its own."""

    def __init__(self, path: Path) -> None:
        self.runner = asyncio.Runner()
        self.clock = ManualClock()
        agents = load_agents(None, None)
        self.store: Store = self.runner.run(self._opened(path))
        self.imports = Imports(self.store, agents, MagicMock())
        self.exports = Exports(self.store, agents, self.clock)

    async def _opened(self, path: Path) -> Store:
        store = SqliteStore(path, self.clock)
        await store.open()
        for name in ("ann", "bob"):
            await store.create_user(replace(a_user(self.clock, f"{name}@example.org"), id=name))
        return store

    def close(self) -> None:
        self.runner.run(self.store.close())
        self.runner.close()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("house") / "store.db")
    yield house
    house.close()


@st.composite
def conversations(draw: st.DrawFn) -> ExportedConversation:
    """Trees as they grow: questions under answers, answers under questions, several of each."""
    messages: list[ExportedMessage] = []
    for number in range(draw(st.integers(0, 12))):
        asks = number == 0 or draw(st.booleans())
        role = "user" if asks else "assistant"
        above = [m.id for m in messages if (m.role == "assistant") is asks]
        if not asks and not above:
            continue
        begins = asks and (not above or draw(st.integers(0, 5)) == 0)
        files = draw(st.lists(TEXT, max_size=2)) if asks else []
        cites = draw(st.lists(TEXT, max_size=2)) if not asks else []
        messages.append(
            ExportedMessage(
                id=f"m{number}",
                parent_id=None if begins else draw(st.sampled_from(above)),
                role=role,  # type: ignore[arg-type]  # mypy takes the conditional for any string
                content=draw(TEXT),
                status=draw(st.sampled_from(MessageStatus)),
                created_at=draw(MOMENTS),
                files=tuple(ExportedFile(id=f"f{number}.{i}", name=n, mime_type="a/b") for i, n in enumerate(files)),
                citations=tuple(
                    ExportedCitation(
                        number=i,
                        file_id=f"f{i}",
                        name=n,
                        page=None,
                        start=0,
                        end=1,
                        passage=n,
                        similarity=0.5,
                        section=n,
                    )
                    for i, n in enumerate(cites)
                ),
                tool_calls=(AnswerCall(id="c", name=draw(TEXT), arguments="{"),) if number == 3 else (),
                finish_reason=draw(st.none() | st.just("stop")),
            )
        )
    parents = {message.parent_id for message in messages}
    ends = [message.id for message in messages if message.id not in parents]
    return ExportedConversation(
        id=draw(st.uuids().map(str)),
        title=draw(st.text(max_size=200)),
        agent_id="assistant",
        archived=draw(st.booleans()),
        follow_up=draw(st.sampled_from(FollowUp)),
        created_at=draw(MOMENTS),
        updated_at=draw(MOMENTS),
        leaf_id=draw(st.sampled_from(ends)) if ends else None,
        messages=tuple(messages),
    )


def bare(export: Export) -> Any:
    """With ids numbered in the order in which they are met, and conversations in the order of their looks."""
    made = []
    for conversation in export.conversations:
        numbers: dict[str, int] = {}

        def numbered(value: Any, numbers: dict[str, int] = numbers) -> Any:
            if isinstance(value, dict):
                return {
                    key: numbers.setdefault(inner, len(numbers))
                    if key in ("id", "parent_id", "leaf_id", "file_id") and inner is not None
                    else numbered(inner)
                    for key, inner in value.items()
                }
            return [numbered(inner) for inner in value] if isinstance(value, list) else value

        plain = json.loads(to_json(conversation))
        # Last, so that it is numbered as the message it is.
        plain["leaf"] = {"leaf_id": plain.pop("leaf_id")}
        made.append(numbered(plain))
    return sorted(made, key=repr)


async def text(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.lists(conversations(), max_size=3, unique_by=lambda conversation: conversation.id))
def test_what_is_imported_is_exported_as_it_was(house: House, made: list[ExportedConversation]):
    document = Export(format="tokenline.conversations", version=1, exported_at=1.0, conversations=tuple(made))

    async def through(owner: str, source: Export) -> Export:
        ann = principal(owner)
        report = await house.imports.take(ann, to_json(source))
        assert [item.known for item in report.items] == [False] * len(made)
        again = await house.imports.take(ann, to_json(source))
        assert [item.conversation_id for item in again.items] == [item.conversation_id for item in report.items]
        assert all(item.known for item in again.items)
        return msgspec.json.decode(await text(house.exports.all(owner)), type=Export)

    async def clear(owner: str) -> None:
        for conversation in (await house.store.list_conversations(owner)).items:
            await house.store.delete_conversation(conversation.id)

    async def round_trip() -> None:
        try:
            first = await through("ann", document)
            assert bare(first) == bare(document)
            second = await through("bob", first)
            assert bare(second) == bare(document)
            for message in [message for one in first.conversations for message in one.messages]:
                stored = await house.store.get_message(message.id)
                assert stored is not None
                assert stored.owner_id == "ann"
        finally:
            await clear("ann")
            await clear("bob")

    house.runner.run(round_trip())
