"""State what doors and motion sensors tell, so that a bad contact can fill neither the card nor the month's data.

A door's changes are facts, and its opening asks for a picture, once in ten minutes. At most `MAX_AN_HOUR` facts are
made of an input in any hour: the last of them says that it flaps, and nothing more is stated until it has been calm.

Motion is stated only while no duty window is open, once an hour at most, and never with a picture. Inside the windows
it would be a record of who stays in the room, which nobody asked for; outside, one fact is all that anyone can act on.
"""

import logging
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from agent.clocking import duty
from agent.events import InputChanged, InputFailed
from agent.storage.errors import StorageError
from agent.storage.fact_writer import FactWriter
from agent.timekeeping.clock import StationClock
from agent.twin import Twin
from agent.vitals.alarms import StandingAlarms
from protocol import alarm_codes
from protocol.facts import ContactChanged, ContactKind, Fact
from protocol.units import FactRef, Moment

log = logging.getLogger(__name__)

HOUR_MS = 3_600_000
MAX_AN_HOUR = 30
CALM_MS = 600_000
PICTURE_EVERY_MS = 600_000


class DoorPictures(Protocol):
    """Who takes a still of the room when asked."""

    def door_opened(self, ref: FactRef | None) -> None:
        """Ask for a picture about a door's opening; never blocks, never raises."""


@dataclass(slots=True)
class _Input:
    """What is known of one input."""

    sensor: ContactKind
    stated: bool | None = None
    """How it is by the record."""
    now: bool | None = None
    """How it is; None until it has told."""
    changed_ms: int = 0
    facts_ms: deque[int] = field(default_factory=deque)
    """When the facts of the last hour were made, by this boot's clock."""
    flapping: bool = False


class Contacts:
    """Judges what inputs tell. Used on the core thread only."""

    def __init__(
        self,
        *,
        clock: StationClock,
        journal: FactWriter,
        twin: Twin,
        pictures: DoorPictures,
        alarms: StandingAlarms,
        sensors: Mapping[str, ContactKind],
    ) -> None:
        """``sensors``: what each input is, by its name."""
        self._clock = clock
        self._journal = journal
        self._twin = twin
        self._pictures = pictures
        self._alarms = alarms
        self._inputs = {name: _Input(sensor) for name, sensor in sensors.items()}
        self._picture_ms: int | None = None

    @property
    def watched(self) -> dict[str, bool]:
        """Whether each input has told how it is in this run, by its name."""
        return {name: known.now is not None for name, known in self._inputs.items()}

    def recall(self, facts: Iterable[tuple[FactRef, Fact]]) -> None:
        """Know what an earlier run stated: a restart neither repeats it nor forgets how often it was stated."""
        boot = self._clock.now().boot
        for _, fact in facts:
            if isinstance(fact, ContactChanged) and fact.input in self._inputs:
                known = self._inputs[fact.input]
                known.stated, known.flapping = fact.active, fact.flapping
                if fact.at.boot == boot:
                    known.facts_ms.append(fact.at.mono)

    def on_input_changed(self, event: InputChanged) -> None:
        """Take what an input tells into the record."""
        known = self._inputs[event.input]
        now = self._clock.now()
        seen = known.now is not None
        known.now, known.changed_ms = event.active, now.mono
        self._alarms.clear_alarm(_failed_code(event.input))
        if known.sensor == "motion":
            self._moved(event.input, known, now)
        elif not known.flapping and event.active != known.stated:
            ref = self._state(event.input, known, now)
            # How the door was found at the start is no opening.
            if seen and event.active:
                self._picture(ref, now)

    def _moved(self, name: str, known: _Input, now: Moment) -> None:
        _forget(known, now)
        desired = self._twin.desired
        room_is_empty = self._clock.dated and bool(desired.windows) and not duty.attended(desired, now.wall)
        if known.now and room_is_empty and not known.facts_ms:
            self._commit(ContactChanged(at=now, input=name, sensor="motion", active=True), known)

    def _state(self, name: str, known: _Input, now: Moment) -> FactRef | None:
        _forget(known, now)
        known.flapping = len(known.facts_ms) + 1 >= MAX_AN_HOUR
        if known.flapping:
            log.warning("input %s changes too often", name)
        active = bool(known.now)
        fact = ContactChanged(at=now, input=name, sensor="door", active=active, flapping=known.flapping)
        return self._commit(fact, known)

    def _commit(self, fact: ContactChanged, known: _Input) -> FactRef | None:
        known.stated = fact.active
        known.facts_ms.append(fact.at.mono)
        try:
            (ref,) = self._journal.commit(fact)
        except StorageError:
            self._journal.owe(fact)
            return None
        return ref

    def _picture(self, ref: FactRef | None, now: Moment) -> None:
        if self._picture_ms is None or now.mono - self._picture_ms >= PICTURE_EVERY_MS:
            self._picture_ms = now.mono
            self._pictures.door_opened(ref)

    def on_input_failed(self, event: InputFailed) -> None:
        """Tell the county that an input is not watched."""
        self._alarms.raise_alarm(_failed_code(event.input), "minor", f"“{event.input}”接不上：{event.problem}")

    def tick(self) -> None:
        """State how a contact that flapped is, when it has been calm and half of its hour's facts are left."""
        now = self._clock.now()
        for name, known in self._inputs.items():
            if not known.flapping or known.now is None or now.mono - known.changed_ms < CALM_MS:
                continue
            _forget(known, now)
            if len(known.facts_ms) <= MAX_AN_HOUR // 2:
                self._state(name, known, now)


def _failed_code(name: str) -> str:
    return alarm_codes.code_of(alarm_codes.INPUT_FAILED, name)


def _forget(known: _Input, now: Moment) -> None:
    while known.facts_ms and now.mono - known.facts_ms[0] >= HOUR_MS:
        known.facts_ms.popleft()
