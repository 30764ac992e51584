"""What a person has learnt is computed of what was answered in visits that are the person's now, each fact once."""

import datetime as dt
import secrets
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.codec import decode
from protocol.facts import ClockCorrected
from protocol.progress import Progress, Try
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.questions import publish_questions
from server_broker.ingest.batch import BatchProcessor
from server_broker.learning.models import Attempt, LevelRun
from server_broker.learning.packs import publish_pack
from server_broker.people.cards import bind_card, take_card
from server_broker.people.models import Person
from server_broker.pins.cleaning import drop_old_entries
from server_broker.progress.marks import take_marks
from server_broker.progress.models import ChosenPack, PersonDue, PersonProgress, ReachedLevel, Told, Visit
from server_broker.progress.rounds import Rounds, drop_without_answers
from tests.cast import SHILI, WANG, YANGBAN, ZHANG
from tests.server_broker.county import FictionalCounty
from tests.server_broker.learning.worlds import DAY_MS, answered, at, chose, ended, entered, pack, take
from tests.server_broker.station_double import NOW, WALL, StationDouble, touch

pytestmark = pytest.mark.django_db
KEY = Ed25519PrivateKey.generate()


@pytest.fixture
def rounds(county: FictionalCounty) -> Rounds:
    publish_pack(pack(), key=KEY)
    return Rounds()


def enrolled(county: FictionalCounty, name: str = SHILI) -> StationDouble:
    double = StationDouble(id=name)
    station = county.stations[name]
    station.record_key = double.public
    station.save()
    return double


def of(person: Person) -> Progress | None:
    row = PersonProgress.objects.filter(person=person).first()
    return None if row is None else decode(bytes(row.content), Progress, limit=2**21)


def tries(person: Person) -> dict[str, list[Try]]:
    said = of(person)
    return (
        {}
        if said is None or not isinstance(said.questions, list)
        else {one.question: one.tries for one in said.questions}
    )


def test_answers_after_a_touch_are_the_holder_s(
    county: FictionalCounty, processor: BatchProcessor, rounds: Rounds
) -> None:
    station = enrolled(county)
    by = station.ref(1)
    station.add(
        touch(),
        answered(at(0, 1), by, "l1q1", chosen=1),
        answered(at(0, 2), by, "l1q2"),
        answered(at(0, 3), None, "l1q3"),
        ended(at(0, 4), by, 2),
        chose(at(0, 5), by),
    )
    take(processor, station)
    rounds.go_on(NOW)
    zhang = county.people[ZHANG]
    assert tries(zhang) == {
        "l1q1": [Try(wall=WALL + 1_000, right=False)],
        "l1q2": [Try(wall=WALL + 2_000, right=True)],
    }
    [level] = ReachedLevel.objects.all()
    assert (level.person, level.pack, level.level, level.stars) == (zhang, "law", "l1", 2)
    assert ChosenPack.objects.get().person == zhang
    assert not PersonDue.objects.exists()
    as_of = PersonProgress.objects.get().as_of
    rounds.go_on(NOW + dt.timedelta(days=1))
    assert PersonProgress.objects.get().as_of == as_of, "nothing is new"


def test_the_latest_choice_of_a_pack_counts_and_an_undated_one_last(
    county: FictionalCounty, processor: BatchProcessor, rounds: Rounds
) -> None:
    station, other = enrolled(county), enrolled(county, YANGBAN)
    by, elsewhere = station.ref(1), other.ref(1)
    undated = at(quality="unknown", boot=secrets.token_bytes(16))
    station.add(
        touch(),
        chose(at(2), by, "law", chosen=False),
        chose(at(1), by, "law"),
        chose(undated, by, "health"),
        chose(at(3), by, "health", chosen=False),
        chose(undated, by, "flood"),
        chose(at(3), by, "fraud"),
    )
    other.add(
        touch(2_000), chose(at(9), elsewhere, "flood", chosen=False), chose(at(9), elsewhere, "fraud", chosen=False)
    )
    take(processor, station, other)
    rounds.go_on(NOW)
    assert sorted(row.pack for row in ChosenPack.objects.all()) == ["flood", "law"]


