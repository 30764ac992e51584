"""The whole machine comes back from an old image, its generation with it: stations know a later one and say so."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings

from agent.storage.outbox import Outbox
from agent.uplink import Uplink, UplinkParts
from protocol.birth import Birth, Welcome
from protocol.codec import encode
from protocol.signing import key_id
from protocol.topics import DOWN, Down, parse
from server_broker.attendance.models import Touch as TouchRow
from server_broker.fleet.alarm_codes import COUNTY_WENT_BACK
from server_broker.fleet.generation import FIRST_BY_CLOCK, generation, raise_generation
from server_broker.fleet.models import Alarm, CountyState, Station, StationEvent, StationStatus, Stream
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.messages import Incoming, seal_outgoing
from server_broker.ingest.models import Fact, Reissue, SignedHeadKept, UnprovenHead
from server_broker.regions.models import Region
from server_broker.twin.desired import refresh
from tests.agent.uplink.bench import NOW as MOMENT
from tests.agent.uplink.bench import STATION, UplinkBench
from tests.cast import SHILI_VILLAGE
from tests.server_broker.station_double import NOW, StationDouble, touch

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_file() -> Iterator[None]:
    """The generation's file lies in the county's folder, which all tests share."""
    file = settings.HOME.root / "generation"
    kept = file.read_bytes() if file.exists() else None
    file.unlink(missing_ok=True)
    yield
    file.unlink(missing_ok=True)
    if kept is not None:
        file.write_bytes(kept)


class RealBook:
    """A county that processes what a station publishes, in the shape in which the bench asks its own."""

    def __init__(self) -> None:
        self.key = Ed25519PrivateKey.generate()
        self.processor = BatchProcessor(clock=lambda: NOW)

    @property
    def public_keys(self) -> dict[bytes, bytes]:
        raw = self.key.public_key().public_bytes_raw()
        return {key_id(raw): raw}

    def hear(self, name: str, payload: bytes) -> list[tuple[Down, bytes]]:
        answers = self.processor.process_batch([Incoming(name, payload)])
        wall_ms = round(NOW.timestamp() * 1000)
        return [(_down(answer.topic), seal_outgoing(answer, self.key, wall_ms=wall_ms)) for answer in answers]


def _down(name: str) -> Down:
    return next(down for down in DOWN if down == parse(name).leaf)


class RealBench(UplinkBench):
    """A real outbox on a real uplink, and the county behind it."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.real = RealBook()
        key = Ed25519PrivateKey.generate()
        self.disk = Outbox.open(folder / "outbox.db", station=STATION, record_key=key, now=lambda: MOMENT)
        Region.objects.get_or_create(code=SHILI_VILLAGE, defaults={"name": "示例村"})
        Station.objects.create(
            id=STATION,
            name="示例站",
            village_id=SHILI_VILLAGE,
            record_key=key.public_key().public_bytes_raw(),
            enrolled_at=NOW,
        )
        self.uplink = Uplink(
            UplinkParts(
                station=STATION,
                shard=0,
                county_keys=self.real.public_keys,
                outbox=self.disk,
                blobs=self.blobs,
                link=self.link,
                mono_ms=self.clock,
                delegate=self.host,
                jitter=lambda: 0.5,
            )
        )

    def step(self) -> None:
        self.book.hear = self.real.hear  # type: ignore[method-assign]
        super().step()

    def touches(self, count: int) -> None:
        self.disk.commit(*(touch(mono) for mono in range(count)))
        self.uplink.facts_committed()
        self.play()


def image_from_before() -> None:
    """Nothing of what the station has sent, and the generation of that time."""
    for model in (TouchRow, StationEvent, Reissue, Fact, SignedHeadKept, UnprovenHead, StationStatus, Alarm):
        model.objects.all().delete()
    Stream.objects.all().delete()
    CountyState.objects.update(generation=1)
    (settings.HOME.root / "generation").unlink(missing_ok=True)


def test_everything_is_said_again_and_receipted_again(tmp_path: Path) -> None:
    bench = RealBench(tmp_path)
    raise_generation(now=NOW - timedelta(days=30))
    bench.connect()
    bench.touches(4)
    bench.disk.open_epoch("differs", matched=bench.disk.through)
    bench.drop()
    bench.wait(5_000, play=False)
    bench.connect()
    bench.touches(3)
    assert (bench.disk.waiting, TouchRow.objects.count()) == (0, 7)

    image_from_before()
    bench.drop()
    bench.wait(60_000, play=False)
    bench.connect()
    bench.touches(1)
    bench.wait(60_000)
    assert bench.disk.waiting == 0
    assert TouchRow.objects.count() == 8
    assert bench.disk.generation == generation() >= FIRST_BY_CLOCK
    assert Alarm.objects.get(code=COUNTY_WENT_BACK).severity == "critical"


