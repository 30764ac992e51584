"""What no station could read is never kept or sent; the village's last good state stays, and neighbours are served."""

import pytest

from server_broker.attendance.models import DutyWindow
from server_broker.fleet.models import Alarm, DesiredState, Station
from server_broker.ingest.worker import Worker
from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.twin.desired import refresh
from tests.cast import SHILI, SHILI_VILLAGE, YANSHI, YANSHI_VILLAGE
from tests.server_broker.ingest.one_worker import source, worker
from tests.server_broker.recording_source import RecordingSource
from tests.server_broker.station_double import NOW, StationDouble, touch

__all__ = ["source", "worker"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def neighbour() -> StationDouble:
    """A station of another village, later in every list."""
    double = StationDouble(id=YANSHI)
    double.enrol()
    village = Region.objects.create(code=YANSHI_VILLAGE, name="演示村")
    Station.objects.filter(pk=double.id).update(village=village)
    return double


def too_many_on_duty() -> None:
    """201 people in one window: a desired state carries 200."""
    people = Person.objects.bulk_create(
        Person(number=f"P{n}", name=f"示例{n}", village_id=SHILI_VILLAGE) for n in range(201)
    )
    window = DutyWindow.objects.create(village_id=SHILI_VILLAGE, name="全体", weekdays=[1], start=510, end=690)
    window.people.set(people)


def test_the_last_good_state_stays_and_a_person_is_told(station: StationDouble) -> None:
    good = refresh(station.id, now=NOW)
    too_many_on_duty()
    assert refresh(station.id, now=NOW) == good
    assert refresh(station.id, now=NOW) == good
    assert DesiredState.objects.get().version == 1
    assert Alarm.objects.get().code == "desired_unreadable"


def test_the_worker_serves_all_others(
    station: StationDouble, neighbour: StationDouble, source: RecordingSource, worker: Worker
) -> None:
    too_many_on_duty()
    source.waiting.append(station.birth())
    source.waiting.append(neighbour.birth())
    worker.step(timeout_s=0)
    source.waiting.append(station.add(touch()).facts_message())
    worker.step(timeout_s=0)
    worker.do_chores()
    leaves = [topic.split("/", 3)[3] for topic, _ in source.published]
    assert {f"{SHILI}/welcome", f"{YANSHI}/welcome", f"{YANSHI}/desired", f"{SHILI}/receipt"} <= set(leaves)


def test_a_kept_state_that_went_bad_is_built_anew(station: StationDouble) -> None:
    refresh(station.id, now=NOW)
    DesiredState.objects.update(payload=b"\xc1")
    again = refresh(station.id, now=NOW)
    assert again is not None
    assert again.version == 2
