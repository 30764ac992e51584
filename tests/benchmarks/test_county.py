"""The bench of a county measures what it says: every fact that it signs beforehand is stored, and read."""

import pytest

from server_broker.attendance.models import Touch
from server_broker.ingest.models import Fact
from server_broker.media.models import Blob
from tests.benchmarks.county.feeding import Feeder, enrol
from tests.benchmarks.county.presigned import FACTS_AN_ENVELOPE, make_stations, messages


@pytest.mark.django_db(transaction=True)
def test_what_was_signed_beforehand_is_stored_and_read() -> None:
    stations = make_stations(3, shard=7)
    enrol(stations)
    feeder = Feeder(shard=7, in_hand=2)
    singles = messages(stations, "single", envelopes=2)
    assert feeder.measured(singles, facts=len(singles))["missing"] == 0
    backlog = messages(stations, "backlog", envelopes=1)
    found = feeder.measured(backlog, facts=len(backlog) * FACTS_AN_ENVELOPE["backlog"])
    assert found["missing"] == 0
    assert found["worker_us"] > 0
    assert found["backend_us"] > 0
    assert Fact.objects.count() == 606
    assert not Fact.objects.exclude(held_reason="").exists()
    assert 340 < Touch.objects.count() < 420
    assert 160 < Blob.objects.count() < 230
