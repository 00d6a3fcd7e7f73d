"""The deadline that moves: it ends waiting, and nothing else."""

import asyncio

import pytest

from tokenline.adapters.model_openai.patience import Patience


def soon() -> float:
    return asyncio.get_running_loop().time() + 0.01


def late() -> float:
    return asyncio.get_running_loop().time() + 60


async def test_waiting_ends_at_the_deadline_and_the_task_goes_on():
    with Patience(soon()) as patience, pytest.raises(TimeoutError):
        await patience.wait(asyncio.Event().wait())
    task = asyncio.current_task()
    assert task is not None
    assert task.cancelling() == 0


async def test_the_deadline_can_be_drawn_nearer():
    with Patience(late()) as patience:
        patience.give(0.01)
        with pytest.raises(TimeoutError):
            await patience.wait(asyncio.Event().wait())


async def test_the_deadline_can_be_put_off():
    first_look = soon()
    with Patience(first_look) as patience:
        patience.give(60)
        passed = asyncio.Event()
        asyncio.get_running_loop().call_at(first_look + 0.01, passed.set)
        assert await patience.wait(passed.wait())


async def test_no_sign_of_life_puts_it_off_for_ever():
    with Patience(late(), soon()) as patience:
        patience.give(60)
        with pytest.raises(TimeoutError):
            await patience.wait(asyncio.Event().wait())


async def test_work_between_waits_is_not_interrupted():
    with Patience(soon() - 1) as patience:
        for _ in range(10):
            await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            await patience.wait(asyncio.Event().wait())


async def test_cancelling_from_outside_is_no_timeout():
    async def wait() -> None:
        with Patience(late()) as patience:
            await patience.wait(asyncio.Event().wait())

    task = asyncio.create_task(wait(), name="wait")
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
