"""Places of the web: few at once, and whoever has the fewest is next."""

import asyncio

import pytest

from server_broker.accounts.guesses import TooBusy
from server_broker.console.places import Places

LONG_S = 20.0
CROWD, OFFICE = "192.0.2.66", "192.0.2.7"


def places(*, patience_s: float = LONG_S) -> Places:
    return Places(at_once=3, of_one=2, waiting=6, waiting_of_one=4, patience_s=patience_s)


class Work:
    """One that wants a place, and holds it until told to end."""

    def __init__(self, room: Places, source: str) -> None:
        self.has_begun = False
        self.end = asyncio.Event()
        self.task = asyncio.create_task(self._run(room, source))

    async def _run(self, room: Places, source: str) -> None:
        async with room.place(source):
            self.has_begun = True
            await self.end.wait()


async def settle() -> None:
    """Let every task run as far as it gets."""
    for _ in range(10):
        await asyncio.sleep(0)


async def crowd(room: Places, count: int, source: str = CROWD) -> list[Work]:
    works = [Work(room, source) for _ in range(count)]
    await settle()
    return works


async def ended(*works: Work) -> None:
    for work in works:
        work.end.set()
    await asyncio.wait_for(asyncio.gather(*(work.task for work in works)), LONG_S)


def test_one_source_has_its_share_and_the_rest_wait() -> None:
    async def scene() -> None:
        room = places()
        works = await crowd(room, 5)
        assert (room.taken, room.waiting) == (2, 3)
        [other] = await crowd(room, 1, OFFICE)
        assert other.has_begun
        await ended(*works, other)
        assert (room.taken, room.waiting) == (0, 0)

    asyncio.run(scene())


def test_a_free_place_goes_to_the_source_that_has_the_fewest() -> None:
    async def scene() -> None:
        room = places()
        one, two = await crowd(room, 3), await crowd(room, 3, "192.0.2.67")
        [office] = await crowd(room, 1, OFFICE)
        assert not office.has_begun
        one[0].end.set()
        await settle()
        assert office.has_begun
        assert not one[2].has_begun
        await ended(*one, *two, office)

    asyncio.run(scene())


def test_beyond_its_line_a_source_is_refused_and_others_are_not() -> None:
    async def scene() -> None:
        room = places()
        works = await crowd(room, 6)
        with pytest.raises(TooBusy):
            async with room.place(CROWD):
                raise AssertionError
        [office] = await crowd(room, 1, OFFICE)
        assert office.has_begun
        await ended(*works, office)

    asyncio.run(scene())


def test_where_the_line_is_full_who_waits_most_makes_way() -> None:
    """Sources that fill the line together keep nobody else out of it."""

    async def scene() -> None:
        room = places()
        works = await crowd(room, 6) + await crowd(room, 3, "192.0.2.67")
        assert (room.taken, room.waiting) == (3, 6)
        [office] = await crowd(room, 1, OFFICE)
        assert room.waiting == 6
        pushed_out = works.pop(5)
        with pytest.raises(TooBusy):
            await pushed_out.task
        await ended(*works, office)
        assert office.has_begun
        assert (room.taken, room.waiting) == (0, 0)

    asyncio.run(scene())


def test_who_waits_too_long_is_refused_and_has_left_the_line() -> None:
    async def scene() -> None:
        room = places(patience_s=0.01)
        works = await crowd(room, 2)
        with pytest.raises(TooBusy):
            async with room.place(CROWD):
                raise AssertionError
        assert (room.taken, room.waiting) == (2, 0)
        await ended(*works)

    asyncio.run(scene())


@pytest.mark.parametrize("is_called", [False, True], ids=["in the line", "just called in"])
def test_who_leaves_takes_no_place_along(is_called: bool) -> None:
    async def scene() -> None:
        room = places()
        works = await crowd(room, 3)
        leaving = works.pop()
        if is_called:
            works[0].end.set()
            await works[0].task
        leaving.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving.task
        await ended(*works)
        assert (room.taken, room.waiting) == (0, 0)

    asyncio.run(scene())
