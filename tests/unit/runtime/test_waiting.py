"""What stands in for asyncio's queue and event at every socket behaves as they do."""

import asyncio

import pytest

from tokenline.runtime.waiting import Gate, Inbox


async def test_an_inbox_gives_everything_once_in_order_to_whoever_waits_or_comes_later() -> None:
    inbox: Inbox[int] = Inbox()
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    for number in range(3):
        inbox.put_nowait(number)
    assert await waiting == 0
    assert not inbox.empty()
    assert [await inbox.get(), await inbox.get()] == [1, 2]
    assert inbox.empty()


async def test_a_reader_that_is_cancelled_takes_nothing_with_it() -> None:
    inbox: Inbox[str] = Inbox()
    waiting = asyncio.create_task(inbox.get())
    await asyncio.sleep(0)
    # It was woken and is cancelled before it could take what woke it.
    inbox.put_nowait("first")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    inbox.put_nowait("second")
    async with asyncio.timeout(1):
        assert [await inbox.get(), await inbox.get()] == ["first", "second"]


async def test_a_reader_that_gave_up_leaves_the_inbox_to_the_next() -> None:
    inbox: Inbox[str] = Inbox()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await inbox.get()
    inbox.put_nowait("late")
    assert await inbox.get() == "late"


async def test_a_gate_holds_back_all_who_come_while_it_is_shut() -> None:
    gate = Gate()
    assert gate.is_set()
    await gate.wait()
    gate.clear()
    gate.clear()
    assert not gate.is_set()
    waiting = [asyncio.create_task(gate.wait()) for _ in range(3)]
    await asyncio.sleep(0)
    assert not any(one.done() for one in waiting)
    gate.set()
    # Shut again at once: they saw it open.
    gate.clear()
    await asyncio.gather(*waiting)
    assert not gate.is_set()
    gate.set()
    gate.set()
    assert gate.is_set()
