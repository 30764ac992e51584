"""What an earlier version held because it did not know it is read by the version that does, without being asked."""

import msgspec
import pytest

from server_broker.attendance.models import Touch
from server_broker.fleet.models import Alarm
from server_broker.ingest.after_upgrade import reread_later
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.models import Fact
from tests.server_broker.station_double import NOW, StationDouble, booted, touch

pytestmark = pytest.mark.django_db


def held_by_an_earlier_version(station: StationDouble, processor: BatchProcessor, reason: str) -> None:
    """Leave a touch as a county leaves it that does not know touches."""
    processor.process_batch([station.add(booted(), touch()).facts_message()])
    Touch.objects.all().delete()
    Fact.objects.filter(kind="touch").update(held_reason=reason, kind="")


@pytest.mark.parametrize("reason", ["unknown_kind", "unknown_value", "malformed"])
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
    assert reread_later(NOW) == ""
    assert Fact.objects.get(seq=2).held_reason == "bad_signature"
