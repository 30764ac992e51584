"""A township without power is one thing on the page 需要处理, and a station that comes and goes is one alarm."""

import datetime as dt

import pytest

from server_broker.fleet.alarm_codes import STATION_SILENT
from server_broker.fleet.models import Alarm, Station, StationStatus
from server_broker.fleet.silence import SILENCE, STAYS, watch_silence
from server_broker.incidents.grouping import GRACE
from server_broker.incidents.open_now import open_incidents
from server_broker.ingest.batch import BatchProcessor
from server_broker.regions.models import Region
from tests.cast import COUNTY, OTHER_TOWNSHIP, TOWNSHIP
from tests.server_broker.station_double import NOW, StationDouble

pytestmark = pytest.mark.django_db

MINUTE = dt.timedelta(minutes=1)
OF_THE_TOWNSHIP = 30


class Fleet:
    """Thirty stations of a township and ten of another, and the time at which the county hears them."""

    def __init__(self) -> None:
        self.now = NOW
        self._processor = BatchProcessor(clock=lambda: self.now)
        names = {COUNTY: "示例县", TOWNSHIP: "示例镇", OTHER_TOWNSHIP: "样板镇"}
        Region.objects.bulk_create(Region(code=code, name=name) for code, name in names.items())
        self.dark = [self._enrolled(TOWNSHIP, number) for number in range(OF_THE_TOWNSHIP)]
        self.others = [self._enrolled(OTHER_TOWNSHIP, number) for number in range(10)]
        self.births(self.dark + self.others)

    @staticmethod
    def _enrolled(township: str, number: int) -> StationDouble:
        double = StationDouble(id=f"s{township[8]}-{number:04}")
        village = Region.objects.create(code=f"{township[:9]}{number + 1:03}", name=f"村{number}")
        Station.objects.create(
            id=double.id, name=f"站{number}", village=village, record_key=double.public, enrolled_at=NOW
        )
        return double

    def births(self, stations: list[StationDouble], *, nonce: bytes = b"1" * 16) -> None:
        self._processor.process_batch([one.birth(nonce=nonce) for one in stations])

    def wills(self, stations: list[StationDouble], *, nonce: bytes = b"1" * 16) -> None:
        self._processor.process_batch([one.gone(nonce=nonce) for one in stations])

    def look(self) -> None:
        watch_silence(shards=[0], now=self.now, listened=dt.timedelta(days=9))

    def shown(self) -> list[tuple[str, str, int]]:
        found = [standing.incident for standing in open_incidents(COUNTY, now=self.now)]
        return [(one.kind.key, one.place, len(one.stations)) for one in found]


@pytest.fixture
def fleet() -> Fleet:
    return Fleet()


DARK = [("outage", f"r:{TOWNSHIP}", OF_THE_TOWNSHIP)]


def test_wills_within_a_minute_are_one_outage_after_a_grace_and_then_none(fleet: Fleet) -> None:
    for third in range(3):
        fleet.now = NOW + third * dt.timedelta(seconds=20)
        fleet.wills(fleet.dark[third * 10 : third * 10 + 10])
    assert StationStatus.objects.filter(online=False).count() == OF_THE_TOWNSHIP
    fleet.now = NOW + GRACE
    fleet.look()
    assert fleet.shown() == []
    fleet.now += MINUTE
    assert fleet.shown() == DARK
    assert Alarm.objects.count() == 0
    # Long after, each has its alarm, and the page has one row still.
    fleet.now += SILENCE
    fleet.births(fleet.others)
    fleet.look()
    assert Alarm.objects.filter(code=STATION_SILENT, resolved_at=None).count() == OF_THE_TOWNSHIP
    assert fleet.shown() == DARK
    fleet.births(fleet.dark, nonce=b"2" * 16)
    fleet.look()
    assert fleet.shown() == []
    assert not Alarm.objects.filter(resolved_at=None).exists()


def test_silence_alone_is_the_same_outage(fleet: Fleet) -> None:
    fleet.now += SILENCE + MINUTE
    fleet.births(fleet.others)
    fleet.look()
    assert fleet.shown() == DARK
    fleet.births(fleet.dark, nonce=b"2" * 16)
    fleet.look()
    assert fleet.shown() == []


def test_who_is_back_within_the_grace_was_no_outage(fleet: Fleet) -> None:
    fleet.wills(fleet.dark)
    fleet.now += 5 * MINUTE
    fleet.births(fleet.dark, nonce=b"2" * 16)
    fleet.now += GRACE
    fleet.look()
    assert fleet.shown() == []


def test_a_station_that_comes_and_goes_all_day_is_a_few_alarms_and_then_one(fleet: Fleet) -> None:
    flapping, begin = fleet.dark[:1], fleet.now
    for turn in range(24):
        nonce = turn.to_bytes(16)
        fleet.births(flapping, nonce=nonce)
        fleet.look()
        fleet.now += 5 * MINUTE
        fleet.wills(flapping, nonce=nonce)
        fleet.now += SILENCE + MINUTE
        StationStatus.objects.exclude(station=flapping[0].id).update(heard_at=fleet.now)
        fleet.look()
    assert fleet.now - begin > dt.timedelta(hours=16)
    said = Alarm.objects.filter(station=flapping[0].id, code=STATION_SILENT)
    assert said.count() == 3
    last = said.get(resolved_at=None)
    assert "一天里第 3 次断线" in last.detail
    assert fleet.shown() == [("silent", f"s:{flapping[0].id}", 1)]
    fleet.births(flapping, nonce=b"9" * 16)
    fleet.look()
    assert said.filter(resolved_at=None).exists()
    fleet.now += STAYS
    StationStatus.objects.update(heard_at=fleet.now)
    fleet.look()
    assert not said.filter(resolved_at=None).exists()
