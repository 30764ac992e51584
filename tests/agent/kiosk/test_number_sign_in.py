"""A number and its PIN open a visit, and are a touch only if the person chooses 打卡; tries are counted on disk."""

import threading
from copy import replace
from pathlib import Path

import pytest

from agent.kiosk import pin_work
from agent.kiosk.pin_book import LATELY_MS, MOST_OF_NOBODY
from agent.storage.errors import StorageError, StorageFailed, StorageFull
from protocol.bundle_contents import Roster, RosterPerson
from protocol.facts import AlarmRaised, NumberEntered, Touch
from protocol.kiosk import TouchShown
from protocol.kiosk_visits import ClockByNumber, EnterNumber, PinAsked, VisitShown
from protocol.pin_tries import PinTries
from protocol.pins import BLOCK_SIZE, LOG2_N, PARALLEL, PinVerifier, is_pin
from tests.agent.bench import ZHANG, Bench, bench, desired
from tests.agent.kiosk.village_pins import (
    LI_NUMBER,
    LI_PIN,
    ZHANG_NUMBER,
    ZHANG_PIN,
    allow_numbers,
    enter,
    give_roster,
    open_by_card,
    refused,
    verifier,
)
from tests.fakes.clockwork import HOUR_MS, MORNING_MS, FakeSystemClock

WRONG = "604927"


@pytest.fixture
def village(station: Bench) -> Bench:
    allow_numbers(station)
    return station


def test_a_number_opens_a_visit_and_is_no_touch(village: Bench) -> None:
    shown = enter(village, ZHANG_PIN)
    assert isinstance(shown, VisitShown)
    assert (shown.name, shown.opened_by, shown.can) == (
        "张示例",
        "number",
        ["month", "requests", "ask", "learning", "clock", "feedback"],
    )
    (entered,) = village.of(NumberEntered)
    assert (entered.person, entered.answer, entered.clocks) == ("p1", "accepted", False)
    assert village.of(Touch) == []
    assert all(row.arrived is None for row in village.home.current().duty)


def test_daka_by_number_has_the_direction_of_the_window_and_stands_on_the_board(village: Bench) -> None:
    visit = enter(village, ZHANG_PIN)
    assert isinstance(visit, VisitShown)
    (shown,) = village.ask(ClockByNumber(visit=visit.visit))
    assert isinstance(shown, TouchShown)
    assert (shown.answer, shown.name, shown.direction, shown.visit) == ("recorded", "张示例", "in", "")
    clocked = village.of(NumberEntered)[-1]
    assert (clocked.clocks, clocked.direction) == (True, "in")
    assert village.home.current().duty[0].arrived == 510
    (again,) = village.ask(ClockByNumber(visit=visit.visit))
    assert isinstance(again, TouchShown)
    assert again.answer == "repeat"
    assert len(village.of(NumberEntered)) == 2


