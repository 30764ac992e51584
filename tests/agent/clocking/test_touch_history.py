"""The station's memory of touches keeps what a day's board needs, however long the station runs."""

import gc
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from agent.clocking.outcome import Outcomes
from agent.clocking.touch_history import KEEP_MS, MAX_KEPT, TouchHistory
from protocol.cards import card_token
from protocol.facts import DirectionChosen, Fact, NumberEntered, Touch
from protocol.kiosk_duty import DutyRow
from protocol.twin import Card, Person
from protocol.units import FactRef, Moment
from tests.agent.bench import CARD_KEY, LI, LOST, STRANGER, ZHANG, Bench, bench, desired, window
from tests.fakes.clockwork import HOUR_MS, FakeSystemClock

MAX_TOUCH_BYTES = 240
"""Of one touch in memory: about 217 for its object and its numbers. A copy of 16 bytes of its own would add 49."""


def touch(station: Bench, *, card: int, seconds: int = 0) -> Touch:
    now = station.now()
    boot = copy_of(now.boot)
    at = Moment(wall=now.wall + 1000 * seconds, boot=boot, mono=now.mono + 1000 * seconds, quality="synced")
    return Touch(at=at, card=card.to_bytes(16), reader="fake", answer="unknown")


def ref(seq: int) -> FactRef:
    return FactRef(epoch=copy_of(bytes(range(16))), seq=seq)


def copy_of(content: bytes) -> bytes:
    """Return another object with the same bytes, as each fact has its own when it comes off the disk."""
    return content[:1] + content[1:]


def bytes_held(*steps: Callable[[], None]) -> list[int]:
    """Take the steps. Return after each one how much memory is in use that was not before the first one."""
    held = []
    gc.collect()
    tracemalloc.start()
    try:
        for step in steps:
            step()
            gc.collect()
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    return held


def test_a_flood_of_cards_leaves_so_many_and_no_more(station: Bench) -> None:
    history = station.touch_history

    def flood(first: int, last: int) -> None:
        for seq in range(first, last + 1):
            history.add(ref(seq), touch(station, card=seq))

    full, later = bytes_held(lambda: flood(1, 2 * MAX_KEPT), lambda: flood(2 * MAX_KEPT + 1, 5 * MAX_KEPT))
    assert later < 1.05 * full, "the oldest touches are forgotten, and their cards with them"
    assert history.find(ref(4 * MAX_KEPT)) is None
    assert history.find(ref(4 * MAX_KEPT + 1)) is not None


def test_one_card_touched_for_days_leaves_a_day(station: Bench) -> None:
    history = station.touch_history
    kept, days = KEEP_MS // HOUR_MS, 24 * 60

    def touch_hourly(first: int, last: int) -> None:
        for hour in range(first, last + 1):
            history.add(ref(hour), touch(station, card=7, seconds=hour * 3_600))

    full, later = bytes_held(lambda: touch_hourly(1, 2 * kept), lambda: touch_hourly(2 * kept + 1, days))
    assert later < 1.5 * full, "two months leave no more than some days"
    assert history.find(ref(days - kept - 1)) is None
    assert history.find(ref(days - kept)) is not None


def test_a_full_memory_is_small(station: Bench) -> None:
    """The history keeps one copy of an epoch, a boot and a card's token, not one for each touch."""

    def fill() -> None:
        for seq in range(1, MAX_KEPT + 1):
            station.touch_history.add(ref(seq), touch(station, card=seq % 2))

    [full] = bytes_held(fill)
    assert full < MAX_TOUCH_BYTES * MAX_KEPT


def test_the_board_still_knows_the_morning_at_night(station: Bench, system: FakeSystemClock) -> None:
    station.touch(ZHANG)
    system.pass_ms(15 * HOUR_MS)
    station.touch(LI)
    rows = {(row.name, row.window): row.arrived for row in station.touch_history.board(station.now())}
    assert rows[("张示例", "am")] == 510


