"""When the certificate is looked at and renewed: when it is due, on suspicion, and no more than once an hour."""

from pathlib import Path

import pytest

from agent.county_keys import CountyKeys
from agent.events import RenewalEnded
from agent.inbox import Inbox
from agent.renewal import ASK_FOR_KEYS_MS, RETRY_MS, SUSPICION_MS, Renewal
from tests.agent.bench import Bench, bench
from tests.fakes.clockwork import HOUR_MS, FakeSystemClock

LONG_PAST_DUE = 2**53
DAY_MS = 24 * HOUR_MS


class Rig:
    """A renewal whose call to the county answers what the test says."""

    def __init__(self, station: Bench) -> None:
        self.asked: list[int] = []
        self.answer: RenewalEnded | Exception = RenewalEnded(due_ms=station.now().wall + 45 * DAY_MS)
        self._inbox = Inbox()
        self.anyway = 0
        self.renewal = Renewal(
            clock=station.clock, inbox=self._inbox, county_keys=CountyKeys([bytes(32)]), renew=self._renew
        )

    def _renew(self, wall_ms: int, anyway: bool) -> RenewalEnded:
        self.asked.append(wall_ms)
        self.anyway += anyway
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def tick(self, *, connected: bool = True) -> None:
        """Let a tick of the core go by, and what it begins come to its end."""
        self.renewal.tick(connected=connected)
        if self.renewal.running:
            self.renewal.tick(connected=connected)
            event = self._inbox.get(timeout_s=5)
            assert isinstance(event, RenewalEnded)
            self.renewal.ended(event)


@pytest.fixture
def rig(station: Bench) -> Rig:
    return Rig(station)


def test_it_is_looked_at_once_and_again_when_it_is_due(rig: Rig, station: Bench, system: FakeSystemClock) -> None:
    began = station.now().wall
    for _ in range(44 * 24):
        rig.tick()
        system.pass_ms(HOUR_MS)
    assert rig.asked == [began]
    system.pass_ms(DAY_MS)
    rig.tick()
    assert rig.asked == [began, began + 45 * DAY_MS]


@pytest.mark.parametrize("answer", [RenewalEnded(problem="refused"), OSError("no such folder")])
def test_one_that_fails_is_tried_again_in_an_hour(
    rig: Rig, system: FakeSystemClock, answer: RenewalEnded | Exception
) -> None:
    rig.answer = answer
    rig.tick()
    system.pass_ms(RETRY_MS - 1)
    rig.tick()
    assert len(rig.asked) == 1
    system.pass_ms(1)
    rig.tick()
    assert len(rig.asked) == 2


def test_for_a_key_that_nobody_knows_it_asks_at_once_and_then_seldom(rig: Rig, system: FakeSystemClock) -> None:
    rig.tick()
    rig.renewal.key_unknown()
    rig.tick()
    assert (len(rig.asked), rig.anyway) == (2, 1)
    rig.renewal.key_unknown()
    system.pass_ms(ASK_FOR_KEYS_MS - 1)
    rig.tick()
    assert rig.anyway == 1
    system.pass_ms(1)
    rig.tick()
    assert rig.anyway == 2


@pytest.fixture
def undated(tmp_path: Path, system: FakeSystemClock) -> Rig:
    with bench(tmp_path, system, trusted=False) as station:
        return Rig(station)


def test_without_the_time_and_the_county_it_is_renewed_on_suspicion_once(undated: Rig, system: FakeSystemClock) -> None:
    undated.answer = RenewalEnded(renewed=True, due_ms=LONG_PAST_DUE)
    for _ in range(3):
        system.pass_ms(SUSPICION_MS - 1)
        undated.tick(connected=True)
    system.pass_ms(SUSPICION_MS - 1)
    undated.tick(connected=False)
    assert undated.asked == []
    for _ in range(30):
        system.pass_ms(SUSPICION_MS)
        undated.tick(connected=False)
    assert undated.asked == [LONG_PAST_DUE]
