"""A fact that nobody waits for is owed while the disk takes nothing, and the log says so once each time."""

import logging
from collections.abc import Mapping

import pytest

from agent.storage.errors import StorageFull
from agent.storage.fact_writer import MAX_OWED, FactWriter
from protocol.facts import ContactChanged, Fact
from protocol.units import FactRef, Moment


class FakeDisk:
    """Implements `agent.storage.fact_writer.FactStore`."""

    def __init__(self) -> None:
        self.full = False
        self.facts: list[Fact] = []
        self.state: dict[str, bytes] = {}

    def commit(self, *facts: Fact, state: Mapping[str, bytes] | None = None) -> list[FactRef]:
        if self.full:
            raise StorageFull("no room")
        self.facts += facts
        self.state.update(state or {})
        return [FactRef(epoch=bytes(16), seq=one + 1) for one in range(len(facts))]


def fact(number: int) -> Fact:
    at = Moment(wall=number, boot=bytes(16), mono=number, quality="synced")
    return ContactChanged(at=at, input="大门", sensor="door", active=True)


def test_what_is_owed_is_written_first_with_its_state() -> None:
    disk = FakeDisk()
    writer = FactWriter(disk)
    disk.full = True
    writer.owe(fact(1), state={"door": b"1"})
    assert not writer.take_news()
    disk.full = False
    assert writer.commit(fact(2)) == [FactRef(epoch=bytes(16), seq=2)]
    assert (disk.facts, disk.state) == ([fact(1), fact(2)], {"door": b"1"})
    assert writer.take_news()


def test_only_so_many_are_owed(caplog: pytest.LogCaptureFixture) -> None:
    disk = FakeDisk()
    writer = FactWriter(disk)
    disk.full = True
    writer.owe(*map(fact, range(MAX_OWED + 3)))
    assert "3 facts given up" in caplog.text
    disk.full = False
    writer.flush()
    assert disk.facts == [fact(number) for number in range(MAX_OWED)]


@pytest.mark.parametrize("by_a_touch", [False, True])
def test_each_time_is_logged_once(caplog: pytest.LogCaptureFixture, *, by_a_touch: bool) -> None:
    disk = FakeDisk()
    writer = FactWriter(disk)
    for time in (1, 2):
        disk.full = True
        for number in range(3):
            writer.owe(fact(number))
        disk.full = False
        # A touch may come before the core tries again, and takes along what is owed.
        if by_a_touch:
            writer.commit(fact(9))
        else:
            writer.flush()
        warnings = [one for one in caplog.records if one.levelno == logging.WARNING]
        assert len(warnings) == time
