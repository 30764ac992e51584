"""State by facts what door contacts and motion sensors see, but never so often that a bad contact fills the disk.

Each change of a door is a fact, and its opening also asks for a picture, at most once in ten minutes. At most
`MAX_AN_HOUR` facts are made of one input in any hour, because a loose contact may change all day. The last of them says
that the input flaps, and nothing more is stated until the input has been calm.

Motion is stated only while no duty window is open, at most once an hour, and never with a picture. During the windows
it would record who stays in the room, and nobody asked for that. Outside the windows, one fact is enough to act on.
"""

import logging
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Protocol

from msgspec import Struct, field

from agent.clocking import duty
from agent.clocking.duty_dates import DutyDates
from agent.events import InputChanged, InputFailed
from agent.storage.errors import StorageError
from agent.storage.fact_writer import FactWriter
from agent.timekeeping.clock import StationClock
from agent.vitals.alarms import StandingAlarms
from protocol import alarm_codes
from protocol.facts import ContactChanged, ContactKind, Fact
from protocol.units import FactRef, Moment

log = logging.getLogger(__name__)

HOUR_MS = 3_600_000
MAX_AN_HOUR = 30
CALM_MS = 600_000
"""An input that flapped must not change for so long before it is stated again."""
PICTURE_EVERY_MS = 600_000


class DoorPictures(Protocol):
    """Takes a still of the room for a door."""

    def door_opened(self, ref: FactRef | None) -> None:
        """Ask for a picture about a door's opening; never blocks, never raises."""


class _Input(Struct):
    """What is known of one input: a door contact or a motion sensor."""

    sensor: ContactKind
    stated: bool | None = None
    """Whether it was active by the last fact."""
    now: bool | None = None
    """Whether it is active; None until it has told in this run."""
    changed_ms: int = 0
    facts_ms: deque[int] = field(default_factory=deque)
    """When the facts of the last hour were made, by this boot's monotonic clock."""
    flapping: bool = False
    """It reached its hour's limit; no changes are stated until it is calm."""


class Contacts:
    """Decides which changes of inputs become facts. Used on the core thread only."""

    def __init__(
        self,
        *,
        clock: StationClock,
        fact_writer: FactWriter,
        duty_dates: DutyDates,
        pictures: DoorPictures,
        alarms: StandingAlarms,
        sensors: Mapping[str, ContactKind],
    ) -> None:
        """``sensors``: by an input's name, whether it is a door contact or a motion sensor."""
        self._clock = clock
        self._fact_writer = fact_writer
        self._duty_dates = duty_dates
        self._pictures = pictures
        self._alarms = alarms
        self._inputs = {name: _Input(sensor) for name, sensor in sensors.items()}
        self._picture_ms: int | None = None

    @property
    def watched(self) -> dict[str, bool]:
        """By an input's name, whether it has told its state in this run."""
        return {name: known.now is not None for name, known in self._inputs.items()}

    def recall(self, facts: Iterable[tuple[FactRef, Fact]]) -> None:
        """Learn from the last facts what an earlier run stated, so that none is repeated and the limit still holds."""
        boot = self._clock.now().boot
        for _, fact in facts:
            if isinstance(fact, ContactChanged) and fact.input in self._inputs:
                known = self._inputs[fact.input]
                known.stated, known.flapping = fact.active, fact.flapping
                if fact.at.boot == boot:  # another boot's monotonic clock can't be compared
                    known.facts_ms.append(fact.at.mono)

    def on_input_changed(self, event: InputChanged) -> None:
        """State a change of an input, and ask for a picture when a door opens."""
        known = self._inputs[event.input]
        now = self._clock.now()
        seen = known.now is not None
        known.now, known.changed_ms = event.active, now.mono
        self._alarms.clear_alarm(_failed_code(event.input))
        if known.sensor == "motion":
            _forget(known, now)
            dates = self._duty_dates
            # Without the time or without windows nobody knows that the room should be empty.
            manned = self._clock.dated and dates.on(duty.local_day(now.wall)).ever_manned
            room_is_empty = manned and not duty.attended(dates, now.wall)
            if known.now and room_is_empty and not known.facts_ms:
                self._commit(ContactChanged(at=now, input=event.input, sensor="motion", active=True), known)
        elif not known.flapping and event.active != known.stated:
            ref = self._state(event.input, known, now)
            # A door that is found open at the start has not been opened now.
            is_due = self._picture_ms is None or now.mono - self._picture_ms >= PICTURE_EVERY_MS
            if seen and event.active and is_due:
                self._picture_ms = now.mono
                self._pictures.door_opened(ref)

    def _state(self, name: str, known: _Input, now: Moment) -> FactRef | None:
        _forget(known, now)
        # The last fact that the hour allows says that nothing more is stated for now.
        known.flapping = len(known.facts_ms) + 1 >= MAX_AN_HOUR
        if known.flapping:
            log.warning("input %s changes too often", name)
        active = bool(known.now)
        fact = ContactChanged(at=now, input=name, sensor="door", active=active, flapping=known.flapping)
        return self._commit(fact, known)

    def _commit(self, fact: ContactChanged, known: _Input) -> FactRef | None:
        known.stated = fact.active
        known.facts_ms.append(fact.at.mono)
        # Committed rather than only owed, because a picture needs the fact's identity.
        try:
            (ref,) = self._fact_writer.commit(fact)
        except StorageError:
            self._fact_writer.owe(fact)
            return None
        return ref

    def on_input_failed(self, event: InputFailed) -> None:
        """Raise an alarm because an input can't be watched."""
        self._alarms.raise_alarm(_failed_code(event.input), "minor", f"“{event.input}”接不上：{event.problem}")

    def tick(self) -> None:
        """State how a contact is that flapped and has been calm since."""
        now = self._clock.now()
        for name, known in self._inputs.items():
            if not known.flapping or known.now is None or now.mono - known.changed_ms < CALM_MS:
                continue
            _forget(known, now)
            # Only when half of the hour's facts are left again, or one more change would make it flap at once.
            if len(known.facts_ms) <= MAX_AN_HOUR // 2:
                self._state(name, known, now)


def _failed_code(name: str) -> str:
    return alarm_codes.code_of(alarm_codes.INPUT_FAILED, name)


def _forget(known: _Input, now: Moment) -> None:
    """Forget the facts that are older than an hour."""
    while known.facts_ms and now.mono - known.facts_ms[0] >= HOUR_MS:
        known.facts_ms.popleft()
