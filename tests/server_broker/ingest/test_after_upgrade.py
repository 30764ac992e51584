"""What was held for a cause that has gone is read without being asked: an upgrade, a later signature, a repair."""

from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from server_broker.attendance.models import Touch
from server_broker.fleet.models import Alarm
from server_broker.ingest.after_upgrade import catch_up, has_caught_up, reread_later
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.models import Fact, SignedHeadKept
from server_broker.ingest.reread import Reread, reread_held
from server_broker.platform.home import CountyHome
from server_broker.supervisor.chores import county_chores
from tests.server_broker.station_double import NOW, StationDouble, booted, touch

pytestmark = pytest.mark.django_db


def held_by_an_earlier_version(station: StationDouble, processor: BatchProcessor, reason: str) -> None:
    """Leave a touch as a county leaves it that does not know touches."""
    processor.process_batch([station.add(booted(), touch()).facts_message()])
    Touch.objects.all().delete()
    Fact.objects.filter(kind="touch").update(held_reason=reason, kind="")


@pytest.mark.parametrize(
    "reason", ["unknown_kind", "unknown_value", "malformed", "bad_signature", "refused_by_database", "unsettled"]
)
def test_it_is_read_and_its_alarm_ends(station: StationDouble, processor: BatchProcessor, reason: str) -> None:
    held_by_an_earlier_version(station, processor, reason)
    alarm = Alarm.objects.create(
        station_id=station.id, code=f"held:{reason}", severity="major", origin="county", opened_at=NOW, last_at=NOW
    )
    assert reread_later(NOW) == f"1 of {station.id}"
    assert Touch.objects.count() == 1
    assert not Fact.objects.exclude(held_reason="").exists()
    alarm.refresh_from_db()
    assert alarm.resolved_at == NOW
    assert reread_later(NOW) == ""


def test_what_this_version_does_not_know_either_stays_held(station: StationDouble, processor: BatchProcessor) -> None:
    later = msgspec.msgpack.encode({**msgspec.to_builtins(touch(), builtin_types=(bytes,)), "kind": "of_tomorrow"})
    processor.process_batch([station.add_body(later).facts_message()])
    assert reread_later(NOW) == ""
    assert Fact.objects.get().held_reason == "unknown_kind"


def test_what_nobody_signed_for_is_not_touched(station: StationDouble, processor: BatchProcessor) -> None:
    held_by_an_earlier_version(station, processor, "bad_signature")
    SignedHeadKept.objects.all().delete()
    assert reread_later(NOW) == ""
    assert Fact.objects.get(seq=2).held_reason == "bad_signature"


def test_one_station_s_fault_keeps_no_other_s_facts_unread(
    station: StationDouble, processor: BatchProcessor, monkeypatch: pytest.MonkeyPatch
) -> None:
    held_by_an_earlier_version(station, processor, "unsettled")
    other = StationDouble(id="shili-02")
    other.enrol()
    held_by_an_earlier_version(other, processor, "unknown_kind")

    def fails_at_first(name: str, *, now: datetime) -> Reread:
        if name == station.id:
            raise ValueError("a fault of the program")
        return reread_held(name, now=now)

    monkeypatch.setattr("server_broker.ingest.after_upgrade.reread_held", fails_at_first)
    assert reread_later(NOW) == "1 of shili-02"


def test_that_it_was_done_is_known_until_the_program_starts_again(
    station: StationDouble, processor: BatchProcessor, tmp_path: Path
) -> None:
    home = CountyHome(tmp_path)
    held_by_an_earlier_version(station, processor, "unknown_kind")
    assert not has_caught_up(home)
    assert catch_up(home, NOW) == f"1 of {station.id}"
    assert has_caught_up(home)
    county_chores(home, clock_judges_age=lambda: True)
    assert not has_caught_up(home)
