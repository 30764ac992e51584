"""Stars and the day of the first one outlive the answers by which they were reached; nothing else of these does."""

import datetime as dt
from pathlib import Path
from typing import Any, NoReturn

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.codec import decode
from protocol.progress import Progress, history_in
from server_broker.attendance.leaving import leave
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.questions import publish_questions
from server_broker.fleet.alarm_codes import LEVELS_SET_ASIDE
from server_broker.fleet.models import Alarm
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.models import Fact
from server_broker.learning.models import Attempt, LevelRun
from server_broker.progress import kept_levels
from server_broker.progress.kept_levels import drop_of_gone, keep_levels
from server_broker.progress.models import KeptLevel, PersonProgress, ReachedLevel, Told
from server_broker.progress.rounds import Rounds, drop_without_answers
from server_broker.retention.erasing import erase_facts
from tests.cast import SHILI, WANG, YANGBAN, ZHANG
from tests.server_broker.county import FictionalCounty
from tests.server_broker.learning.worlds import answered, at, ended, pack, take
from tests.server_broker.progress.test_whose import enrolled
from tests.server_broker.station_double import NOW, StationDouble, touch

pytestmark = pytest.mark.django_db
KEY = Ed25519PrivateKey.generate()
DAY = dt.timedelta(days=1)
DUE = NOW + 1_096 * DAY


@pytest.fixture
def folder(county: FictionalCounty, tmp_path: Path) -> BundleFolder:
    made = BundleFolder(tmp_path)
    publish(1, made)
    return made


def publish(version: int, folder: BundleFolder, **answers: int) -> None:
    publish_questions(pack(version, answers=answers), key=KEY, folder=folder, author="chen-shili", at=NOW)


def processing(received_at: dt.datetime) -> BatchProcessor:
    return BatchProcessor(clock=lambda: received_at)


def erase(now: dt.datetime) -> int:
    """Do what the county's chore does."""
    return erase_facts(now, first={"attempts": lambda before: keep_levels(before, now)})


def reached() -> dict[tuple[str, str], tuple[int, dt.datetime | None]]:
    return {(row.pack, row.level): (row.stars, row.first_at) for row in ReachedLevel.objects.all()}


@pytest.fixture
def played(county: FictionalCounty, folder: BundleFolder) -> StationDouble:
    """Zhang passed the first level with two stars, after a wrong answer."""
    station = enrolled(county)
    station.add(touch(), answered(at(0, 1), station.ref(1), "l1q1", chosen=1), ended(at(0, 9), station.ref(1), 2))
    take(processing(NOW), station)
    return station


def test_stars_and_their_day_stay_and_the_wrong_book_goes(played: StationDouble) -> None:
    rounds = Rounds()
    rounds.go_on(NOW)
    before = reached()
    assert list(before) == [("law", "l1")]
    assert erase(DUE) == 2
    assert not Attempt.objects.exists()
    assert not LevelRun.objects.exists()
    drop_without_answers(DUE)
    rounds.go_on(DUE)
    assert reached() == before
    said = decode(bytes(PersonProgress.objects.get().content), Progress, limit=2**21)
    assert [(one.pack, one.level, one.stars) for one in said.levels] == [("law", "l1", 2)]
    assert history_in(said).tries == {}
    assert erase(DUE + DAY) == 0
    rounds.go_on(DUE + DAY)
    assert reached() == before


