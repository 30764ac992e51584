"""The direction comes from the duty windows; the card, a key and the card again correct it, within 10 s each."""

from copy import replace
from pathlib import Path

import pytest

from agent.events import CardTouched
from protocol.facts import DirectionChosen, Touch
from protocol.kiosk import ChooseDirection, KeepDirection, Sorry, TouchShown
from protocol.units import Direction, FactRef
from tests.agent.bench import LI, LOST, STRANGER, ZHANG, Bench, bench, desired
from tests.fakes.clockwork import HOUR_MS, FakeSystemClock


def test_a_touch_in_the_arrival_span_is_an_arrival(station: Bench) -> None:
    shown = station.touch(ZHANG)
    assert (shown.colour, shown.answer, shown.name, shown.direction) == ("green", "recorded", "张示例", "in")
    assert shown.missing == ["departure"]
    assert station.of(Touch)[0].direction == "in"


def test_a_touch_in_the_departure_span_is_a_departure(station: Bench, system: FakeSystemClock) -> None:
    system.pass_ms(3 * HOUR_MS)
    shown = station.touch(ZHANG)
    assert shown.direction == "out"
    assert shown.missing == ["arrival"]


def test_outside_every_span_it_is_recorded_without_direction(station: Bench, system: FakeSystemClock) -> None:
    system.pass_ms(14 * HOUR_MS)
    shown = station.touch(ZHANG)
    assert (shown.answer, shown.direction) == ("recorded", None)


def test_a_first_touch_says_how_it_is_corrected_and_lets_nobody_do_it(station: Bench) -> None:
    shown = station.touch(ZHANG)
    assert (shown.again_within_ms, shown.choose_within_ms) == (10_000, 0)
    choose(station, shown, "out")
    assert station.recorded.answers == [Sorry(reason="too_late", touch=shown.touch, asked="choose_direction")]
    assert station.of(DirectionChosen) == []


def test_the_owners_second_touch_offers_a_key_chooses_and_the_third_touch_corrects(
    station: Bench, system: FakeSystemClock
) -> None:
    first = station.touch(ZHANG)
    system.pass_ms(10_000)
    again = station.touch(ZHANG)
    assert (again.answer, again.touch, again.choose_within_ms) == ("repeat", first.touch, 10_000)
    system.pass_ms(10_000)
    choose(station, again, "out")
    asked = station.recorded.touches[-1]
    assert (asked.direction, asked.chosen, asked.confirm_within_ms, asked.choose_within_ms) == ("in", "out", 10_000, 0)
    assert station.of(DirectionChosen) == []
    system.pass_ms(10_000)
    commits = station.outbox.commits
    shown = station.touch(ZHANG)
    assert [(fact.touch, fact.direction) for fact in station.of(DirectionChosen)] == [(first.touch, "out")]
    assert station.outbox.commits == commits + 1
    confirming = station.of(Touch)[-1]
    assert (confirming.answer, confirming.direction) == ("repeat", "out")
    assert (shown.direction, shown.corrected, shown.chosen, shown.choose_within_ms) == ("out", True, None, 0)
    system.pass_ms(5_000)
    assert station.touch(ZHANG).direction == "out"


def test_a_second_touch_after_10_s_offers_nothing_but_to_touch_once_more(
    station: Bench, system: FakeSystemClock
) -> None:
    first = station.touch(ZHANG)
    system.pass_ms(10_001)
    again = station.touch(ZHANG)
    assert (again.answer, again.again_within_ms, again.choose_within_ms) == ("repeat", 10_000, 0)
    system.pass_ms(10_000)
    offered = station.touch(ZHANG)
    assert (offered.touch, offered.choose_within_ms) == (first.touch, 10_000)


def test_a_third_touch_offers_it_once_more(station: Bench, system: FakeSystemClock) -> None:
    first = station.touch(ZHANG)
    for _ in range(2):
        system.pass_ms(9_000)
        again = station.touch(ZHANG)
        assert (again.touch, again.choose_within_ms) == (first.touch, 10_000)


def test_touches_alone_correct_nothing(station: Bench, system: FakeSystemClock) -> None:
    for _ in range(40):
        station.touch(ZHANG)
        system.pass_ms(400)
    assert station.of(DirectionChosen) == []
    assert {fact.direction for fact in station.of(Touch)} == {"in"}


def test_what_is_promised_about_the_next_touch_holds_to_the_end_of_the_run(
    station: Bench, system: FakeSystemClock
) -> None:
    """After two minutes a touch is a new one, so the last that offers comes early enough for key and card."""
    shown = station.touch(ZHANG)
    for _ in range(12):
        system.pass_ms(9_500)
        promised = shown.again_within_ms >= 9_500
        shown = station.touch(ZHANG)
        assert shown.answer == "repeat"
        assert (shown.choose_within_ms > 0) == promised
        if shown.choose_within_ms:
            last = shown
    assert (last.wall, station.now().wall - last.wall) == (station.of(Touch)[0].at.wall, 12 * 9_500)
    assert shown.again_within_ms == 0


