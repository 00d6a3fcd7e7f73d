"""Every process is told to stop and started again, one after the other, while people go on asking (M4, F43)."""

import asyncio
import signal
import time
from contextlib import ExitStack
from itertools import cycle

import httpx2
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.faults.evidence import calls
from tests.faults.streams.conftest import GRACE_S, House
from tests.faults.streams.frozen import Frozen, frame, get, upgrade
from tests.support.chat import Chat, Seen
from tests.support.people import as_holder, enrol
from tests.support.system import TLS, System
from tokenline.core.ports.store import Store

QUESTION = '{"tokens": 22, "per_second": 44}'
WIDE = '{"tokens": 400, "per_second": 25, "pad": 20000}'
ROLL = ("gateway-1", "gateway-2", "worker-1", "worker-2")


class Regular:
    """Asks one question after the other, and comes back at the next gateway when a socket ends."""

    def __init__(self, system: System, key: str, over: asyncio.Event) -> None:
        self.tickets: dict[str, Seen] = {}
        self.closed: list[int] = []
        self._by_message: dict[str, str] = {}
        self._system = system
        self._key = key
        self._over = over
        self._number = 1

    async def converse(self) -> None:
        for gateway in cycle(("gateway-1", "gateway-2")):
            try:
                async with as_holder(self._system, self._key, gateway, self.tickets) as chat:
                    while not self._over.is_set():
                        await self._answered(chat)
                    return
            except ConnectionClosed as lost:
                self.closed.append(lost.rcvd.code if lost.rcvd else 1006)
            except (OSError, InvalidHandshake):
                # It stops just now, or is not there yet.
                await asyncio.sleep(0.05)

    async def _answered(self, chat: Chat) -> None:
        message = f"m{self._number}"
        if (ticket := self._by_message.get(message)) is None:
            ticket = self._by_message[message] = await chat.ask(QUESTION, message, agent_id="wide")
        else:
            await chat.resume(ticket, self.tickets[ticket])
        await chat.ended(ticket)
        self._number += 1


async def test_m4_a_rolling_restart_costs_nobody_more_than_a_reconnect(house: House, store: Store) -> None:
    """F43: also while clients take nothing that they are owed, a gateway says 1012 and is gone within its grace."""
    system, over = house.system, asyncio.Event()
    keys = await enrol(store, 20)
    people = [Regular(system, key, over) for key in keys]
    took: dict[str, float] = {}

    async def roll() -> None:
        for name in ROLL:
            system.signal(name, signal.SIGTERM)
            told = time.monotonic()
            assert await asyncio.to_thread(system.processes[name].wait, 30) == 0
            took[name] = time.monotonic() - told
            start = house.gateway if name.startswith("gateway") else house.worker
            await asyncio.to_thread(start, int(name[-1]))
        over.set()

    with ExitStack() as stuck:
        ticket = await _leave_stuck(system, store, stuck)
        async with asyncio.TaskGroup() as tasks:
            following = asyncio.Event()
            events = tasks.create_task(_events(system, *ticket, following))
            await following.wait()
            tasks.create_task(roll())
            for person in people:
                tasks.create_task(person.converse())

    answers = [seen for person in people for seen in person.tickets.values()]
    print(f"M4: {len(answers)} answers; seconds to stop { ({name: round(s, 1) for name, s in took.items()}) }")
    assert all(seconds < GRACE_S + 1 for seconds in took.values()), took
    let_go, cursor = events.result()
    assert let_go < 1.5, "an event stream was held until the grace was over"
    assert not cursor.startswith("0:")
    # Whoever was connected to a gateway that stopped was told so, but for a busy client that did not answer in time.
    codes = [code for person in people for code in person.closed]
    assert all(person.closed for person in people)
    assert set(codes) <= {1012, 1006}
    assert codes.count(1012) > len(codes) / 2
    assert {(seen.attempt, seen.text, seen.kinds[-1]) for seen in answers} == {
        (1, "".join(f"w{number} " for number in range(22)), "complete")
    }
    asked = await calls(system, QUESTION)
    assert [call["ended"] for call in asked] == ["finished"] * len(answers)


async def _events(system: System, ticket: str, key: str, following: asyncio.Event) -> tuple[float, str]:
    """Follow at the first gateway until it lets go: seconds after it was told to stop, and the last cursor."""
    url = f"{system.url('gateway-1')}/api/v1/chat/tickets/{ticket}/stream"
    closed, cursor = asyncio.Event(), ""
    async with as_holder(system, key, "gateway-1") as socket, httpx2.AsyncClient(verify=TLS) as http:
        # A socket is closed at once: that is when the gateway was told.
        closing = asyncio.create_task(socket.socket.wait_closed())
        closing.add_done_callback(lambda _: closed.set())
        told = asyncio.create_task(_when(closed))
        async with http.stream("GET", url, headers={"authorization": f"Bearer {key}"}) as stream:
            async for line in stream.aiter_lines():
                assert line not in ("event: complete", "event: error")
                if line.startswith("id: "):
                    cursor = line.removeprefix("id: ")
                    if not cursor.startswith("0:"):
                        following.set()
        ended = time.monotonic()
        return ended - await told, cursor


async def _when(event: asyncio.Event) -> float:
    await event.wait()
    return time.monotonic()


async def _leave_stuck(system: System, store: Store, stuck: ExitStack) -> tuple[str, str]:
    """Sockets and event streams at the first gateway with more for them than they will ever take: ticket and key."""
    [key] = await enrol(store, 1)
    async with as_holder(system, key, "gateway-2") as asker:
        ticket = await asker.ask(WIDE, "m1", agent_id="wide")
        await asker.until(lambda: asker.tickets[ticket].text)
    for number in range(10):
        by_events = get(f"/api/v1/chat/tickets/{ticket}/stream", key)
        peer = stuck.enter_context(Frozen(system, "gateway-1", by_events if number % 2 else upgrade(key)))
        if not number % 2:
            peer.say(frame(f'{{"type": "resume", "ticket_id": "{ticket}"}}'.encode()))
    return ticket, key
