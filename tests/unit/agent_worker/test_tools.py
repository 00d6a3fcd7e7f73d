"""A4, R6: what built-in tools answer, and what a model is told when it calls them wrongly or they cannot."""

import asyncio
from collections.abc import Sequence
from typing import Any, cast

import pytest

from services.agent_worker.tools.calling import Caller
from services.agent_worker.tools.current_time import CurrentTime
from services.agent_worker.tools.search_files import NO_ROOM, NOTHING, SearchFiles
from tests.support.drafts import a_conversation, a_ticket
from tokenline.contracts.attachments import Passage, SearchRequest
from tokenline.contracts.chat import FunctionCall
from tokenline.contracts.errors import SearchUnavailable
from tokenline.contracts.metrics import TOOL_CALLS, TOOL_SECONDS
from tokenline.contracts.tools import CURRENT_TIME, SEARCH_FILES, ToolOutcome
from tokenline.core.clock import ManualClock
from tokenline.core.passages import parse
from tokenline.core.ports.search import Search
from tokenline.core.ports.tool import Tool, ToolResult
from tokenline.core.sources import Sources
from tokenline.runtime.metrics import Metrics

CLOCK = ManualClock()
TICKET = a_ticket(CLOCK, a_conversation(CLOCK, "ann"))
ROOM = 100_000
NOON = 1_793_534_400.0
"""Sunday, 2026-11-01, 12:00 UTC."""


def passage(start: int, content: str = "It is 24 m high.", page: int | None = 3) -> Passage:
    return Passage(
        attachment_id="a",
        name="towers.pdf",
        page=page,
        start=start,
        end=start + len(content),
        content=content,
        similarity=0.8,
        section=None,
    )


class Shelf:
    """Finds these, unless it is closed."""

    def __init__(self, *passages: Passage, closed: bool = False) -> None:
        self._passages = passages
        self._closed = closed
        self.asked: list[SearchRequest] = []

    async def passages(self, request: SearchRequest) -> tuple[Passage, ...]:
        self.asked.append(request)
        if self._closed:
            raise SearchUnavailable
        return self._passages


class Slow:
    """A tool of another kind: it does what it is told, or waits for ever."""

    name = "slow"
    description = "Waits."

    def __init__(self, does: ToolResult | Exception | None = None) -> None:
        self.parameters: dict[str, Any] = {"type": "object"}
        self._does = does

    async def call(self, arguments: dict[str, Any], room: int) -> ToolResult:
        if isinstance(self._does, Exception):
            raise self._does
        if self._does is None:
            await asyncio.Event().wait()
        assert self._does is not None
        return self._does


async def called(
    *tools: Tool, name: str, arguments: str, room: int = ROOM, limit_s: float = 9
) -> tuple[str, ToolOutcome]:
    metrics = Metrics(TOOL_CALLS, TOOL_SECONDS)
    caller = Caller({tool.name: tool for tool in tools}, metrics, CLOCK.monotonic, limit_s)
    return await caller.carry_out(FunctionCall(id="c", name=name, arguments=arguments), room)


def search(shelf: Shelf, given: Sequence[Passage] = ()) -> tuple[SearchFiles, Sources]:
    sources = Sources(given)
    return SearchFiles(cast(Search, shelf), TICKET, sources), sources


async def test_a_search_is_of_the_tickets_own_conversation_and_goes_on_with_the_numbers() -> None:
    shelf = Shelf(passage(0), passage(50, "Twenty-four\n[9] metres"))
    tool, sources = search(shelf, [passage(90), passage(50, "Twenty-four\n[9] metres")])
    content, outcome = await called(tool, name=SEARCH_FILES, arguments='{"query": "height", "limit": 2}')
    assert shelf.asked == [
        SearchRequest(owner_id="ann", conversation_id=TICKET.conversation_id, query="height", top_k=2)
    ]
    assert [(one.number, one.source, one.text) for one in parse(content)] == [
        (3, "towers.pdf, page 3", "It is 24 m high."),
        (2, "towers.pdf, page 3", "Twenty-four\n[9] metres"),
    ]
    assert (outcome.status, outcome.summary) == ("completed", "2 passages")
    assert [one.start for one in sources.all] == [90, 50, 0]


@pytest.mark.parametrize("field", ["owner_id", "conversation_id"])
async def test_whose_files_are_searched_is_not_for_the_model_to_say(field: str) -> None:
    shelf = Shelf(passage(0))
    arguments = f'{{"query": "height", "{field}": "eve"}}'
    content, outcome = await called(search(shelf)[0], name=SEARCH_FILES, arguments=arguments)
    assert (shelf.asked, outcome.status) == ([], "failed")
    assert field in content


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("{", "not a JSON object"),
        ("[]", "not a JSON object"),
        ('"x"', "not a JSON object"),
        ("{}", "query"),
        ("", "query"),
        ('{"query": ""}', "query"),
        ('{"query": "  "}', "query"),
        ('{"query": 7}', "query"),
        ('{"query": "x", "limit": 0}', "limit"),
        ('{"query": "x", "limit": 99}', "limit"),
        ('{"query": "' + "x" * 1001 + '"}', "query"),
        ('{"query": "' + "x" * 9000 + '"}', "too long"),
    ],
)
async def test_arguments_that_do_not_fit_are_named_to_the_model(arguments: str, says: str) -> None:
    shelf = Shelf(passage(0))
    content, outcome = await called(search(shelf)[0], name=SEARCH_FILES, arguments=arguments)
    assert content.startswith("Error: The arguments ")
    assert says in content
    assert (outcome.status, shelf.asked) == ("failed", [])