def test_the_last_touch_that_offers_can_still_be_confirmed(station: Bench, system: FakeSystemClock) -> None:
    first = station.touch(ZHANG)
    for _ in range(10):
        system.pass_ms(10_000)
        again = station.touch(ZHANG)
    system.pass_ms(10_000)
    choose(station, again, "out")
    system.pass_ms(10_000)
    assert station.touch(ZHANG).corrected
    assert [fact.touch for fact in station.of(DirectionChosen)] == [first.touch]


def test_10_s_after_the_choice_it_is_dropped(station: Bench, system: FakeSystemClock) -> None:
    chosen(station)
    system.pass_ms(10_001)
    assert not station.touch(ZHANG).corrected
    assert station.of(DirectionChosen) == []


@pytest.mark.parametrize("next_card", [LI, LOST, STRANGER, "no card has this number"])
@pytest.mark.parametrize("together", [True, False])
def test_another_touch_drops_the_choice(station: Bench, next_card: str, together: bool) -> None:
    chosen(station)
    touches = [CardTouched(uid, "fake") for uid in (next_card, ZHANG)]
    for batch in [touches] if together else [[one] for one in touches]:
        station.desk.cards_touched(batch)
    assert station.of(DirectionChosen) == []
    assert not station.recorded.touches[-1].corrected


def test_a_choice_that_is_taken_back_is_dropped(station: Bench) -> None:
    again = chosen(station)
    assert again.touch is not None
    station.desk.keep_direction(1, KeepDirection(touch=again.touch))
    shown = station.recorded.touches[-1]
    assert (shown.chosen, shown.confirm_within_ms, shown.choose_within_ms) == (None, 0, 0)
    assert not station.touch(ZHANG).corrected
    assert station.of(DirectionChosen) == []


def test_only_what_was_chosen_is_taken_back(station: Bench) -> None:
    again = touched_twice(station)
    assert again.touch is not None
    station.desk.keep_direction(1, KeepDirection(touch=again.touch))
    assert station.recorded.answers == [Sorry(reason="too_late", touch=again.touch, asked="keep_direction")]


def test_touches_committed_with_the_one_that_confirms_say_the_same(station: Bench) -> None:
    first = chosen(station).touch
    station.desk.cards_touched([CardTouched(uid, "fake") for uid in (ZHANG, LI, ZHANG)])
    assert [fact.touch for fact in station.of(DirectionChosen)] == [first]
    assert [fact.direction for fact in station.of(Touch)[-3:]] == ["out", "in", "out"]
    assert [shown.corrected for shown in station.recorded.touches[-3:]] == [True, False, False]


def test_a_card_reported_lost_meanwhile_confirms_nothing(station: Bench) -> None:
    chosen(station)
    wanted = desired(version=2)
    lost = [replace(card, lost=card.person == "p1" or card.lost) for card in wanted.cards]
    station.accept(replace(wanted, cards=lost))
    assert station.touch(ZHANG).answer == "lost"
    assert station.of(DirectionChosen) == []


def test_a_repeat_shows_the_time_of_the_touch_that_counts(station: Bench, system: FakeSystemClock) -> None:
    first = station.touch(ZHANG)
    system.pass_ms(65_000)
    again = station.touch(ZHANG)
    assert (again.answer, again.wall) == ("repeat", first.wall)
    assert station.of(Touch)[-1].at.wall == first.wall + 65_000


def test_what_a_correction_would_mend_is_marked(station: Bench, system: FakeSystemClock) -> None:
    system.pass_ms(9 * HOUR_MS)  # 17:30: a departure, and the arrival is past
    marks = [("am", "arrival", False), ("am", "departure", False), ("pm", "arrival", True)]

    def past(shown: TouchShown) -> list[tuple[str, str, bool]]:
        return [(lack.window, lack.mark, lack.correctable) for lack in shown.lacking if lack.when == "past"]

    assert past(station.touch(ZHANG)) == marks
    again = station.touch(ZHANG)
    assert past(again) == marks
    system.pass_ms(10_000)
    choose(station, again, "in")
    assert past(station.recorded.touches[-1]) == marks
    system.pass_ms(10_001)
    station.touch(ZHANG)
    system.pass_ms(99_000)
    assert past(station.touch(ZHANG))[-1] == ("pm", "arrival", False)


def test_10_s_after_the_second_touch_it_is_too_late(station: Bench, system: FakeSystemClock) -> None:
    again = touched_twice(station)
    system.pass_ms(10_001)
    choose(station, again, "out")
    assert station.recorded.answers == [Sorry(reason="too_late", touch=again.touch, asked="choose_direction")]
    assert station.of(DirectionChosen) == []


@pytest.mark.parametrize("next_card", [LI, LOST, STRANGER, "no card has this number"])
def test_what_the_screen_no_longer_shows_is_not_corrected(station: Bench, next_card: str) -> None:
    again = touched_twice(station)
    station.touch(next_card)
    choose(station, again, "out")
    assert station.recorded.answers == [Sorry(reason="too_late", touch=again.touch, asked="choose_direction")]
    assert station.of(DirectionChosen) == []