def test_a_lost_card_marks_nobody_as_arrived(station: Bench) -> None:
    station.touch(LOST)
    rows = {(row.name, row.window): row.arrived for row in station.touch_history.board(station.now())}
    assert rows[("李示例", "am")] is None
    assert [lack.mark for lack in station.touch_history.lacking("p2", station.now())] == ["arrival", "departure"]


def report(station: Bench, *, lost: bool) -> None:
    """Have the county tell whether Zhang's card is lost. The village's other lost card stays as it is."""
    wanted = desired(version=station.twin.version + 1)
    cards = [msgspec.structs.replace(card, lost=lost if card.person == "p1" else card.lost) for card in wanted.cards]
    station.accept(msgspec.structs.replace(wanted, cards=cards))


def test_what_was_touched_before_the_loss_stays_on_the_board(station: Bench) -> None:
    station.touch(ZHANG)
    report(station, lost=True)
    rows = {(row.name, row.window): row.arrived for row in station.touch_history.board(station.now())}
    assert rows[("张示例", "am")] == 510


def test_a_touch_after_the_card_was_found_repeats_none_that_was_refused(
    station: Bench, system: FakeSystemClock
) -> None:
    report(station, lost=True)
    assert station.touch(ZHANG).answer == "lost"
    system.pass_ms(20_000)
    report(station, lost=False)
    assert station.touch(ZHANG).answer == "recorded"


def lacking(station: Bench, person: str = "p1") -> list[tuple[str, str, str]]:
    return [(lack.window, lack.mark, lack.when) for lack in station.touch_history.lacking(person, station.now())]


def test_what_is_lacking_names_its_window_and_whether_it_can_still_be_done(
    station: Bench, system: FakeSystemClock
) -> None:
    station.touch(ZHANG)
    afternoon = [("pm", "arrival", "later"), ("pm", "departure", "later")]
    assert lacking(station) == [("am", "departure", "now"), *afternoon]
    system.pass_ms(4 * HOUR_MS)  # 12:30
    assert lacking(station) == [("am", "departure", "now"), *afternoon]
    system.pass_ms(HOUR_MS)  # 13:30: half-way between the windows is over
    assert lacking(station) == [("am", "departure", "past"), ("pm", "arrival", "now"), ("pm", "departure", "now")]
    system.pass_ms(8 * HOUR_MS)
    assert {when for _, _, when in lacking(station)} == {"past"}


def test_a_green_touch_never_lacks_itself(station: Bench, system: FakeSystemClock) -> None:
    for _ in range(12):
        shown = station.touch(ZHANG)
        marks = {"in": "arrival", "out": "departure"}
        now = [lack.mark for lack in shown.lacking if lack.when == "now"]
        assert shown.direction is None or marks[shown.direction] not in now
        system.pass_ms(HOUR_MS)


@pytest.mark.parametrize(("left", "complete"), [(17 * 60 + 19, False), (17 * 60 + 20, True)])
def test_a_day_is_complete_with_every_touch_of_its_windows_and_none_left_early(
    station: Bench, system: FakeSystemClock, left: int, complete: bool
) -> None:
    now, said = 8 * 60 + 30, []
    for minute in (now, 12 * 60, 14 * 60, left):  # the second window ends at 17:30
        system.pass_ms((minute - now) * 60_000)
        now = minute
        said.append(station.touch(ZHANG).complete)
    assert said == [False, False, False, complete]


def test_who_is_not_on_duty_has_nothing_to_complete(station: Bench, system: FakeSystemClock) -> None:
    system.pass_ms(24 * HOUR_MS * 4)  # no window is open on this day
    assert station.touch_history.board(station.now()) == []
    station.touch(ZHANG)
    system.pass_ms(HOUR_MS)
    assert not station.touch(ZHANG).complete