async def test_nothing_found_and_nothing_to_be_found_are_told() -> None:
    content, outcome = await called(search(Shelf())[0], name=SEARCH_FILES, arguments='{"query": "x"}')
    assert (content, outcome.status, outcome.summary) == (NOTHING, "completed", "nothing found")
    content, outcome = await called(search(Shelf(closed=True))[0], name=SEARCH_FILES, arguments='{"query": "x"}')
    assert content == "Error: The files cannot be searched at the moment."
    assert (outcome.status, outcome.summary) == ("failed", "The files cannot be searched at the moment.")


async def test_only_what_there_is_room_for_is_given_and_numbered() -> None:
    tool, sources = search(Shelf(passage(0), passage(50), passage(100)))
    content, outcome = await called(tool, name=SEARCH_FILES, arguments='{"query": "x"}', room=150)
    assert (len(parse(content)), len(sources.all), outcome.summary) == (2, 2, "2 passages")
    tool, sources = search(Shelf(passage(0)))
    content, outcome = await called(tool, name=SEARCH_FILES, arguments='{"query": "x"}', room=20)
    assert (content, sources.all, outcome.status) == (f"Error: {NO_ROOM}", (), "failed")


@pytest.mark.parametrize(
    ("arguments", "says", "summary"),
    [
        ("", "Sunday, 2026-11-01, 12:00:00 in UTC (UTC)", "12:00, Sunday 1 November 2026"),
        ('{"timezone": "Asia/Kolkata"}', "Sunday, 2026-11-01, 17:30:00 in Asia/Kolkata (UTC+05:30)", "17:30, Sunday"),
        ('{"timezone": "America/New_York"}', "07:00:00 in America/New_York (UTC-05:00)", "07:00, Sunday"),
    ],
)
async def test_the_time_in_a_zone(arguments: str, says: str, summary: str) -> None:
    content, outcome = await called(CurrentTime(lambda: NOON), name=CURRENT_TIME, arguments=arguments)
    assert says in content
    assert (outcome.status, outcome.summary[: len(summary)]) == ("completed", summary)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../../etc/passwd", "/etc/passwd", "Europe", "CEST+1", "\\u0000"])
async def test_a_zone_that_is_none_is_named_to_the_model(zone: str) -> None:
    content, outcome = await called(CurrentTime(lambda: NOON), name=CURRENT_TIME, arguments=f'{{"timezone": "{zone}"}}')
    assert content.startswith("Error: There is no time zone")
    assert "Europe/Berlin" in content
    assert outcome.status == "failed"


async def test_a_tool_that_there_is_not_breaks_or_takes_too_long_is_told_to_the_model() -> None:
    async def outcome(does: ToolResult | Exception | None, name: str = "slow", limit_s: float = 9.0) -> tuple[str, str]:
        content, told = await called(Slow(does), name=name, arguments="{}", limit_s=limit_s)
        return content, told.status

    unknown = "Error: There is no tool 'quick': there are slow."
    assert await outcome(None, name="quick") == (unknown, "failed")
    assert await outcome(RuntimeError("of Ann's secret")) == ("Error: It failed on our side.", "failed")
    assert await outcome(None, limit_s=0.01) == ("Error: It took longer than 0.01 s.", "failed")
    assert await outcome(ToolResult(content="done", summary="done")) == ("done", "completed")


async def test_what_a_tool_says_beyond_its_room_is_cut_off() -> None:
    content, _ = await called(Slow(ToolResult(content="é" * 500, summary="")), name="slow", arguments="{}", room=101)
    assert len(content.encode()) <= 101
    assert content.endswith("é\n(The rest was cut off.)")


async def test_calls_are_counted_by_tool_and_outcome_without_names_that_models_make_up() -> None:
    metrics = Metrics(TOOL_CALLS, TOOL_SECONDS)
    tools: dict[str, Tool] = {CURRENT_TIME: CurrentTime(lambda: NOON)}
    caller = Caller(tools, metrics, CLOCK.monotonic, 9)
    for name, arguments in ((CURRENT_TIME, "{}"), (CURRENT_TIME, "["), ("ann's secret", "{}")):
        await caller.carry_out(FunctionCall(id="c", name=name, arguments=arguments), ROOM)
    told = metrics.exposition().decode()
    for tool, outcome in ((CURRENT_TIME, "completed"), (CURRENT_TIME, "refused"), ("unknown", "refused")):
        assert f'tokenline_tool_calls_total{{outcome="{outcome}",tool="{tool}"}} 1.0' in told
    assert "secret" not in told


def test_what_models_are_told_of_a_tool_has_no_references() -> None:
    assert SearchFiles.parameters == {
        "type": "object",
        "properties": {
            "query": {
                "type": "string",
                "minLength": 1,
                "maxLength": 1000,
                "description": "What to look for: a question, or the words to be found.",
            },
            "limit": {
                "type": "integer",
                "minimum": 1,
                "maximum": 10,
                "description": "How many passages at most.",
                "default": 5,
            },
        },
        "required": ["query"],
        "additionalProperties": False,
    }
