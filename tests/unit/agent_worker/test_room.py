"""Places for runs are given in turn, none behind a closed door, and to one suspect at a time."""

import asyncio

from services.agent_worker.room import Room


class Crowd:
    def __init__(self, room: Room) -> None:
        self.room = room
        self.inside: list[str] = []

    def come(self, name: str, *, suspect: bool = False) -> asyncio.Task[None]:
        return asyncio.create_task(self._enter(name, suspect=suspect), name=name)

    async def _enter(self, name: str, *, suspect: bool) -> None:
        await self.room.enter(suspect=suspect)
        self.inside.append(name)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_so_many_at_a_time_and_in_turn() -> None:
    crowd = Crowd(Room(2))
    for name in "abcd":
        crowd.come(name)
    await settle()
    assert crowd.inside == ["a", "b"]
    crowd.room.leave(suspect=False)
    await settle()
    assert crowd.inside == ["a", "b", "c"]
    crowd.room.leave(suspect=False)
    await settle()
    assert crowd.inside == ["a", "b", "c", "d"]


async def test_a_place_that_becomes_free_behind_a_closed_door_stays_free() -> None:
    crowd = Crowd(Room(1))
    for name in "ab":
        crowd.come(name)
    await settle()
    crowd.room.close()
    crowd.room.leave(suspect=False)
    await settle()
    assert crowd.inside == ["a"]
    crowd.room.open()
    await settle()
    assert crowd.inside == ["a", "b"]


async def test_a_suspect_waits_for_the_other_without_taking_a_place() -> None:
    crowd = Crowd(Room(3))
    crowd.come("poison", suspect=True)
    crowd.come("neighbour", suspect=True)
    for name in "ab":
        crowd.come(name)
    await settle()
    assert crowd.inside == ["poison", "a", "b"]
    crowd.room.leave(suspect=False)
    await settle()
    assert crowd.inside == ["poison", "a", "b"]
    crowd.room.leave(suspect=True)
    await settle()
    assert crowd.inside == ["poison", "a", "b", "neighbour"]
