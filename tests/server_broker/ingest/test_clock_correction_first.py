"""A boot learnt the time before its earlier touches came: they are dated when they come."""

from datetime import timedelta

import pytest

from protocol.facts import ClockCorrected
from server_broker.attendance.models import Touch
from server_broker.fleet.models import StationEvent
from server_broker.ingest.batch import BatchProcessor
from tests.server_broker.station_double import BOOT, NOW, StationDouble, moment, touch

pytestmark = pytest.mark.django_db


def test_a_correction_is_kept_and_dates_what_comes_after_it() -> None:
    station, processor = StationDouble(), BatchProcessor(clock=lambda: NOW)
    station.enrol()
    true_wall = round((NOW + timedelta(days=1)).timestamp() * 1000)
    corrected = ClockCorrected(at=moment(), boot=BOOT, mono=5000, wall=true_wall, source="county", before="unknown")
    processor.process_batch([station.add(corrected).facts_message()])
    event = StationEvent.objects.get()
    assert (event.kind, event.detail["wall"], event.detail["source"]) == ("clock_corrected", true_wall, "county")
    late = station.add(touch(2000, quality="unknown"), touch(3000)).facts_message(2)
    processor.process_batch([late])
    dated = dict(Touch.objects.values_list("mono_ms", "corrected_wall"))
    assert dated == {2000: NOW + timedelta(days=1, seconds=-3), 3000: None}
