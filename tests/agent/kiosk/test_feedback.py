"""A question to the village is on disk before its number is shown, and is found again by it."""

from pathlib import Path

from agent.kiosk.feedback import MAX_KEPT, MOST_AN_HOUR, WRONG_TRIES, WRONG_WITHIN_MS
from protocol.facts import FeedbackGiven, FeedbackRated
from protocol.feedback import Answer, Answers, is_receipt_number, receipt_number
from protocol.kiosk import Sorry
from protocol.kiosk_feedback import FeedbackTaken, FollowedUp, FollowUp, GiveFeedback, RateAnswer
from tests.agent.bench import ZHANG, Bench, bench, desired
from tests.agent.kiosk.village_pins import open_by_card
from tests.fakes.clockwork import FakeSystemClock

ASKED = GiveFeedback(topic="lamps", matter="broken", about="finance-2026-11", item="3")
HOUR_MS = 3_600_000


def ask(station: Bench, asked: GiveFeedback = ASKED) -> str:
    """Ask, and return the number of the receipt."""
    [taken] = station.ask(asked)
    assert isinstance(taken, FeedbackTaken)
    return taken.number


def follow(station: Bench, number: str) -> FollowedUp:
    [found] = station.ask(FollowUp(number=number))
    assert isinstance(found, FollowedUp)
    return found


def answer(station: Bench, *feedbacks: bytes, text: str = "示例：本周修好。") -> None:
    """Have the county answer questions."""
    at = station.system.wall
    answers = [
        Answer(feedback=one, state="answered", office="示例镇", at=at, given=at - HOUR_MS, text=text)
        for one in feedbacks
    ]
    station.bundles.put("answers", Answers(answers=answers))


def test_the_number_is_shown_after_the_fact_is_on_disk_and_names_nobody(station: Bench) -> None:
    number = ask(station)
    [fact] = station.of(FeedbackGiven)
    assert (fact.by, fact.topic, fact.matter, fact.about, fact.item) == (
        None,
        "lamps",
        "broken",
        "finance-2026-11",
        "3",
    )
    assert is_receipt_number(number)
    assert number == receipt_number(fact.feedback)
    order = [what for who, what in station.recorded.order if who in ("commit", "kiosk 1")]
    assert order[-2:] == [[fact], FeedbackTaken(number=number)]


def test_whoever_leaves_their_name_is_known_by_their_touch(station: Bench) -> None:
    visit = open_by_card(station, ZHANG)
    named = GiveFeedback(topic="roads", matter="unfair", visit=visit.visit)
    assert station.ask(named) == [
        FeedbackTaken(number=receipt_number(station.of(FeedbackGiven)[0].feedback), named=True)
    ]
    assert station.of(FeedbackGiven)[0].by is not None
    assert station.ask(named, kiosk=2) == [Sorry(reason="too_late", asked="give_feedback")]
    assert len(station.of(FeedbackGiven)) == 1


def test_nothing_is_shown_as_recorded_that_the_disk_did_not_take(station: Bench) -> None:
    station.outbox.fill_disk()
    assert station.ask(ASKED) == [Sorry(reason="not_recorded", asked="give_feedback")]
    station.outbox.error = None
    assert station.of(FeedbackGiven) == []


def test_an_hour_takes_so_many_and_no_more(station: Bench, system: FakeSystemClock) -> None:
    for _ in range(MOST_AN_HOUR):
        ask(station)
    assert station.ask(ASKED) == [Sorry(reason="too_many", asked="give_feedback")]
    assert len(station.of(FeedbackGiven)) == MOST_AN_HOUR
    system.pass_ms(HOUR_MS)
    ask(station)


def test_a_number_that_was_given_here_is_not_given_again(station: Bench) -> None:
    drawn = iter([bytes(16), bytes(16), bytes(range(16))])
    station.kiosk.feedback._draw = lambda size: next(drawn)
    assert ask(station) == receipt_number(bytes(16))
    assert ask(station) == receipt_number(bytes(range(16)))


def test_a_question_is_followed_until_it_is_answered_and_the_answer_is_rated_once(station: Bench) -> None:
    number = ask(station)
    [fact] = station.of(FeedbackGiven)
    found = follow(station, number)
    assert (found.known, found.sent, found.state, found.topic, found.given) == (
        True,
        False,
        None,
        "lamps",
        fact.at.wall,
    )
    station.receipted()
    assert follow(station, number).sent is True
    assert station.ask(RateAnswer(number=number, rating=5)) == [follow(station, number)]
    answer(station, fact.feedback)
    found = follow(station, number)
    assert (found.state, found.office, found.text, found.rating) == ("answered", "示例镇", "示例：本周修好。", 0)
    [rated] = station.ask(RateAnswer(number=number, rating=4))
    assert isinstance(rated, FollowedUp)
    assert rated.rating == 4
    station.ask(RateAnswer(number=number, rating=1))
    assert [(one.feedback, one.rating) for one in station.of(FeedbackRated)] == [(fact.feedback, 4)]


def test_a_question_of_another_station_is_found_once_it_is_answered(station: Bench) -> None:
    number = receipt_number(bytes(16))
    assert not follow(station, number).known
    answer(station, bytes(16))
    found = follow(station, number)
    assert (found.known, found.sent, found.given) == (True, True, station.system.wall - HOUR_MS)
    station.ask(RateAnswer(number=number, rating=2))
    assert follow(station, number).rating == 2


def test_numbers_are_not_tried_without_end(station: Bench, system: FakeSystemClock) -> None:
    number = ask(station)
    for _ in range(WRONG_TRIES):
        assert follow(station, receipt_number(bytes(16))) == FollowedUp(number=receipt_number(bytes(16)))
    assert station.ask(FollowUp(number=number)) == [Sorry(reason="too_many_tries", asked="follow_up")]
    system.pass_ms(WRONG_WITHIN_MS)
    assert follow(station, number).known


def test_a_restart_forgets_nothing_and_only_the_newest_are_kept(tmp_path: Path, system: FakeSystemClock) -> None:
    with bench(tmp_path, system) as station:
        station.accept(desired())
        number = ask(station)
        answer(station, station.of(FeedbackGiven)[0].feedback)
        station.ask(RateAnswer(number=number, rating=3))
        # As if the process had ended before the list was kept: the facts tell.
        station.outbox.put("feedback", b"\x90")
    with bench(tmp_path, system) as station:
        station.accept(desired())
        found = follow(station, number)
        assert (found.known, found.rating) == (True, 3)
        for _ in range(MAX_KEPT):
            system.pass_ms(HOUR_MS)
            ask(station)
        assert not follow(station, number).known