def row_of(station: Bench, window: str, name: str = "张示例") -> DutyRow:
    rows = station.touch_history.board(station.now())
    return next(row for row in rows if (row.name, row.window) == (name, window))


def test_the_board_shows_what_runs_then_what_comes_then_what_is_over(station: Bench, system: FakeSystemClock) -> None:
    def windows() -> list[str]:
        return list(dict.fromkeys(row.window for row in station.touch_history.board(station.now())))

    assert windows() == ["am", "pm"]
    system.pass_ms(6 * HOUR_MS + HOUR_MS // 2)  # 15:00
    assert windows() == ["pm", "am"]
    assert [row_of(station, name).state for name in ("pm", "am")] == ["running", "over"]
    assert row_of(station, "am").closed
    assert row_of(station, "am").arrivals_over
    assert not row_of(station, "pm").arrivals_over
    system.pass_ms(3 * HOUR_MS)  # 18:00: over, and whoever leaves late can still touch
    assert row_of(station, "pm").arrivals_over
    assert (row_of(station, "pm").state, row_of(station, "pm").closed) == ("over", False)


def test_whoever_touched_last_stands_first_for_a_minute(station: Bench, system: FakeSystemClock) -> None:
    def first() -> str:
        return station.touch_history.board(station.now())[0].name

    station.touch(LI)
    assert first() == "李示例"
    station.touch(ZHANG)
    system.pass_ms(30_000)
    station.touch(LI)  # again: the touch that counts was the first
    assert first() == "张示例"
    system.pass_ms(30_001)
    station.touch(STRANGER)
    assert first() == "张示例"


def test_a_nights_window_stays_on_the_board_after_midnight(station: Bench, system: FakeSystemClock) -> None:
    night = desired(version=2)
    station.accept(msgspec.structs.replace(night, windows=[window("night", 1200, 1920, "p1", weekdays=(2,))]))
    system.pass_ms(12 * HOUR_MS)
    station.touch(ZHANG)
    assert row_of(station, "night").state == "running"
    system.pass_ms(5 * HOUR_MS)
    row = row_of(station, "night")
    assert (row.state, row.arrived, row.end) == ("running", 1230, 1920)
    system.pass_ms(10 * HOUR_MS)
    assert station.touch_history.board(station.now()) == []


def test_people_of_one_name_are_told_apart_by_the_end_of_their_number(station: Bench) -> None:
    numbers = {"A-1207": "张伟", "A-3307": "张伟", "B-0012": "李静"}
    people = [Person(id=number, name=name) for number, name in numbers.items()]
    wanted = msgspec.structs.replace(
        desired(version=2), people=people, cards=[], windows=[window("am", 510, 720, *numbers)]
    )
    station.accept(wanted)
    assert [(row.name, row.apart) for row in station.touch_history.board(station.now())] == [
        ("张伟", "207"),
        ("张伟", "307"),
        ("李静", ""),
    ]


@pytest.mark.parametrize("trusted", [True, False])
def test_without_the_date_there_is_no_board(tmp_path: Path, system: FakeSystemClock, trusted: bool) -> None:
    with bench(tmp_path, system, trusted=trusted) as station:
        station.accept(desired())
        assert bool(station.touch_history.board(station.now())) is trusted
        assert bool(station.touch_history.lacking("p1", station.now())) is trusted


def test_a_chosen_direction_is_recalled(station: Bench) -> None:
    first = touch(station, card=1)
    facts: list[tuple[FactRef, Fact]] = [
        (ref(1), first),
        (ref(2), touch(station, card=2)),
        (ref(3), DirectionChosen(at=station.now(), touch=ref(1), direction="out")),
    ]
    again = TouchHistory(clock=station.clock, twin=station.twin, duty_dates=station.duty_dates)
    again.recall(facts)
    seen = again.find(ref(1))
    assert seen is not None
    assert (seen.ref, seen.at, seen.direction) == (ref(1), first.at, "out")


def test_a_touch_that_was_stored_without_a_direction_stands_on_the_board_by_its_time(
    station: Bench, system: FakeSystemClock
) -> None:
    """The county shows no direction for it: the station says none either, also when the card is bound later."""
    station.touch(STRANGER)
    system.pass_ms(8 * HOUR_MS + 23 * 60_000)  # 16:53
    assert station.touch(STRANGER).direction is None
    wanted = desired(version=2)
    bound = Card(token=card_token(CARD_KEY, STRANGER), person="p1")
    station.accept(msgspec.structs.replace(wanted, cards=[bound]))
    am, pm = row_of(station, "am"), row_of(station, "pm")
    assert (am.arrived, am.arrived_by_time, am.left, am.left_by_time) == (510, True, None, False)
    assert (pm.arrived, pm.arrived_by_time, pm.left, pm.left_by_time) == (None, False, 1013, True)
    assert lacking(station) == [("am", "departure", "past"), ("pm", "arrival", "past")]
    again = station.touch(STRANGER)
    assert (again.answer, again.direction) == ("repeat", None)
    assert [fact.direction for fact in station.of(Touch)] == [None, None, None]


def test_the_board_keeps_the_direction_that_was_stored(station: Bench, system: FakeSystemClock) -> None:
    """So does the county, when the roster changes after the touch."""
    system.pass_ms(HOUR_MS)
    assert station.touch(ZHANG).direction == "in"
    station.accept(msgspec.structs.replace(desired(version=2), windows=[window("early", 360, 600, "p1")]))
    row = row_of(station, "early")
    assert (row.arrived, row.arrived_by_time, row.left) == (570, False, None)


def test_a_touch_of_which_nobody_knows_when_it_was_is_not_on_the_board(tmp_path: Path) -> None:
    system = FakeSystemClock()
    with bench(tmp_path, system, trusted=False) as before:
        before.accept(desired())
        before.touch(ZHANG)
    system.reboot(b"boot-two--------")
    with bench(tmp_path, system) as after:
        row = row_of(after, "am")
        assert (row.arrived, row.left) == (None, None)


@pytest.mark.parametrize("rebooted", [False, True])
def test_the_last_touch_of_a_person_is_the_newest_by_card_or_by_number(tmp_path: Path, *, rebooted: bool) -> None:
    """A boot that began since has a clock of its own, which says less."""
    system = FakeSystemClock()
    with bench(tmp_path, system) as before:
        before.accept(desired())
        before.touch(ZHANG)
    wall = system.wall
    if rebooted:
        system.reboot(b"boot-two--------")
        system.wall = wall
    system.pass_ms(40_000)
    with bench(tmp_path, system) as station:
        now = station.now()
        by_number = NumberEntered(at=now, person="p1", answer="accepted", clocks=True, direction="out")
        station.touch_history.add_number(ref(9), by_number)
        system.pass_ms(20_000)
        last = station.touch_history.repeated_by_number("p1", station.now())
        assert last is not None
        assert (last.at, last.direction) == (now, "out")


@pytest.mark.parametrize(("boot", "shown"), [(b"boot-one--------", "synced"), (b"boot-zero-------", "holdover")])
def test_a_repeat_shows_how_well_the_time_of_its_touch_is_known(station: Bench, boot: bytes, shown: str) -> None:
    """What a boot has learnt of the time since dates its own touches, and no earlier boot's."""
    history, now = station.touch_history, station.now()
    card = card_token(CARD_KEY, ZHANG)
    at = Moment(wall=now.wall, boot=boot, mono=now.mono, quality="holdover")
    history.add(ref(1), Touch(at=at, card=card, reader="fake", answer="recorded"))
    seen = history.repeated(card, now)
    assert seen is not None
    outcomes = Outcomes(clock=station.clock, twin=station.twin, history=history)
    assert outcomes.recorded(seen, "p1", now).quality == shown
