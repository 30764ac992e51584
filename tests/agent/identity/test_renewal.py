"""When the certificate is read and renewed: if it is due, on suspicion, or for the county's keys, and not more
often."""

from itertools import pairwise
from pathlib import Path

import pytest

from agent.events import RenewalEnded
from agent.identity.county_keys import CountyKeys
from agent.identity.renewal import ASK_FOR_KEYS_MS, RETRY_MS, SUSPICION_MS, Renewal
from agent.inbox import Inbox
from protocol.signing import key_id
from tests.agent.bench import Bench, bench
from tests.fakes.clockwork import HOUR_MS, FakeSystemClock

LONG_PAST_DUE = 2**53
DAY_MS = 24 * HOUR_MS
OLD_KEY, NEW_KEY = b"o" * 32, b"n" * 32


class Rig:
    """A renewal whose call to the county ends as the test says."""

    def __init__(self, station: Bench) -> None:
        self.asked: list[int] = []
        self.anyway: list[bool] = []
        self.answer: RenewalEnded | Exception = RenewalEnded(due_ms=station.now().wall + 45 * DAY_MS)
        self.keys = CountyKeys([OLD_KEY])
        self.inbox = Inbox()
        self.renewal = Renewal(clock=station.clock, inbox=self.inbox, county_keys=self.keys, renew=self._renew)

    def _renew(self, wall_ms: int, anyway: bool) -> RenewalEnded:
        self.asked.append(wall_ms)
        self.anyway.append(anyway)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def tick(self, *, connected: bool = True) -> None:
        """Do a tick of the core and wait until the renewal that it begins has ended."""
        self.renewal.tick(connected=connected)
        if self.renewal.running:
            self.renewal.tick(connected=connected)
            event = self.inbox.get(timeout_s=5)
            assert isinstance(event, RenewalEnded)
            self.renewal.ended(event)


@pytest.fixture
def rig(station: Bench) -> Rig:
    return Rig(station)


def test_the_certificate_is_read_once_and_renewed_when_it_is_due(
    rig: Rig, station: Bench, system: FakeSystemClock
) -> None:
    began = station.now().wall
    for _ in range(44 * 24):
        rig.tick()
        system.pass_ms(HOUR_MS)
    assert rig.asked == [began]
    system.pass_ms(DAY_MS)
    rig.tick()
    assert rig.asked == [began, began + 45 * DAY_MS]


@pytest.mark.parametrize("answer", [RenewalEnded(problem="refused"), OSError("no such folder")])
def test_a_renewal_that_fails_is_tried_again_in_an_hour(
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


def test_one_runs_at_a_time(rig: Rig, system: FakeSystemClock) -> None:
    rig.renewal.tick(connected=True)
    system.pass_ms(RETRY_MS)
    rig.renewal.tick(connected=True)
    assert rig.inbox.get(timeout_s=5) is not None
    assert len(rig.asked) == 1


@pytest.fixture
def undated(tmp_path: Path, system: FakeSystemClock) -> Rig:
    with bench(tmp_path, system, trusted=False) as station:
        return Rig(station)


def test_without_the_time_and_the_county_it_is_renewed_on_suspicion_once(undated: Rig, system: FakeSystemClock) -> None:
    undated.answer = RenewalEnded(renewed=True, due_ms=LONG_PAST_DUE, county_keys=(OLD_KEY,))
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


def test_a_renewal_on_suspicion_is_tried_until_it_succeeds(undated: Rig, system: FakeSystemClock) -> None:
    undated.answer = OSError("no county")
    system.pass_ms(SUSPICION_MS)
    undated.tick(connected=False)
    undated.answer = RenewalEnded(renewed=True, due_ms=LONG_PAST_DUE, county_keys=(OLD_KEY,))
    for _ in range(4):
        system.pass_ms(RETRY_MS)
        undated.tick(connected=False)
    assert undated.asked == [LONG_PAST_DUE] * 2


def test_a_key_that_nobody_knows_has_the_county_asked_at_once(rig: Rig, system: FakeSystemClock) -> None:
    rig.tick()
    rig.answer = RenewalEnded(renewed=True, due_ms=system.wall + 45 * DAY_MS, county_keys=(NEW_KEY,))
    rig.renewal.key_unknown()
    rig.tick()
    assert (rig.asked[1:], rig.anyway) == ([system.wall], [False, True])
    assert rig.keys == {key_id(NEW_KEY): NEW_KEY}, "what the old key signed is not the county's any more"
    rig.tick()
    assert len(rig.asked) == 2


def test_unknown_keys_without_end_cost_one_in_ten_minutes(rig: Rig, system: FakeSystemClock) -> None:
    rig.tick()
    for _ in range(ASK_FOR_KEYS_MS // 1000 + 1):
        rig.renewal.key_unknown()
        rig.tick()
        system.pass_ms(1000)
    assert rig.anyway.count(True) == 2


def test_a_county_that_was_away_is_asked_for_its_keys_again_soon_and_then_seldom(
    rig: Rig, system: FakeSystemClock
) -> None:
    """The web service restarts for a new key, so the first call may find nobody there."""
    rig.tick()
    rig.answer, times = OSError("no county"), list[int]()
    rig.renewal.key_unknown()
    for second in range(7200):
        rig.tick()
        if rig.anyway.count(True) > len(times):
            times.append(second)
        system.pass_ms(1000)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert gaps[:6] == [30, 60, 120, 240, 480, 600]
    assert set(gaps[5:]) == {ASK_FOR_KEYS_MS // 1000}
    rig.answer = RenewalEnded(renewed=True, due_ms=system.wall + 45 * DAY_MS, county_keys=(NEW_KEY,))
    system.pass_ms(ASK_FOR_KEYS_MS)
    rig.tick()
    assert rig.keys == {key_id(NEW_KEY): NEW_KEY}
    rig.renewal.key_unknown()
    asked = len(rig.asked)
    system.pass_ms(ASK_FOR_KEYS_MS - 1)
    rig.tick()
    assert len(rig.asked) == asked


def test_a_county_that_cannot_be_asked_changes_no_key(rig: Rig) -> None:
    rig.answer = OSError("no county")
    rig.renewal.key_unknown()
    rig.tick()
    assert rig.keys == {key_id(OLD_KEY): OLD_KEY}


def test_looking_at_it_changes_no_key(rig: Rig) -> None:
    rig.tick()
    assert rig.keys == {key_id(OLD_KEY): OLD_KEY}


def test_a_station_without_the_time_asks_for_keys_too(undated: Rig) -> None:
    undated.renewal.key_unknown()
    undated.tick()
    assert (undated.asked, undated.anyway) == ([LONG_PAST_DUE], [True])
