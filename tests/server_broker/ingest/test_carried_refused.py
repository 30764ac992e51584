"""A file of which the database refuses something: that is held, and what follows is taken as over the line."""

from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.db import Error

from server_broker.attendance.models import Touch as TouchRow
from server_broker.audit.models import AuditEntry
from server_broker.fleet.models import Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.carried import Taken, take_file
from server_broker.ingest.models import Fact, Quarantined
from server_broker.ingest.reread import reread_held
from server_broker.platform.home import CountyHome
from tests.server_broker.ingest.one_worker import refusing
from tests.server_broker.ingest.test_carried import written
from tests.server_broker.station_double import NOW, StationDouble, touch

pytestmark = pytest.mark.django_db(transaction=True)

type Take = Callable[..., Taken]


@pytest.fixture
def take(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Take:
    """Take a file, with a media folder of our own."""
    home = CountyHome(tmp_path / "county")
    home.media.mkdir(parents=True)

    def take(path: Path, *, dead_board: bool = False) -> Taken:
        with monkeypatch.context() as patched:
            patched.setattr(settings, "HOME", home)
            return take_file(path, dead_board=dead_board, actor="test", clock=lambda: NOW)

    return take


@pytest.fixture
def rescued(station: StationDouble, tmp_path: Path) -> Path:
    """The file of a station of ten facts, of which the county has the first four."""
    station.add(*(touch(1000 * number) for number in range(1, 11)))
    BatchProcessor(clock=lambda: NOW).process_batch([station.facts_message(1, 4)])
    return written(tmp_path / "x.cunhui", station, station.envelope(3, 7), station.envelope(8, 10), after=2)


SQLSTATES = ["22023", "42804", "23514"]
"""What the database says of a row that it never takes, as DataError, ProgrammingError and IntegrityError."""


@pytest.mark.parametrize("sqlstate", SQLSTATES)
def test_a_fact_that_the_database_refuses_is_held_and_what_follows_is_taken(
    station: StationDouble, tmp_path: Path, take: Take, sqlstate: str
) -> None:
    station.add(touch(1), touch(2, reader="bad"), touch(3))
    path = written(tmp_path / "x.cunhui", station, station.envelope(1, 2), station.envelope(3, 3), after=0)
    with refusing("attendance_touch", sqlstate, "NEW.reader = 'bad'"):
        taken = take(path)
    assert (taken.new, taken.held, taken.set_aside) == (3, 1, 0)
    assert list(Fact.objects.exclude(held_reason="").values_list("seq", "held_reason")) == [(2, "refused_by_database")]
    assert sorted(TouchRow.objects.values_list("mono_ms", flat=True)) == [1, 3]
    assert reread_held(station.id).read == 1
    assert TouchRow.objects.count() == 3


def test_of_an_envelope_of_which_too_much_is_refused_all_that_is_new_is_held(
    station: StationDouble, rescued: Path, take: Take
) -> None:
    with refusing("attendance_touch", "54000"):
        taken = take(rescued)
    assert (taken.new, taken.held, taken.set_aside) == (6, 6, 0)
    assert reread_held(station.id).read == 6
    assert TouchRow.objects.count() == 10


@pytest.mark.parametrize("sqlstate", SQLSTATES)
def test_an_envelope_that_the_database_refuses_whole_is_kept_raw(
    station: StationDouble, rescued: Path, take: Take, sqlstate: str
) -> None:
    with refusing("ingest_fact", sqlstate, "NEW.seq = 9"):
        taken = take(rescued)
    assert (taken.new, taken.set_aside) == (3, 3)
    assert list(Quarantined.objects.values_list("reason", flat=True)) == ["refused_by_database"]
    assert "数据库不能存入" in taken.sentences()[1]
    assert AuditEntry.objects.filter(action="export.taken").count() == 1
    assert take(rescued).new == 3  # given again when the database takes it


@pytest.mark.parametrize("sqlstate", ["53100", "57P01"])
def test_a_database_that_is_full_or_shutting_down_ends_the_file_and_holds_nothing(
    station: StationDouble, rescued: Path, take: Take, sqlstate: str
) -> None:
    with refusing("attendance_touch", sqlstate), pytest.raises(Error):
        take(rescued)
    assert not Fact.objects.exclude(held_reason="").exists()
    assert Quarantined.objects.count() == 0
    assert take(rescued).new == 6


def test_what_the_database_refuses_of_a_revoked_station_still_waits_to_be_accepted(
    station: StationDouble, rescued: Path, take: Take
) -> None:
    Station.objects.update(revoked_at=NOW)
    with refusing("fleet_alarm", "22023"):
        assert take(rescued, dead_board=True).held == 6
    assert set(Fact.objects.filter(seq__gt=4).values_list("held_reason", flat=True)) == {"carried_revoked"}
