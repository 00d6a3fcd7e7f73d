"""The tool ``current_time``: models do not know what day it is."""

from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from msgspec import Meta

from services.agent_worker.tools.arguments import Arguments, arguments_as, parameters_of
from tokenline.contracts.tools import CURRENT_TIME
from tokenline.core.ports.tool import BadArguments, ToolResult


class Wanted(Arguments, frozen=True):
    timezone: Annotated[
        str, Meta(max_length=64, description="A time zone of the IANA, as in Europe/Berlin or Asia/Tokyo.")
    ] = "UTC"


class CurrentTime:
    """``now``: seconds since 1970 UTC."""

    name = CURRENT_TIME
    description = "Tells the current date, day of the week and time, in a time zone of your choice."
    parameters = parameters_of(Wanted)

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now

    async def call(self, arguments: dict[str, Any], room: int) -> ToolResult:
        name = arguments_as(Wanted, arguments).timezone
        here = datetime.fromtimestamp(self._now(), _zone(name))
        offset = f"{here:%z}"
        utc = f"UTC{offset[:3]}:{offset[3:5]}" if here.utcoffset() else "UTC"
        return ToolResult(
            content=f"{here:%A}, {here:%Y-%m-%d}, {here:%H:%M:%S} in {name} ({utc})",
            summary=f"{here:%H:%M}, {here:%A} {here.day} {here:%B} {here.year}",
        )


def _zone(name: str) -> tzinfo:
    """Raises `BadArguments`. Zones are read from small files, once each."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    # Unknown names are KeyErrors, names that lead out of the folder ValueErrors, and folders are no files.
    except (KeyError, ValueError, OSError):
        raise BadArguments(
            f"There is no time zone {name!r}: give a name of the IANA, as in Europe/Berlin, or leave it out for UTC."
        ) from None