def birth_stating(station: StationDouble, stated: int | None) -> Incoming:
    head = station.signed(len(station.sealed))
    birth = Birth(station=station.id, head=head, boot=bytes(16), nonce=b"n" * 16, software="1", generation=stated)
    return station.message("birth", encode(birth))


def welcomed(processor: BatchProcessor, *births: Incoming) -> list[int]:
    messages = [answer.message for answer in processor.process_batch(list(births))]
    return [message.generation for message in messages if isinstance(message, Welcome)]


def by_clock() -> int:
    return round((NOW - FIRST_DAY).total_seconds())


FIRST_DAY = NOW.replace(year=2026, month=1, day=1, hour=0)


def test_a_later_generation_raises_the_countys_above_it_once() -> None:
    one, other = StationDouble(), StationDouble(id="shili-02")
    one.enrol(), other.enrol()
    processor, stated = BatchProcessor(clock=lambda: NOW), by_clock() - 86_400
    first = welcomed(processor, birth_stating(one, stated), birth_stating(other, stated - 5))
    assert first == [by_clock()] * 2
    assert welcomed(processor, birth_stating(one, first[0])) == [first[0]]
    alarm = Alarm.objects.get(code=COUNTY_WENT_BACK)
    assert (alarm.count, alarm.severity) == (1, "critical")
    assert alarm.detail.startswith(f"站点 {one.id}、{other.id} 说记得更新的县代号。")


def test_the_word_of_one_station_among_others_is_named_as_that() -> None:
    thief, honest = StationDouble(), StationDouble(id="shili-02")
    thief.enrol(), honest.enrol()
    processor = BatchProcessor(clock=lambda: NOW)
    [raised] = welcomed(processor, birth_stating(thief, by_clock() - 86_400))
    alarm = Alarm.objects.get(code=COUNTY_WENT_BACK)
    assert alarm.severity == "major"
    assert alarm.detail.startswith(f"只有站点 {thief.id} 说记得更新的县代号，错的可能就是它")
    # Who knows what the county had, or what it has since, says nothing like it.
    welcomed(processor, birth_stating(honest, 1), birth_stating(thief, raised))
    welcomed(processor, birth_stating(honest, raised))
    alarm.refresh_from_db()
    assert (alarm.severity, alarm.count) == ("major", 1)
    welcomed(processor, birth_stating(honest, by_clock() - 90_000))
    alarm.refresh_from_db()
    assert alarm.severity == "critical"
    assert f"{thief.id}、{honest.id}" in alarm.detail


def test_a_number_that_no_restore_can_have_given_yet_is_absurd_and_raises_nothing() -> None:
    station = StationDouble()
    station.enrol()
    assert welcomed(BatchProcessor(clock=lambda: NOW), birth_stating(station, by_clock() + 80_000)) == [1]
    [alarm] = Alarm.objects.all()
    assert (alarm.code, alarm.station_id) == ("generation_absurd", station.id)


@pytest.mark.parametrize("stated", [None, 0, 1])
def test_what_is_no_later_one_raises_nothing(stated: int | None) -> None:
    station = StationDouble()
    station.enrol()
    assert welcomed(BatchProcessor(clock=lambda: NOW), birth_stating(station, stated)) == [1]
    assert not Alarm.objects.exists()


def test_one_station_can_not_drive_the_generation_up() -> None:
    """Each rise has every station go through its earlier streams."""
    station = StationDouble()
    station.enrol()
    moment = [NOW]
    processor = BatchProcessor(clock=lambda: moment[0])
    assert welcomed(processor, birth_stating(station, by_clock() + 10 * 86_400)) == [1], "nobody has been there yet"
    [raised] = welcomed(processor, birth_stating(station, by_clock() - 1))
    moment[0] += timedelta(hours=1)
    assert welcomed(processor, birth_stating(station, raised + 1)) == [raised]
    assert Alarm.objects.get(code="generation_absurd").count == 2


def test_a_restore_from_the_same_image_on_the_same_day_gives_another_number() -> None:
    first = raise_generation(now=NOW)
    CountyState.objects.update(generation=1)
    (settings.HOME.root / "generation").unlink()
    assert raise_generation(now=NOW + timedelta(seconds=90)) > first >= FIRST_BY_CLOCK


@pytest.mark.parametrize("year", [1970, 2020, 2099])
def test_a_wrong_clock_makes_no_generation(year: int) -> None:
    before = raise_generation(now=NOW)
    assert raise_generation(now=NOW.replace(year=year)) == before + 1


def test_desired_states_rise_with_the_generation() -> None:
    """A county of an older image counts its versions from a height that no station has seen."""
    station = StationDouble()
    station.enrol()
    versions = []
    for number in (1, 3, raise_generation(now=NOW), raise_generation(now=NOW + timedelta(days=1))):
        CountyState.objects.update(generation=number)
        desired = refresh(station.id, now=NOW)
        assert desired is not None
        versions.append(desired.version)
    assert versions == sorted(set(versions))
    assert versions[-1] < 10**9
