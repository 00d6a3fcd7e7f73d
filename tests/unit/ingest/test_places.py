"""How many files are read and written at a time is bounded, and no place is lost."""

import asyncio

from services.ingest.places import Places


async def test_reading_goes_on_while_others_are_written_and_stops_when_too_many_wait_for_it() -> None:
    places = Places(1)
    async with asyncio.timeout(10), places.taken() as written:
        await written.write()
        async with places.taken() as waiting:
            writes = asyncio.create_task(waiting.write())
            reads = asyncio.create_task(places.taken().__aenter__())
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert (writes.done(), reads.done()) == (False, False)
            written.leave()
            await writes
            await reads


async def test_a_place_is_given_back_once_from_wherever_it_is() -> None:
    places = Places(1)
    async with asyncio.timeout(10):
        async with places.taken() as first:
            await first.read()
        async with places.taken() as second:
            await second.write()
            await second.write()
        async with places.taken() as third:
            await third.write()
            third.leave()
            third.leave()
    for places_left in (places._reading, places._writing):
        await places_left.acquire()
        assert places_left.locked()


async def test_one_that_is_cancelled_while_it_waits_takes_none() -> None:
    places = Places(1)
    async with asyncio.timeout(10), places.taken() as written:
        await written.write()

        async def file() -> None:
            async with places.taken() as place:
                await place.write()

        cancelled = asyncio.create_task(file())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        cancelled.cancel()
        await asyncio.wait([cancelled])
        written.leave()
        await file()
