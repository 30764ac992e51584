"""How a question was answered is counted for whoever writes questions, once ten runs asked it, and never by whom."""

import datetime as dt
import secrets
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.utils import timezone

from protocol.facts import Touch
from protocol.packs import Pack
from protocol.units import FactRef
from server_broker.fleet.alarm_codes import COUNTS_SET_ASIDE
from server_broker.fleet.models import Alarm
from server_broker.ingest.batch import BatchProcessor
from server_broker.learning.marking import read_stored, with_key_since
from server_broker.learning.models import LearningPack
from server_broker.learning.packs import publish_pack
from server_broker.people.cards import take_card
from server_broker.people.models import Card, Person
from server_broker.platform.set_aside import AGAIN, Aside
from server_broker.progress import question_counts
from server_broker.progress.models import PackCounted, QuestionCount
from server_broker.progress.question_counts import QuestionShown, count_next, questions_shown
from server_broker.progress.rounds import Rounds
from tests.cast import SHILI
from tests.server_broker.county import FictionalCounty
from tests.server_broker.learning.worlds import answered, at, pack, take
from tests.server_broker.progress.test_whose import enrolled
from tests.server_broker.station_double import NOW, StationDouble

pytestmark = pytest.mark.django_db
KEY = Ed25519PrivateKey.generate()


@pytest.fixture
def station(county: FictionalCounty) -> StationDouble:
    publish_pack(pack(), key=KEY)
    return enrolled(county)


def person(county: FictionalCounty, station: StationDouble, number: int) -> FactRef:
    """Somebody with a card who shows it at the station."""
    made = Person.objects.create(number=f"p{number}", name="示例", village=county.stations[SHILI].village)
    token = secrets.token_bytes(16)
    Card.objects.create(token=token, tail="0000", person=made, bound_at=NOW)
    station.add(Touch(at=at(0, number), card=token, reader="simulated", answer="recorded"))
    return station.ref(len(station.sealed))


def asked(station: StationDouble, by: FactRef | None, chosen: Sequence[int], *, run: str, **more: object) -> None:
    for second, one in enumerate(chosen, start=100):
        station.add(answered(at(0, second), by, chosen=one, run=run, **more))  # type: ignore[arg-type]


def count_all(now: dt.datetime, aside: Aside[str]) -> None:
    while count_next(now, aside):
        pass


def counted(processor: BatchProcessor, *stations: StationDouble, now: dt.datetime = NOW) -> QuestionShown:
    take(processor, *stations)
    Rounds().go_on(now)
    count_all(now, Aside("counting"))
    row = LearningPack.objects.order_by("-version").first()
    assert row is not None
    return next(one for one in questions_shown(row) if one.question.id == "l1q1")


def test_a_person_s_first_try_counts_and_the_shares_of_all_answers(
    county: FictionalCounty, station: StationDouble, processor: BatchProcessor
) -> None:
    for number in range(8):
        by = person(county, station, number)
        asked(station, by, [1 if number < 6 else 0, 0], run=f"one {number}", took_ms=1_000 * (number + 1))
    asked(station, None, [2], run="nobody")
    asked(station, None, [0], run="nobody else")
    shown = counted(processor, station)
    assert shown.count is not None
    assert (shown.count.runs, shown.count.asked, shown.count.firsts, shown.count.firsts_right) == (10, 18, 10, 3)
    assert (shown.percent, shown.median_s) == (30, 4.0)
    assert [(one.percent, one.is_answer) for one in shown.options] == [(61, True), (33, False), (6, False)]
    assert list(shown.flags) == []


def test_of_fewer_than_ten_runs_nothing_is_kept(
    county: FictionalCounty, station: StationDouble, processor: BatchProcessor
) -> None:
    for number in range(9):
        asked(station, None, [0], run=f"run {number}")
    assert counted(processor, station).count is None
    assert not QuestionCount.objects.exists()


def test_whose_card_was_taken_away_is_not_many_people(
    county: FictionalCounty, station: StationDouble, processor: BatchProcessor
) -> None:
    by = person(county, station, 1)
    for number in range(12):
        asked(station, by, [0], run=f"run {number}")
    assert counted(processor, station).count is None
    take_card(Card.objects.get(person__number="p1"), actor="chen-shili", reason="发错了人，收回", since=None)
    assert counted(processor, station, now=NOW + dt.timedelta(days=1)).count is None


def test_two_nights_never_differ_by_one_person(
    county: FictionalCounty, station: StationDouble, processor: BatchProcessor
) -> None:
    said = []
    for night in range(11):
        for number in range(10 if night == 0 else 1):
            asked(station, None, [0 if night == 0 else 1], run=f"run {night} {number}")
        count = counted(processor, station, now=NOW + dt.timedelta(days=night)).count
        assert count is not None
        said.append((count.firsts, count.firsts_right))
    assert len(set(said[:10])) == 1, "what is shown stands until ten more have answered"
    assert (said[0][0], said[10][0]) == (10, 20)