def test_after_a_restart_the_board_has_what_was_clocked_by_number(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        allow_numbers(station)
        visit = enter(station, ZHANG_PIN)
        assert isinstance(visit, VisitShown)
        station.ask(ClockByNumber(visit=visit.visit))
    with bench(tmp_path, system) as again:
        assert again.home.current().duty[0].arrived == 510


def test_nobody_clocks_by_number_in_a_visit_that_a_card_opened(village: Bench) -> None:
    visit = open_by_card(village, ZHANG)
    assert village.ask(ClockByNumber(visit=visit.visit)) == [PinAsked(answer="not_allowed")]
    assert village.of(NumberEntered) == []


def test_without_the_countys_word_no_number_opens_anything(station: Bench) -> None:
    give_roster(station)
    assert refused(station, ZHANG_PIN) == PinAsked(answer="not_allowed")
    allow_numbers(station)
    give_roster(station, allowed=False)
    assert refused(station, ZHANG_PIN) == PinAsked(answer="wrong")
    assert [fact.answer for fact in station.of(NumberEntered)] == ["not_allowed", "not_allowed"]


def test_a_number_that_nobody_has_is_answered_as_a_wrong_pin_is(village: Bench, system: FakeSystemClock) -> None:
    assert refused(village, WRONG, number="777777") == PinAsked(answer="wrong")
    assert [(fact.person, fact.answer) for fact in village.of(NumberEntered)] == [("", "unknown")]
    for _ in range(10):
        refused(village, WRONG, number="777777")
    # Five tries, and the first of those that the lock refused: of the others a fact tells each ten seconds.
    assert [fact.answer for fact in village.of(NumberEntered)] == ["unknown"] * 5 + ["locked"]
    system.pass_ms(10_000)
    refused(village, WRONG, number="777777")
    assert len(village.of(NumberEntered)) == 7


NUMBERS = {"known": ZHANG_NUMBER, "unknown": "777777", "no_pin": "880003", "not_allowed": "880004"}


@pytest.fixture
def strangers(village: Bench) -> Bench:
    """A village where some numbers are nobody's, have no PIN or may not sign in."""
    people = village.kiosk.lists.roster().people  # type: ignore[union-attr]
    more = [
        RosterPerson(id="p3", name="王示例", number=NUMBERS["no_pin"], may_number_sign_in=True),
        RosterPerson(id="p4", name="赵示例", number=NUMBERS["not_allowed"], pin=verifier(LI_PIN)),
    ]
    village.bundles.put("roster", Roster(people=[*people, *more]))
    return village


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
def test_no_number_tells_by_answers_or_locks_whether_it_is_somebodys(
    strangers: Bench, system: FakeSystemClock, number: str
) -> None:
    wrong = PinAsked(answer="wrong")
    said = [refused(strangers, WRONG, number=number) for _ in range(6)]
    assert said == [wrong] * 4 + [PinAsked(answer="locked", locked_for_ms=HOUR_MS)] * 2
    system.pass_ms(HOUR_MS)
    assert refused(strangers, WRONG, number=number) == PinAsked(answer="locked", locked_for_ms=2 * HOUR_MS)


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
def test_each_number_is_judged_at_the_same_cost_off_the_core_thread(
    strangers: Bench, monkeypatch: pytest.MonkeyPatch, number: str
) -> None:
    real = verifier(LI_PIN)
    costly = PinVerifier(log2_n=LOG2_N, r=BLOCK_SIZE, p=PARALLEL, salt=b"q" * 16, digest=real.digest)
    give = [replace(one, pin=costly) if one.id == "p1" else one for one in strangers.kiosk.lists.roster().people]  # type: ignore[union-attr]
    strangers.bundles.put("roster", Roster(people=give))
    paid: list[tuple[int, int, int, bool]] = []

    def judged(verifier: PinVerifier, pin: str) -> bool:
        on_core = threading.current_thread() is threading.main_thread()
        paid.append((verifier.log2_n, verifier.r, verifier.p, on_core))
        return is_pin(verifier, pin)

    monkeypatch.setattr(pin_work, "is_pin", judged)
    refused(strangers, WRONG, number=number)
    assert paid == [(LOG2_N, BLOCK_SIZE, PARALLEL, False)]


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
def test_a_full_disk_does_not_tell_either(strangers: Bench, number: str) -> None:
    strangers.outbox.fill_disk()
    assert refused(strangers, WRONG, number=number) == PinAsked(answer="not_recorded")
    assert not strangers.kiosk.pin_work.busy


def test_numbers_that_nobody_has_are_counted_in_little_memory_and_not_kept(
    strangers: Bench, system: FakeSystemClock
) -> None:
    book = strangers.kiosk.pin_book
    for one in range(MOST_OF_NOBODY + 3):
        book.begin_try(book.tried(f"55{one:06}"))
    assert len(book._nobodys) == MOST_OF_NOBODY
    assert book.unjudged() == []


def test_a_number_that_nobody_has_is_among_the_eight_of_a_day(village: Bench) -> None:
    said = [refused(village, WRONG, number=f"77{one:04}").answer for one in range(9)]
    assert said == ["wrong"] * 8 + ["locked"]
    assert refused(village, ZHANG_PIN) == PinAsked(answer="locked")
    assert [alarm.code for alarm in village.of(AlarmRaised)] == ["pin_guessed"]


@pytest.mark.parametrize(
    ("error", "problem"), [(StorageFull("no room"), "disk_full"), (StorageFailed("broken"), "disk_error")]
)
def test_a_touch_by_number_that_is_not_recorded_says_what_is_wrong_with_the_disk(
    village: Bench, error: StorageError, problem: str
) -> None:
    visit = enter(village, ZHANG_PIN)
    assert isinstance(visit, VisitShown)
    village.outbox.error = error
    (shown,) = village.ask(ClockByNumber(visit=visit.visit))
    assert isinstance(shown, TouchShown)
    assert (shown.colour, shown.problem) == ("red", problem)


def test_the_fifth_wrong_try_locks_for_an_hour_and_each_further_one_for_twice_as_long(
    village: Bench, system: FakeSystemClock
) -> None:
    said = [refused(village, WRONG) for _ in range(5)]
    assert said[:4] == [PinAsked(answer="wrong")] * 4
    assert said[-1] == PinAsked(answer="locked", locked_for_ms=HOUR_MS)
    assert refused(village, ZHANG_PIN) == PinAsked(answer="locked", locked_for_ms=HOUR_MS)
    for hours in (2, 4, 8):
        system.pass_ms(hours // 2 * HOUR_MS)
        assert refused(village, WRONG) == PinAsked(answer="locked", locked_for_ms=hours * HOUR_MS)
    system.pass_ms(8 * HOUR_MS)
    assert isinstance(enter(village, ZHANG_PIN), VisitShown)


def test_a_right_pin_takes_no_wrong_try_away(village: Bench) -> None:
    for _ in range(4):
        refused(village, WRONG)
    assert isinstance(enter(village, ZHANG_PIN), VisitShown)
    assert refused(village, WRONG).answer == "locked"


def test_a_week_without_a_wrong_try_takes_one_away(village: Bench, system: FakeSystemClock) -> None:
    for _ in range(4):
        refused(village, WRONG)
    system.pass_ms(7 * 24 * HOUR_MS)
    assert refused(village, WRONG).answer == "wrong"
    assert refused(village, WRONG).answer == "locked"


def test_pulling_the_plug_gives_no_new_try(tmp_path: Path, system: FakeSystemClock) -> None:
    for number in range(5):
        with bench(tmp_path, system) as station:
            station.accept(desired(settings={"number_sign_in": True}))
            give_roster(station)
            # The plug is pulled while the PIN is being judged.
            station.number_sign_in_asked(EnterNumber(number=ZHANG_NUMBER, pin=ZHANG_PIN))
        system.reboot(b"boot-%011d" % number)
    with bench(tmp_path, system, trusted=False) as station:
        station.accept(desired(settings={"number_sign_in": True}))
        give_roster(station)
        station.kiosk.number_sign_in.state_unjudged()
        assert [fact.answer for fact in station.of(NumberEntered)] == ["wrong_pin"]
        assert refused(station, ZHANG_PIN).answer == "locked"


def test_a_try_that_the_disk_does_not_take_is_not_judged(village: Bench) -> None:
    village.outbox.fill_disk()
    assert enter(village, ZHANG_PIN) == PinAsked(answer="not_recorded")
    village.outbox.error = None
    assert isinstance(enter(village, ZHANG_PIN), VisitShown)


def test_a_sign_in_that_the_disk_does_not_take_opens_nothing(village: Bench) -> None:
    work = village.kiosk.pin_work
    village.number_sign_in_asked(EnterNumber(number=ZHANG_NUMBER, pin=ZHANG_PIN))
    event = village.inbox.get(timeout_s=5)
    village.outbox.error = StorageFull("no room")
    work.worked(event)  # type: ignore[arg-type]
    assert village.recorded.answers[-1] == PinAsked(answer="not_recorded")


def test_the_countys_tries_count_here_and_its_lock_holds(village: Bench) -> None:
    give_roster(village, tries=PinTries(fails=4, last=MORNING_MS))
    assert refused(village, WRONG).answer == "locked"
    give_roster(village, pin=verifier(LI_PIN, salt=b"a new salt ....."))
    assert isinstance(enter(village, LI_PIN), VisitShown)


def test_one_pin_is_not_tried_on_everybody(village: Bench) -> None:
    give_roster(village, others=20)
    said = [refused(village, WRONG, number=f"99{one:04}").answer for one in range(12)]
    assert said == ["wrong"] * 8 + ["locked"] * 4
    assert [alarm.code for alarm in village.of(AlarmRaised)] == ["pin_guessed"]
    assert refused(village, WRONG, number="990000").answer == "wrong"


def test_who_signed_in_here_lately_is_kept_out_by_no_strangers_numbers(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        allow_numbers(station)
        assert isinstance(enter(station, ZHANG_PIN), VisitShown)
    system.reboot(b"boot-of-later---")
    system.pass_ms(LATELY_MS - HOUR_MS)
    with bench(tmp_path, system, trusted=False) as station:
        allow_numbers(station)
        said = [refused(station, WRONG, number=f"77{one:04}").answer for one in range(9)]
        assert said == ["wrong"] * 8 + ["locked"]
        assert refused(station, LI_PIN, number=LI_NUMBER).answer == "locked"
        assert isinstance(enter(station, ZHANG_PIN), VisitShown)
        # Their own tries are counted as everybody's are.
        assert [refused(station, WRONG).answer for _ in range(5)] == ["wrong"] * 4 + ["locked"]


def test_who_has_not_come_for_long_is_kept_out_with_all_others(village: Bench, system: FakeSystemClock) -> None:
    assert isinstance(enter(village, ZHANG_PIN), VisitShown)
    system.pass_ms(LATELY_MS + HOUR_MS)
    for one in range(8):
        refused(village, WRONG, number=f"77{one:04}")
    assert refused(village, ZHANG_PIN).answer == "locked"


def test_the_digits_of_a_number_with_letters_are_typed(village: Bench) -> None:
    assert village.kiosk.pin_book.find(ZHANG_NUMBER) == "p1"
    roster = village.kiosk.lists.roster()
    assert roster is not None
    assert village.kiosk.pin_book.find("88") is None