def test_what_is_kept_of_nobody_is_computed_of_nobody(
    county: FictionalCounty, processor: BatchProcessor, rounds: Rounds
) -> None:
    station = enrolled(county)
    station.add(touch(), answered(at(0, 1), station.ref(1)), ended(at(0, 2), station.ref(1)))
    take(processor, station)
    rounds.go_on(NOW)
    Attempt.objects.all().delete()
    LevelRun.objects.all().delete()
    later = NOW + dt.timedelta(days=3)
    assert drop_without_answers(later) == 1
    rounds.go_on(later)
    assert not any(model.objects.exists() for model in (Visit, PersonProgress, ReachedLevel, Told))


def test_answers_after_a_number_are_its_person_s_long_after_the_entry_was_deleted(
    county: FictionalCounty, processor: BatchProcessor, rounds: Rounds
) -> None:
    station = enrolled(county)
    station.add(entered(at(), ZHANG.number), answered(at(0, 1), station.ref(1)))
    take(processor, station)
    rounds.go_on(NOW)
    assert list(tries(county.people[ZHANG])) == ["l1q1"]
    later = NOW + dt.timedelta(days=200)
    assert drop_old_entries(later)
    rounds.go_on(later)
    assert list(tries(county.people[ZHANG])) == ["l1q1"]


def test_a_number_at_a_station_that_may_not_know_it_is_nobody_s(
    county: FictionalCounty, processor: BatchProcessor, rounds: Rounds
) -> None:
    """A station in wrong hands can state that anybody entered a number. It learns nothing of them by that."""
    far = enrolled(county, YANGBAN)
    far.add(entered(at(), ZHANG.number), answered(at(0, 1), far.ref(1)), ended(at(0, 2), far.ref(1)))
    take(processor, far)
    rounds.go_on(NOW)
    rounds.go_on(NOW + dt.timedelta(minutes=2))
    assert not any(model.objects.exists() for model in (PersonProgress, ReachedLevel, Told))
    here = enrolled(county)
    here.add(entered(at(), ZHANG.number), answered(at(0, 1), here.ref(1)))
    take(processor, here)
    rounds.go_on(NOW + dt.timedelta(minutes=4))
    assert list(tries(county.people[ZHANG])) == ["l1q1"]
    assert list(Told.objects.values_list("station", flat=True)) == [SHILI]


def test_an_answer_whose_touch_has_not_come_waits_for_it(
    county: FictionalCounty, processor: BatchProcessor, rounds: Rounds
) -> None:
    station = enrolled(county)
    before = StationDouble(id=SHILI, key=station.key)
    before.add(touch())
    station.add(answered(at(0, 1), before.ref(1)))
    take(processor, station)
    rounds.go_on(NOW)
    assert not PersonProgress.objects.exists()
    assert Visit.objects.get().card_token is None
    take(processor, before)
    rounds.go_on(NOW + dt.timedelta(minutes=2))
    assert list(tries(county.people[ZHANG])) == ["l1q1"]


def test_a_card_that_is_bound_later_brings_its_answers_with_it(
    county: FictionalCounty, processor: BatchProcessor, rounds: Rounds
) -> None:
    station, card = enrolled(county), secrets.token_bytes(16)
    station.add(touch(card=card), answered(at(0, 1), station.ref(1)))
    take(processor, station)
    rounds.go_on(NOW)
    assert not PersonProgress.objects.exists()
    wang = county.people[WANG]
    bind_card(card, wang, actor="chen-shili")
    rounds.go_on(NOW)
    assert list(tries(wang)) == ["l1q1"]


