"""Over whomever the program fails, everybody else's learning is computed, and what was computed before stands."""

import datetime as dt
from typing import Any

import pytest
from django.db import OperationalError

from protocol.progress import LevelName
from server_broker.fleet.alarm_codes import LEARNING_SET_ASIDE
from server_broker.fleet.models import Alarm
from server_broker.ingest.batch import BatchProcessor
from server_broker.learning.packs import publish_pack
from server_broker.people.models import Person
from server_broker.platform.set_aside import AGAIN
from server_broker.progress import rounds as progress_rounds
from server_broker.progress.computing import Computed, compute
from server_broker.progress.models import PersonDue, PersonProgress
from server_broker.progress.rounds import Rounds
from tests.cast import WANG, YANGBAN, ZHANG
from tests.server_broker.county import FictionalCounty
from tests.server_broker.learning.worlds import answered, at, pack, take
from tests.server_broker.progress.test_whose import KEY, enrolled
from tests.server_broker.station_double import NOW, StationDouble, touch

pytestmark = pytest.mark.django_db
LATER = NOW + AGAIN + dt.timedelta(seconds=1)


class Poison:
    """Has the program fail over some people, as a bug would, until it is mended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.numbers: set[str] = set()
        self.tries = 0
        self.error: Exception = OverflowError("date value out of range")

        def computed(number: str, *read: Any, kept: dict[LevelName, Any]) -> Computed:
            if number in self.numbers:
                self.tries += 1
                raise self.error
            return compute(number, *read, kept=kept)

        monkeypatch.setattr(progress_rounds, "compute", computed)


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Poison:
    return Poison(monkeypatch)


@pytest.fixture
def stations(county: FictionalCounty) -> tuple[StationDouble, StationDouble]:
    """Zhang and Wang, of two townships, answer one question each."""
    publish_pack(pack(), key=KEY)
    shili, yangban = enrolled(county), enrolled(county, YANGBAN)
    for station, token in ((shili, ZHANG.token), (yangban, WANG.token)):
        station.add(touch(card=token), answered(at(0, 1), station.ref(1)))
        take(BatchProcessor(clock=lambda: NOW), station)
    return shili, yangban


def known(person: Person) -> bytes:
    row = PersonProgress.objects.filter(person=person).first()
    return b"" if row is None else bytes(row.content)


def test_one_over_whom_it_fails_keeps_nobody_else_waiting(
    county: FictionalCounty, stations: tuple[StationDouble, StationDouble], poison: Poison
) -> None:
    zhang, wang = county.people[ZHANG], county.people[WANG]
    poison.numbers, rounds = {ZHANG.number}, Rounds()
    rounds.go_on(NOW)
    assert known(wang)
    assert (known(zhang), PersonDue.objects.get().person_id, PersonDue.objects.get().failed_at) == (b"", zhang.pk, NOW)
    [alarm] = Alarm.objects.filter(code=LEARNING_SET_ASIDE, resolved_at=None)
    assert (alarm.station_id, "1 个人的学习情况算不出来" in alarm.detail) == (None, True)
    # Not at each round, and also not if there is news of them.
    tries = poison.tries
    stations[0].add(answered(at(0, 2), stations[0].ref(1), "l1q2"))
    take(BatchProcessor(clock=lambda: NOW), stations[0], first=3)
    rounds.go_on(NOW + dt.timedelta(minutes=1))
    assert (poison.tries, Alarm.objects.filter(code=LEARNING_SET_ASIDE).count()) == (tries, 1)
    rounds.go_on(LATER)
    assert (poison.tries, known(zhang)) == (tries + 1, b"")
    poison.numbers = set()
    rounds.go_on(LATER + AGAIN)
    assert known(zhang)
    assert not PersonDue.objects.exists()
    assert not Alarm.objects.filter(code=LEARNING_SET_ASIDE, resolved_at=None).exists()


def test_the_night_goes_on_too(
    county: FictionalCounty, stations: tuple[StationDouble, StationDouble], poison: Poison
) -> None:
    zhang, wang = county.people[ZHANG], county.people[WANG]
    rounds = Rounds()
    rounds.go_on(NOW)
    before = known(zhang)
    poison.numbers = {ZHANG.number}
    stations[1].add(answered(at(0, 2), stations[1].ref(1), "l1q2"))
    old = known(wang)
    take(BatchProcessor(clock=lambda: NOW), stations[1], first=3)
    tomorrow = NOW + dt.timedelta(days=1)
    rounds.go_on(tomorrow)
    assert (known(zhang) == before, known(wang) == old) == (True, False)
    assert PersonDue.objects.get().failed_at == tomorrow
    assert rounds.renew_whole(tomorrow) == 0, "it is done"


def test_that_the_database_is_away_sets_nobody_aside(
    county: FictionalCounty, stations: tuple[StationDouble, StationDouble], poison: Poison
) -> None:
    poison.numbers, poison.error = {ZHANG.number}, OperationalError("the connection is closed")
    with pytest.raises(OperationalError):
        Rounds().go_on(NOW)
    assert not PersonDue.objects.filter(failed_at__isnull=False).exists()
