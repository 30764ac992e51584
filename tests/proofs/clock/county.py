"""One station's county: its own processor on the private cluster, with the time of its machine's clock.

It may be imported only after `django.setup`.
"""

from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Literal

from django.utils import timezone

from protocol.topics import DOWN, Down, Up, parse, topic
from server_broker.attendance.models import DutyWindow, Touch
from server_broker.attendance.touches import touch_rows
from server_broker.fleet.models import ClockRun, Station, StationEvent
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.clock_corrections import take_word_for_earlier
from server_broker.ingest.messages import Incoming, Outgoing
from server_broker.ingest.telling import TimeTelling
from server_broker.people.models import Person
from server_broker.platform.county_clock import CountyClock
from server_broker.regions.models import Region
from server_broker.twin.desired import refresh
from tests.fakes.enrolled import EnrolledStation
from tests.proofs.clock.county_machine import CountyMachine, Mending
from tests.proofs.clock.judge import Shown, ShownEvent
from tests.server_broker.late_dating import date_all_due

VILLAGE = "999901001201"
_numbers = count(1)


def next_station() -> str:
    """Return a name that no history had before."""
    return f"shili-{next(_numbers):05}"


class ClockCounty:
    """Takes the station's messages, answers them, and shows what the county's people would see."""

    def __init__(self, enrolled: EnrolledStation, *, machine: CountyMachine, root: Path, build_ms: int) -> None:
        self._station = enrolled.identity.station
        self._machine = machine
        ClockRun.objects.all().delete()  # each county has a machine of its own
        root.mkdir()
        self._clock = CountyClock(root, machine=machine, mode=machine.mode, build_ms=build_ms)
        self._telling = TimeTelling(self._clock, key=enrolled.county_key, wall=self._now)
        self._processor = BatchProcessor(clock=self._now)
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
        return datetime.fromtimestamp(self._machine.wall_ms() / 1000, UTC)

    def attend(self) -> None:
        """Look at the county's own clock, as the worker does between two batches."""
        self._telling.follow_clock()
        date_all_due(self._now())

    @property
    def doubtful(self) -> bool:
        """Whether the county has reason to doubt its clock."""
        return self._machine.doubtful

    def mend(self, how: Mending) -> None:
        """Put the clock right.

        If a lie of the time service has raised the floor, a person confirms the clock. If the clock was slow and was
        put right in the firmware, nothing that the county can see tells of it, so the person does.
        """
        if how == "after_a_start":
            self._machine.start_again()
            self.attend()
        told_slowly = self._machine.slow and not self._machine.doubtful
        self._machine.mend(how)
        self.attend()
        if not self._clock.look().tells:
            self._clock.confirm()
            self.attend()
        if how == "in_the_firmware" and told_slowly:
            self.say_of_earlier("wrong")

    def say_of_earlier(self, verdict: Literal["wrong", "right"]) -> None:
        """Let a person say whether the times were right that stations were told before this boot of the machine."""
        boot = self._clock.look().run.boot
        take_word_for_earlier(verdict, boot=boot, actor="cli:proof", at=self._now())
        date_all_due(self._now())

    def hear(self, leaf: Up, payload: bytes) -> list[tuple[Down, bytes]]:
        """Process a publish. Welcomes tell the time only if the county believes its own clock."""
        self.attend()
        incoming = Incoming(topic(shard=0, station=self._station, leaf=leaf), payload)
        answers = self._processor.process_batch([incoming])
        sealed = [(answer, self._telling.seal(answer, mono_ms=self._machine.mono_ms())) for answer in answers]
        return [(_leaf(answer), payload) for answer, payload in sealed if payload is not None]

    def shown(self) -> list[Shown]:
        """Return the touches as the console lists them, oldest first."""
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
        """Return when the station came up and went down."""
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


def _leaf(answer: Outgoing) -> Down:
    leaf = parse(answer.topic).leaf
    return next(down for down in DOWN if down == leaf)
