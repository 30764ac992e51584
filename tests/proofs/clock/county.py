"""One station's county: its own settlement on the private cluster, living in true time. Import after `django.setup`."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count

from django.utils import timezone

from protocol.topics import DOWN, Down, Up, parse, topic
from server_broker.attendance.models import DutyWindow, Touch
from server_broker.attendance.services import touch_rows
from server_broker.fleet.desired import refresh
from server_broker.fleet.models import Station, StationEvent
from server_broker.ingest.answers import Answer, seal_answer
from server_broker.ingest.messages import Incoming
from server_broker.ingest.settlement import Settlement
from server_broker.people.models import Person
from server_broker.regions.models import Region
from tests.fakes.enrolled import EnrolledStation
from tests.proofs.clock.judge import Shown, ShownEvent

VILLAGE = "999901001201"
_numbers = count(1)


def next_station() -> str:
    """Return a name that no history had before."""
    return f"shili-{next(_numbers):05}"


class ClockCounty:
    """Takes what the station publishes, and answers; shows what its people would see."""

    def __init__(self, enrolled: EnrolledStation, *, true_ms: Callable[[], int]) -> None:
        self._station = enrolled.identity.station
        self._key = enrolled.county_key
        self._true_ms = true_ms
        self._settlement = Settlement(clock=self._now)
        _make_village()
        Station.objects.create(
            id=self._station,
            name="示例站",
            village_id=VILLAGE,
            record_key=enrolled.identity.record_key.public_key().public_bytes_raw(),
            enrolled_at=self._now(),
        )
        refresh(self._station, now=self._now())

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._true_ms() / 1000, UTC)

    def hear(self, leaf: Up, payload: bytes) -> list[tuple[Down, bytes]]:
        """Settle a publish; answers carry true time where they carry any."""
        incoming = Incoming(topic(shard=0, station=self._station, leaf=leaf), payload)
        answers = self._settlement.settle([incoming])
        return [(_leaf(answer), seal_answer(answer, self._key, wall_ms=self._true_ms())) for answer in answers]

    def shown(self) -> list[Shown]:
        """Return the touches as a list of the console has them, oldest first."""
        rows = touch_rows(list(Touch.objects.filter(station_id=self._station)))
        return [
            Shown(
                epoch=bytes(row.touch.epoch),
                seq=row.touch.seq,
                boot=bytes(row.touch.boot),
                mono=row.touch.mono_ms,
                wall=_ms(row.touch.wall),
                quality=row.touch.quality,
                at=_ms(row.at),
                dated=row.dated,
            )
            for row in reversed(rows)
        ]

    def events(self) -> list[ShownEvent]:
        """Return the station's ups and downs."""
        return [
            ShownEvent(
                kind=event.kind,
                boot=bytes(event.boot),
                mono=event.mono_ms,
                wall=_ms(event.wall),
                quality=event.quality,
                corrected=_ms(event.corrected_wall) if event.corrected_wall else None,
                closed=event.detail.get("closed"),
                code=event.detail.get("code", ""),
            )
            for event in StationEvent.objects.filter(station_id=self._station)
        ]


def _make_village() -> None:
    if Region.objects.filter(pk=VILLAGE).exists():
        return
    village = Region.objects.create(code=VILLAGE, name="示例村")
    person = Person.objects.create(number="p1", name="张示例", village=village)
    for name, start, end in (("上午", 510, 720), ("下午", 870, 1050)):
        window = DutyWindow.objects.create(
            village=village, name=name, weekdays=[1, 2, 3, 4, 5, 6, 7], start=start, end=end
        )
        window.people.add(person)


def _ms(moment: datetime) -> int:
    return round(moment.astimezone(timezone.get_fixed_timezone(0)).timestamp() * 1000)


def _leaf(answer: Answer) -> Down:
    leaf = parse(answer.topic).leaf
    return next(down for down in DOWN if down == leaf)
