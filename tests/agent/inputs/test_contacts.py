"""Doors and motion: what becomes a fact and a picture, what does not, and how a bad contact is kept in bounds."""

from pathlib import Path

import pytest

from agent.events import InputChanged, InputFailed
from agent.inbox import Inbox
from agent.inputs.contacts import CALM_MS, HOUR_MS, MAX_AN_HOUR, PICTURE_EVERY_MS
from agent.inputs.watched_devices import WatchedContact
from agent.storage.recent import RecentFacts
from protocol.facts import AlarmCleared, AlarmRaised, ContactChanged
from tests.agent.bench import Bench, bench, desired
from tests.fakes.clockwork import FakeSystemClock
from tests.fakes.devices import FakeContact

DOOR, HALL = "大门", "大厅"


@pytest.fixture
def closed(station: Bench) -> Bench:
    """A station whose door was found closed."""
    tell(station, False)
    return station


def tell(station: Bench, *changes: bool, name: str = DOOR) -> None:
    for active in changes:
        station.contacts.on_input_changed(InputChanged(name, active))


def told(station: Bench) -> list[tuple[str, bool, bool]]:
    return [(fact.sensor, fact.active, fact.flapping) for fact in station.of(ContactChanged)]


def door_pictures(station: Bench) -> list[object]:
    return [wanted.about for wanted in station.taker.asked if wanted.purpose == "door"]


def test_a_door_is_stated_as_it_was_found_and_at_each_change(closed: Bench) -> None:
    tell(closed, True, False)
    assert told(closed) == [("door", False, False), ("door", True, False), ("door", False, False)]


def test_only_an_opening_that_was_seen_asks_for_a_picture_about_its_fact(station: Bench) -> None:
    tell(station, True)
    assert door_pictures(station) == []
    tell(station, False)
    assert door_pictures(station) == []
    tell(station, True)
    refs = [ref for ref, fact in RecentFacts(station.outbox) if isinstance(fact, ContactChanged)]
    assert door_pictures(station) == [refs[-1]]


def test_a_busy_door_has_one_picture_in_ten_minutes(closed: Bench, system: FakeSystemClock) -> None:
    tell(closed, True, False, True, False)
    assert len(door_pictures(closed)) == 1
    system.pass_ms(PICTURE_EVERY_MS)
    tell(closed, True)
    assert len(door_pictures(closed)) == 2


def test_no_picture_where_the_village_takes_none(closed: Bench) -> None:
    closed.accept(desired(version=2, settings={"snapshots": False}))
    tell(closed, True)
    assert (len(told(closed)), door_pictures(closed)) == (2, [])


def test_a_flapping_contact_is_stated_thirty_times_an_hour_and_then_said_to_flap(closed: Bench) -> None:
    tell(closed, *([True, False] * 5_000))
    facts = told(closed)
    assert len(facts) == MAX_AN_HOUR
    assert [flapping for _, _, flapping in facts] == [False] * (MAX_AN_HOUR - 1) + [True]


def test_an_hour_of_flapping_never_makes_more_facts(closed: Bench, system: FakeSystemClock) -> None:
    """With any pauses: no hour, wherever it begins, holds more than the bound."""
    for pause_s in (1, 20, 45, 90, 119, 121, 200, 650, 1_300):
        for change in range(120):
            system.pass_ms(pause_s * 1_000)
            tell(closed, change % 2 == 0)
            closed.contacts.tick()
    at = [fact.at.mono for fact in closed.of(ContactChanged)]
    assert max(sum(0 <= later - first < HOUR_MS for later in at) for first in at) == MAX_AN_HOUR
    assert any(flapping for _, _, flapping in told(closed))


def test_when_it_has_been_calm_it_is_stated_again(closed: Bench, system: FakeSystemClock) -> None:
    tell(closed, *([True, False] * 20), True)
    system.pass_ms(HOUR_MS - 1)
    tell(closed, False)
    closed.contacts.tick()
    system.pass_ms(CALM_MS - 1)
    closed.contacts.tick()
    assert told(closed)[-1][2] is True
    system.pass_ms(1)
    closed.contacts.tick()
    closed.contacts.tick()
    assert (told(closed)[-1], len(told(closed))) == (("door", False, False), MAX_AN_HOUR + 1)
    tell(closed, True)
    assert told(closed)[-1] == ("door", True, False)