def test_a_card_that_was_somebody_else_s_takes_its_answers_along(
    county: FictionalCounty, processor: BatchProcessor, rounds: Rounds
) -> None:
    station = enrolled(county)
    station.add(touch(), answered(at(0, 1), station.ref(1)))
    take(processor, station)
    rounds.go_on(NOW)
    zhang, wang = county.people[ZHANG], county.people[WANG]
    assert tries(zhang)
    take_card(county.cards[ZHANG], actor="chen-shili", reason="发错了", since=None, give_to=wang)
    rounds.go_on(NOW)
    assert (of(zhang), list(tries(wang))) == (None, ["l1q1"])


def test_what_is_dated_later_gets_its_day(county: FictionalCounty, processor: BatchProcessor, rounds: Rounds) -> None:
    station = enrolled(county)
    lost = secrets.token_bytes(16)
    station.add(
        touch(),
        answered(at(quality="unknown", boot=lost, mono=1_000), station.ref(1), chosen=1),
    )
    take(processor, station)
    rounds.go_on(NOW)
    zhang = county.people[ZHANG]
    assert tries(zhang) == {"l1q1": []}, "wrong, and nobody knows when"
    dated = at(8, boot=lost, mono=2_000)
    station.add(ClockCorrected(at=dated, boot=lost, mono=2_000, wall=dated.wall, source="county", before="unknown"))
    take(processor, station, first=3)
    assert take_marks(NOW)
    rounds.go_on(NOW)
    assert tries(zhang) == {"l1q1": [Try(wall=WALL + 8 * DAY_MS - 1_000, right=False)]}


def test_a_stream_that_is_issued_anew_counts_once(
    county: FictionalCounty, processor: BatchProcessor, rounds: Rounds
) -> None:
    station = enrolled(county)
    station.add(touch(), answered(at(0, 1), station.ref(1)), answered(at(0, 2), station.ref(1), "l1q2", chosen=1))
    take(processor, station)
    again = station.reopen(matched=1)
    take(processor, again)
    rounds.go_on(NOW)
    assert {name: len(some) for name, some in tries(county.people[ZHANG]).items()} == {"l1q1": 1, "l1q2": 1}


def test_two_stations_that_were_offline_for_a_week_give_what_one_would_have(
    county: FictionalCounty, processor: BatchProcessor, rounds: Rounds
) -> None:
    one, two = enrolled(county), enrolled(county, YANGBAN)
    for station in (one, two):
        station.add(touch())
    for day in range(7):
        station = (one, two)[day % 2]
        station.add(answered(at(day, 1), station.ref(1), chosen=int(day < 2), run=f"run {day}"))
    take(processor, two)
    rounds.go_on(NOW)
    take(processor, one)
    rounds.go_on(NOW)
    found = tries(county.people[ZHANG])["l1q1"]
    assert [(one.wall - WALL) // DAY_MS for one in found] == list(range(7))
    assert [one.right for one in found] == [False, False, *[True] * 5]


def test_a_corrected_answer_marks_anew_and_gives_back_the_star(
    county: FictionalCounty, processor: BatchProcessor, rounds: Rounds, tmp_path: Path
) -> None:
    station = enrolled(county)
    by = station.ref(1)
    station.add(touch(), answered(at(0, 1), by, chosen=1), ended(at(0, 2), by, 2))
    take(processor, station)
    rounds.go_on(NOW)
    folder = BundleFolder(tmp_path)
    publish_questions(pack(2, answers={"l1q1": 1}), key=KEY, folder=folder, author="chen-shili", at=NOW)
    rounds.go_on(NOW)
    said = of(county.people[ZHANG])
    assert said is not None
    assert tries(county.people[ZHANG])["l1q1"][0].right
    assert [(one.level, one.stars) for one in said.levels] == [("l1", 3)]
    assert isinstance(said.amended, list)
    assert [(one.question, one.right) for one in said.amended] == [("l1q1", True)]
    rounds.go_on(NOW + dt.timedelta(days=61))
    later = of(county.people[ZHANG])
    assert later is not None
    assert not isinstance(later.amended, list), "told for 60 days"