def test_one_persons_offer_corrects_nobody_else(station: Bench) -> None:
    other = station.touch(LI)
    again = touched_twice(station)
    choose(station, other, "out")
    assert station.of(DirectionChosen) == []
    choose(station, again, "out")
    station.touch(ZHANG)
    assert [fact.touch for fact in station.of(DirectionChosen)] == [again.touch]


def test_a_second_touch_gives_one_choice(station: Bench) -> None:
    again = touched_twice(station)
    choose(station, again, "out")
    choose(station, again, "in")
    assert station.recorded.answers == [Sorry(reason="too_late", touch=again.touch, asked="choose_direction")]
    station.touch(ZHANG)
    assert [fact.direction for fact in station.of(DirectionChosen)] == ["out"]


def test_touches_committed_together_offer_what_the_last_of_them_shows(station: Bench) -> None:
    station.desk.cards_touched([CardTouched(uid, "fake") for uid in (ZHANG, ZHANG, LI)])
    zhang, again, li = station.recorded.touches
    assert (again.touch, again.choose_within_ms, li.choose_within_ms) == (zhang.touch, 10_000, 0)
    choose(station, again, "out")
    assert station.of(DirectionChosen) == []


def choose(station: Bench, shown: TouchShown, direction: Direction) -> None:
    assert shown.touch is not None
    station.desk.choose_direction(1, ChooseDirection(touch=shown.touch, direction=direction))


def touched_twice(station: Bench) -> TouchShown:
    station.touch(ZHANG)
    return station.touch(ZHANG)


def chosen(station: Bench) -> TouchShown:
    again = touched_twice(station)
    choose(station, again, "out")
    return again


def test_without_the_time_nothing_is_guessed_and_the_person_says(tmp_path: Path, system: FakeSystemClock) -> None:
    """The clock goes on from where the power failed in the morning, and it may be noon by now."""
    with bench(tmp_path, system, trusted=False) as station:
        station.accept(desired())
        shown = station.touch(ZHANG)
        assert (shown.answer, shown.direction, shown.missing) == ("recorded", None, [])
        again = station.touch(ZHANG)
        assert again.direction is None
        choose(station, again, "out")
        shown = station.touch(ZHANG)
        assert (shown.direction, shown.corrected) == ("out", True)


def test_a_touch_without_a_direction_keeps_to_that_when_its_boot_learns_the_time(
    tmp_path: Path, system: FakeSystemClock
) -> None:
    """The county has the touch without a direction, and its person may still choose one."""
    with bench(tmp_path, system, trusted=False) as station:
        station.accept(desired())
        first = station.touch(ZHANG)
        assert (first.direction, first.quality) == (None, "unknown")
        station.clock.take_county_time(system.wall, asked_mono_ms=system.mono, answered_mono_ms=system.mono)
        again = station.touch(ZHANG)
        assert (again.direction, again.quality, again.choose_within_ms) == (None, "synced", 10_000)


def test_a_touch_of_an_earlier_boot_can_not_be_corrected(tmp_path: Path) -> None:
    system = FakeSystemClock(mono_ms=1_000)
    with bench(tmp_path, system) as before:
        before.accept(desired())
        ref = touched_twice(before).touch
    assert ref is not None
    system.reboot(b"boot-two--------")
    with bench(tmp_path, system, trusted=False) as after:
        after.desk.choose_direction(1, ChooseDirection(touch=ref, direction="out"))
        assert after.recorded.answers == [Sorry(reason="too_late", touch=ref, asked="choose_direction")]
        assert after.of(DirectionChosen) == []


@pytest.mark.parametrize("uid", [STRANGER, LOST])
def test_a_card_that_names_nobody_has_no_direction_to_choose(station: Bench, uid: str) -> None:
    station.touch(uid)
    assert station.touch(uid).choose_within_ms == 0
    ref = FactRef(epoch=station.outbox.epoch, seq=station.outbox.through)
    station.desk.choose_direction(1, ChooseDirection(touch=ref, direction="out"))
    assert station.recorded.answers == [Sorry(reason="too_late", touch=ref, asked="choose_direction")]


def test_a_touch_that_never_was_can_not_be_corrected(station: Bench) -> None:
    never = FactRef(epoch=bytes(16), seq=7)
    station.desk.choose_direction(1, ChooseDirection(touch=never, direction="in"))
    assert station.recorded.answers == [Sorry(reason="too_late", touch=never, asked="choose_direction")]


def test_a_correction_on_a_full_disk_is_not_claimed(station: Bench) -> None:
    chosen(station)
    station.outbox.fill_disk()
    shown = station.touch(ZHANG)
    assert (shown.answer, shown.corrected) == ("not_recorded", False)
    station.outbox.error = None
    assert station.touch(ZHANG).direction == "in"
    assert station.of(DirectionChosen) == []


def test_a_station_that_has_no_list_yet_says_so(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        shown = station.touch(ZHANG)
        assert (shown.answer, shown.no_list) == ("unknown", True)
        station.accept(desired())
        shown = station.touch(STRANGER)
        assert (shown.answer, shown.no_list) == ("unknown", False)