def test_a_restart_states_what_changed_meanwhile_and_takes_no_picture(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        tell(station, False)
    with bench(tmp_path, system) as station:
        tell(station, False)
        assert told(station) == [("door", False, False)]
    with bench(tmp_path, system) as station:
        tell(station, True)
        assert told(station) == [("door", False, False), ("door", True, False)]
        assert station.taker.asked == []


def test_a_restart_does_not_begin_the_hour_anew(tmp_path: Path, system: FakeSystemClock) -> None:
    for _ in range(4):
        with bench(tmp_path, system) as station:
            tell(station, *([False, True] * 10))
    with bench(tmp_path, system) as station:
        assert len(told(station)) == MAX_AN_HOUR


def test_a_full_disk_loses_no_change_and_the_picture_is_about_none(closed: Bench) -> None:
    closed.outbox.fill_disk()
    tell(closed, True)
    assert door_pictures(closed) == [None]
    closed.outbox.error = None
    closed.fact_writer.flush()
    assert told(closed)[-1] == ("door", True, False)


def test_motion_is_stated_only_while_no_window_is_open_once_an_hour_and_without_a_picture(
    station: Bench, system: FakeSystemClock
) -> None:
    tell(station, False, True, False, name=HALL)
    assert told(station) == []
    system.pass_ms(14 * HOUR_MS)
    tell(station, *([True, False] * 100), name=HALL)
    assert told(station) == [("motion", True, False)]
    system.pass_ms(HOUR_MS)
    tell(station, True, name=HALL)
    assert told(station) == [("motion", True, False)] * 2
    assert station.taker.asked == []


@pytest.mark.parametrize("trusted", [True, False])
def test_motion_is_not_stated_where_nobody_can_know_whether_the_room_is_empty(
    tmp_path: Path, system: FakeSystemClock, trusted: bool
) -> None:
    with bench(tmp_path, system, trusted=trusted) as station:
        if not trusted:
            station.accept(desired())
        system.pass_ms(14 * HOUR_MS)
        tell(station, True, name=HALL)
        assert told(station) == []


def test_an_input_that_can_not_be_watched_is_an_alarm(station: Bench) -> None:
    inbox = Inbox()
    contact = WatchedContact(FakeContact(broken=True), DOOR, inbox)
    contact.start()
    event = inbox.get(timeout_s=0)
    assert isinstance(event, InputFailed)
    station.contacts.on_input_failed(event)
    (alarm,) = station.of(AlarmRaised)
    assert (alarm.code, alarm.detail) == ("input_failed:大门", "“大门”接不上：no such pin")
    station.contacts.on_input_failed(event)
    assert len(station.of(AlarmRaised)) == 1
    contact.stop()
    tell(station, False)
    assert [fact.code for fact in station.of(AlarmCleared)] == ["input_failed:大门"]


def test_an_input_that_could_not_be_watched_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.inputs.watched_devices.RETRY_S", 0.01)
    inbox, fake = Inbox(), FakeContact(broken=True)
    contact = WatchedContact(fake, DOOR, inbox)
    contact.start()
    assert [type(inbox.get(timeout_s=5)) for _ in range(3)] == [InputFailed] * 3
    fake.mend()
    while isinstance(event := inbox.get(timeout_s=5), InputFailed):
        pass
    assert event == InputChanged(DOOR, False)
    contact.stop()


def test_one_that_never_came_does_not_hold_up_the_end() -> None:
    contact = WatchedContact(FakeContact(broken=True), DOOR, Inbox())
    contact.start()
    contact.stop()


def test_a_watched_contact_brings_each_change_into_the_inbox() -> None:
    inbox, fake = Inbox(), FakeContact()
    contact = WatchedContact(fake, DOOR, inbox)
    contact.start()
    fake.switch(True)
    contact.stop()
    fake.switch(False)
    assert [inbox.get(timeout_s=0) for _ in range(3)] == [InputChanged(DOOR, False), InputChanged(DOOR, True), None]
