"""A station is told of whoever comes there, and told again when the county knows what it can't know by itself."""

import datetime as dt
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pytest_django import DjangoAssertNumQueries

from protocol.codec import decode
from protocol.progress import Progress
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.index_keeper import IndexKeeper, wanted
from server_broker.bundles.models import Bundle
from server_broker.bundles.questions import publish_questions
from server_broker.fleet.models import ShelfDue
from server_broker.ingest.batch import BatchProcessor
from server_broker.learning.packs import publish_pack
from server_broker.people.models import Card, Person
from server_broker.progress.marks import mark_new_faces
from server_broker.progress.models import Told
from server_broker.progress.progress_source import MOST_BUNDLES, progress_drafts
from server_broker.progress.rounds import Rounds
from tests.cast import LI, SHILI, YANGBAN, ZHANG
from tests.server_broker.county import FictionalCounty
from tests.server_broker.learning.worlds import DAY_MS, answered, at, chose, ended, entered, pack, take
from tests.server_broker.progress.test_whose import enrolled
from tests.server_broker.station_double import NOW, StationDouble, touch

pytestmark = pytest.mark.django_db
KEY = Ed25519PrivateKey.generate()
DAY = dt.timedelta(days=1)


@pytest.fixture
def rounds(county: FictionalCounty) -> Rounds:
    publish_pack(pack(), key=KEY)
    return Rounds()


@pytest.fixture
def one(county: FictionalCounty, processor: BatchProcessor) -> StationDouble:
    """A station at which Zhang answered once."""
    station = enrolled(county)
    station.add(touch(), answered(at(0, 1), station.ref(1), chosen=1))
    take(processor, station)
    return station


@pytest.fixture
def other(county: FictionalCounty) -> StationDouble:
    return enrolled(county, YANGBAN)


def told(station: str) -> Progress | None:
    row = Told.objects.filter(station=station).first()
    return None if row is None else decode(bytes(row.content), Progress, limit=2**21)


def asked(said: Progress | None) -> dict[str, int]:
    return (
        {}
        if said is None or not isinstance(said.questions, list)
        else {one.question: len(one.tries) for one in said.questions}
    )


def heads(said: Progress | None) -> dict[bytes, int]:
    return {} if said is None or not isinstance(said.heads, list) else {one.epoch: one.seq for one in said.heads}


def test_a_station_is_told_at_once_of_whoever_it_was_not_told_of(one: StationDouble, rounds: Rounds) -> None:
    ShelfDue.objects.all().delete()
    rounds.go_on(NOW)
    said = told(SHILI)
    assert said is not None
    assert (said.person, asked(said), heads(said)) == (ZHANG.number, {"l1q1": 1}, {one.epoch: 2})
    assert told(YANGBAN) is None, "nobody came there"
    assert set(ShelfDue.objects.values_list("station", flat=True)) == {SHILI}


def test_what_a_station_recorded_itself_is_no_news_to_it(
    one: StationDouble, processor: BatchProcessor, rounds: Rounds
) -> None:
    rounds.go_on(NOW)
    before = told(SHILI)
    one.add(answered(at(0, 5), one.ref(1), "l1q2"), ended(at(0, 6), one.ref(1)))
    take(processor, one, first=3)
    rounds.go_on(NOW)
    rounds.go_on(NOW + DAY)
    assert told(SHILI) == before


def test_what_came_from_another_station_is_told_in_the_night(
    one: StationDouble, other: StationDouble, processor: BatchProcessor, rounds: Rounds
) -> None:
    rounds.go_on(NOW)
    other.add(touch(2_000), answered(at(0, 9), other.ref(1), "l1q2"))
    take(processor, other)
    rounds.go_on(NOW + dt.timedelta(hours=1))
    assert asked(told(YANGBAN)) == {"l1q1": 1, "l1q2": 1}, "it was not told of Zhang before"
    assert asked(told(SHILI)) == {"l1q1": 1}, "it waits for the night"
    rounds.go_on(NOW + DAY)
    assert asked(told(SHILI)) == {"l1q1": 1, "l1q2": 1}
    assert heads(told(SHILI)) == {one.epoch: 2}
    assert heads(told(YANGBAN)) == {other.epoch: 2}