def test_a_new_version_is_no_way_to_count_one_more(
    county: FictionalCounty, station: StationDouble, processor: BatchProcessor
) -> None:
    for number in range(10):
        asked(station, None, [0], run=f"run {number}")
    before = counted(processor, station).count
    asked(station, None, [1], run="one more")
    second = with_key_since(pack(2), pack(), files={}, files_before={})
    publish_pack(second, key=KEY)
    after = counted(processor, station, now=NOW + dt.timedelta(days=1)).count
    assert before is not None
    assert after is not None
    assert (after.firsts, after.firsts_right) == (before.firsts, before.firsts_right) == (10, 10)
    third = with_key_since(pack(3, answers={"l1q1": 1}), second, files={}, files_before={})
    publish_pack(third, key=KEY)
    assert counted(processor, station, now=NOW + dt.timedelta(days=2)).count is None, "by another answer nobody counted"
    for number in range(9):
        asked(station, None, [1], run=f"later {number}")
    after = counted(processor, station, now=NOW + dt.timedelta(days=3)).count
    assert after is not None
    assert (after.firsts, after.firsts_right) == (20, 10)


def test_ten_runs_of_one_person_are_one(
    county: FictionalCounty, station: StationDouble, processor: BatchProcessor
) -> None:
    by = person(county, station, 1)
    for number in range(12):
        asked(station, by, [0], run=f"run {number}")
    assert counted(processor, station).count is None


@pytest.mark.parametrize(
    ("chosen", "flags"),
    [(0, ["第一次人人答对", "有选项没有人选"]), (1, ["第一次没有人答对", "有选项没有人选"])],
)
def test_what_is_worth_a_look_is_said(
    county: FictionalCounty, station: StationDouble, processor: BatchProcessor, chosen: int, flags: list[str]
) -> None:
    for number in range(10):
        asked(station, None, [chosen], run=f"run {number}")
    assert list(counted(processor, station).flags) == flags


def test_only_answers_with_the_present_options_are_counted(
    county: FictionalCounty, station: StationDouble, processor: BatchProcessor
) -> None:
    second = with_key_since(pack(2, options={"l1q1": ("丁", "戊")}), pack(), files={}, files_before={})
    for number in range(10):
        asked(station, None, [0], run=f"old {number}")
    publish_pack(second, key=KEY)
    assert counted(processor, station).count is None


def test_each_pack_is_counted_once_a_night(station: StationDouble) -> None:
    publish_pack(pack(name="health"), key=KEY)
    aside = Aside[str]("counting")
    assert [count_next(NOW, aside) for _ in range(3)] == [True, True, False]
    tomorrow = NOW + dt.timedelta(days=1)
    assert timezone.localdate(tomorrow) != timezone.localdate(NOW)
    assert count_next(tomorrow, aside)


def test_a_pack_over_which_it_fails_keeps_no_other_from_being_counted(
    station: StationDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("health", "roads"):
        publish_pack(pack(name=name), key=KEY)
    LearningPack.objects.filter(pack="health").update(title="示例坏包")
    aside, broken, tried = Aside[str]("counting"), {"health"}, list[str]()

    def read(row: LearningPack) -> Pack:
        tried.append(row.pack)
        if row.pack in broken:
            raise OverflowError
        return read_stored(row)

    monkeypatch.setattr(question_counts, "read_stored", read)
    count_all(NOW, aside)
    assert set(PackCounted.objects.values_list("pack", flat=True)) == {"law", "roads"}
    [alarm] = Alarm.objects.filter(code=COUNTS_SET_ASIDE, resolved_at=None)
    assert ("1 个学习包" in alarm.detail, "示例坏包" in alarm.detail, alarm.count) == (True, True, 1)
    assert not count_next(NOW + dt.timedelta(minutes=1), aside), "not at each round"
    assert tried.count("health") == 1
    # The next process does not know of it, and the alarm stands until all are counted.
    later, again = NOW + AGAIN + dt.timedelta(seconds=1), Aside[str]("counting")
    PackCounted.objects.filter(pack="roads").update(on=timezone.localdate(NOW) - dt.timedelta(days=1))
    count_all(later, again)
    assert Alarm.objects.get(code=COUNTS_SET_ASIDE).resolved_at is None
    assert tried.count("health") == 2
    broken.clear()
    count_all(later + AGAIN, again)
    assert PackCounted.objects.count() == 3
    assert Alarm.objects.get(code=COUNTS_SET_ASIDE).resolved_at == later + AGAIN