def test_over_whomever_it_fails_their_answers_stay_and_those_of_all_others_go(
    county: FictionalCounty, played: StationDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = enrolled(county, YANGBAN)
    other.add(touch(card=WANG.token), answered(at(0, 1), other.ref(1)), ended(at(0, 9), other.ref(1), 3))
    take(processing(NOW), other)
    Rounds().go_on(NOW)
    zhang, broken = county.people[ZHANG], {county.people[ZHANG].pk}
    keep = kept_levels._keep

    def kept(person: int, *others: Any) -> None:
        if person in broken:
            raise OverflowError
        keep(person, *others)

    monkeypatch.setattr(kept_levels, "_keep", kept)
    assert erase(DUE) == 2
    assert [row.person_id for row in KeptLevel.objects.all()] == [county.people[WANG].pk]
    stay = [(SHILI, 2), (SHILI, 3)]
    rows = [*Attempt.objects.values_list("station", "seq"), *LevelRun.objects.values_list("station", "seq")]
    assert rows == stay
    held = Fact.objects.exclude(body=None).filter(kind__in=("attempt", "level_ended"))
    assert sorted(held.values_list("stream__station", "seq")) == stay
    [alarm] = Alarm.objects.filter(code=LEVELS_SET_ASIDE, resolved_at=None)
    assert (alarm.detail.startswith("1 个人"), zhang.village.name in alarm.detail) == (True, True)
    assert erase(DUE + DAY) == 0
    assert Alarm.objects.get(code=LEVELS_SET_ASIDE).count == 1
    broken.clear()
    assert erase(DUE + 2 * DAY) == 2
    assert {row.person_id for row in KeptLevel.objects.all()} == {zhang.pk, county.people[WANG].pk}
    assert not Attempt.objects.exists()
    assert not LevelRun.objects.exists()
    assert Alarm.objects.get(code=LEVELS_SET_ASIDE).resolved_at == DUE + 2 * DAY


def test_a_star_that_comes_later_adds_to_what_was_kept(played: StationDouble) -> None:
    rounds = Rounds()
    rounds.go_on(NOW)
    [(_, first)] = reached().values()
    erase(DUE)
    played.add(touch(1_097 * 86_400_000), ended(at(1_097), played.ref(4), 3, run="later"))
    take(processing(DUE + DAY), played, first=4)
    rounds.go_on(DUE + DAY)
    assert reached() == {("law", "l1"): (3, first)}
    [said] = Told.objects.all()
    assert decode(bytes(said.content), Progress, limit=2**21).levels[0].stars == 3


def test_only_what_is_erased_is_kept(played: StationDouble) -> None:
    played.add(ended(at(0, 20), played.ref(1), 3, level="l2", run="second"))
    take(processing(NOW + 30 * DAY), played, first=4)
    Rounds().go_on(NOW + 30 * DAY)
    erase(DUE)
    assert [row.level for row in KeptLevel.objects.all()] == ["l1"]
    assert [row.level for row in LevelRun.objects.all()] == ["l2"]


def test_a_run_counts_as_a_whole_though_its_answers_go_a_day_before_its_end(
    county: FictionalCounty, folder: BundleFolder
) -> None:
    """The wrong answer became right by a version that came later, and gave back a star."""
    station = enrolled(county)
    station.add(touch(), answered(at(0, 1), station.ref(1), "l1q1", chosen=1), ended(at(0, 9), station.ref(1), 2))
    processing(NOW).process_batch([station.facts_message(1, 2)])
    processing(NOW + DAY).process_batch([station.facts_message(3, 3)])
    publish(2, folder, l1q1=1)
    rounds = Rounds()
    rounds.go_on(NOW + DAY)
    before = reached()
    assert before["law", "l1"][0] == 3
    due = NOW + 1_095 * DAY + dt.timedelta(hours=1)
    assert erase(due) == 1
    assert erase(due + DAY) == 1
    rounds.go_on(due + DAY)
    assert reached() == before


def test_nothing_is_erased_if_nothing_can_be_kept(played: StationDouble) -> None:
    def fails(_: dt.datetime) -> NoReturn:
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        erase_facts(DUE, first={"attempts": fails})
    assert Attempt.objects.exists()
    assert not Fact.objects.filter(body=None).exists()


def test_an_undated_star_stays_undated(county: FictionalCounty, folder: BundleFolder) -> None:
    station = enrolled(county)
    boot = b"u" * 16
    station.add(touch(), ended(at(quality="unknown", boot=boot), station.ref(1), 1))
    take(processing(NOW), station)
    rounds = Rounds()
    rounds.go_on(NOW)
    erase(DUE)
    rounds.go_on(DUE)
    assert reached() == {("law", "l1"): (1, None)}


def test_what_was_kept_of_whoever_left_a_year_ago_goes(played: StationDouble, county: FictionalCounty) -> None:
    Rounds().go_on(NOW)
    erase(DUE)
    leave(county.people[ZHANG], last=DUE.date(), actor="chen-shili", reason="调走了")
    assert drop_of_gone(DUE + 364 * DAY) == 0
    assert drop_of_gone(DUE + 367 * DAY) == 1
    assert not KeptLevel.objects.exists()