def test_what_was_chosen_at_another_station_is_told_and_what_was_chosen_there_is_no_news(
    one: StationDouble, other: StationDouble, processor: BatchProcessor, rounds: Rounds
) -> None:
    rounds.go_on(NOW)
    one.add(chose(at(0, 3), one.ref(1), "health"))
    take(processor, one, first=3)
    before = told(SHILI)
    rounds.go_on(NOW + DAY)
    assert told(SHILI) == before
    other.add(
        touch(2_000), chose(at(0, 9), other.ref(1), "law"), chose(at(0, 10), other.ref(1), "health", chosen=False)
    )
    take(processor, other)
    rounds.go_on(NOW + 2 * DAY)
    for station in (SHILI, YANGBAN):
        said = told(station)
        assert said is not None
        assert isinstance(said.choices, list)
        assert [(one.pack, one.chosen) for one in said.choices] == [("law", True), ("health", False)]


def test_what_is_marked_anew_is_news(one: StationDouble, rounds: Rounds, tmp_path: Path) -> None:
    rounds.go_on(NOW)
    publish_questions(pack(2, answers={"l1q1": 1}), key=KEY, folder=BundleFolder(tmp_path), author="chen-shili", at=NOW)
    rounds.go_on(NOW)
    rounds.go_on(NOW + DAY)
    said = told(SHILI)
    assert said is not None
    assert isinstance(said.amended, list)
    assert [(each.question, each.right) for each in said.amended] == [("l1q1", True)]


def test_a_correction_that_is_taken_back_is_news_too(one: StationDouble, rounds: Rounds, tmp_path: Path) -> None:
    rounds.go_on(NOW)
    for version, answer, right in ((2, 1, True), (3, 0, False), (4, 0, False)):
        publish_questions(
            pack(version, answers={"l1q1": answer}),
            key=KEY,
            folder=BundleFolder(tmp_path),
            author="chen-shili",
            at=NOW + version * DAY,
        )
        rounds.go_on(NOW + version * DAY)
        said = told(SHILI)
        assert said is not None
        assert isinstance(said.amended, list)
        assert [(each.question, each.right) for each in said.amended] == [("l1q1", right)]
        assert said.amended_by == [min(version, 3)], "the version since which it is so"


def test_a_fact_that_came_again_in_a_later_stream_is_no_news_for_ever(
    one: StationDouble, processor: BatchProcessor, rounds: Rounds
) -> None:
    one.add(answered(at(0, 2), one.ref(1), "l1q2"))
    again = one.reopen(matched=2)
    take(processor, again)
    rounds.go_on(NOW)
    first = told(SHILI)
    assert asked(first) == {"l1q1": 1, "l1q2": 1}
    assert heads(first) == {one.epoch: 2, again.epoch: 2}
    rounds.go_on(NOW + DAY)
    assert told(SHILI) == first


def test_everything_is_told_once_more_each_month_and_sixty_days_after_the_last_touch_no_longer(
    one: StationDouble, rounds: Rounds
) -> None:
    rounds.go_on(NOW)
    first = told(SHILI)
    december = NOW + 10 * DAY
    rounds.go_on(december)
    second = told(SHILI)
    assert first is not None
    assert second is not None
    assert second.as_of > first.as_of
    assert asked(second) == asked(first)
    rounds.go_on(NOW + 59 * DAY)
    assert told(SHILI) is not None
    rounds.go_on(NOW + 61 * DAY)
    assert told(SHILI) is None


def test_a_clock_that_may_be_wrong_takes_nobody_away(one: StationDouble, rounds: Rounds) -> None:
    rounds.go_on(NOW)
    rounds.go_on(NOW + 400 * DAY, by_age=False)
    assert told(SHILI) is not None
    rounds.go_on(NOW + 400 * DAY)
    assert told(SHILI) is None


def test_a_new_face_is_told_of_without_an_answer_there(
    one: StationDouble, other: StationDouble, processor: BatchProcessor, rounds: Rounds
) -> None:
    rounds.go_on(NOW)
    other.add(touch(2_000))
    take(processor, other)
    assert mark_new_faces(NOW + dt.timedelta(minutes=10)) == 1
    rounds.go_on(NOW + dt.timedelta(minutes=10))
    assert asked(told(YANGBAN)) == {"l1q1": 1}
    assert mark_new_faces(NOW + dt.timedelta(minutes=20)) == 0


def test_a_new_face_by_number_is_told_of_too(
    county: FictionalCounty, other: StationDouble, processor: BatchProcessor, rounds: Rounds
) -> None:
    other.add(touch(), answered(at(0, 1), other.ref(1), chosen=1))
    take(processor, other)
    rounds.go_on(NOW)
    home = enrolled(county)
    home.add(entered(at(0, 30), ZHANG.number))
    take(processor, home)
    assert mark_new_faces(NOW + dt.timedelta(minutes=10)) == 1
    rounds.go_on(NOW + dt.timedelta(minutes=10))
    assert asked(told(SHILI)) == {"l1q1": 1}


def test_it_is_one_version_until_there_is_news_and_goes_with_its_person(
    county: FictionalCounty, one: StationDouble, rounds: Rounds, tmp_path: Path
) -> None:
    folder = BundleFolder(tmp_path)
    keeper = IndexKeeper(folder=folder, sources=[], sources_of_many=[progress_drafts])
    rounds.go_on(NOW)
    for minutes in (0, 1, 2):
        keeper.go_on(NOW + dt.timedelta(minutes=minutes))
    [row] = Bundle.objects.filter(kind="progress")
    assert (row.version, row.access, row.night, row.station_id) == (1, "station", True, SHILI)
    assert wanted(county.stations[SHILI], NOW) == [row]
    Told.objects.all().delete()
    keeper.go_on(NOW + dt.timedelta(hours=2))
    row.refresh_from_db()
    assert row.withdrawn_at is not None


def test_more_people_take_no_more_queries(
    county: FictionalCounty, one: StationDouble, rounds: Rounds, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    rounds.go_on(NOW)
    here = county.stations[SHILI]
    with django_assert_num_queries(2):
        progress_drafts([here], NOW)
    [row] = Told.objects.all()
    for number in range(MOST_BUNDLES + 5):
        person = type(row.person).objects.create(number=f"x{number}", name="示例", village=here.village)
        Told.objects.create(
            person=person, station=here, at=NOW + dt.timedelta(seconds=number), digest=row.digest, content=row.content
        )
    with django_assert_num_queries(3):
        drafts = progress_drafts([here], NOW + DAY)[SHILI]
    assert len(drafts) == MOST_BUNDLES
    assert any(draft.id.endswith(f"-{row.person_id}") for draft in drafts), "nobody else was ever there"


def test_a_station_is_told_of_those_who_were_there_last_by_the_end_of_yesterday(
    county: FictionalCounty,
    one: StationDouble,
    processor: BatchProcessor,
    rounds: Rounds,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("server_broker.progress.progress_source.MOST_BUNDLES", 1)
    here = county.stations[SHILI]

    def told_of(now: dt.datetime) -> list[str]:
        return [draft.id for draft in progress_drafts([here], now)[SHILI]]

    person = Person.objects.create(number=LI.number, name=LI.name, village=here.village)
    Card.objects.create(token=LI.token, tail=LI.tail, person=person, bound_at=NOW)
    zhang, li = (f"progress-{SHILI}-{pk}" for pk in (county.people[ZHANG].pk, person.pk))
    one.add(touch(DAY_MS, card=LI.token), answered(at(1, 1), one.ref(3)))
    take(processor, one, first=3)
    rounds.go_on(NOW + DAY)
    assert Told.objects.count() == 2
    assert told_of(NOW + 2 * DAY) == [li]
    one.add(touch(3 * DAY_MS))
    take(processor, one, first=5)
    rounds.go_on(NOW + 3 * DAY)
    assert told_of(NOW + 3 * DAY) == [li], "it is the same all day"
    assert told_of(NOW + 4 * DAY) == [zhang]
    assert Told.objects.count() == 2, "whoever falls out is not forgotten"
