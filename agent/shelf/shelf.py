"""The station's shelf: what the county's index names is fetched, kept, shown and reported.

The core asks and decides here; files are moved by a `Trip` on a thread of its own, one at a time. A trip that failed
is made again later.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager

from msgspec import Struct

from agent.events import ShelfMoved
from agent.inbox import Inbox
from agent.shelf.disk import ShelfDisk
from agent.shelf.find_index import FindIndex
from agent.shelf.finder import Finder
from agent.shelf.offered import Offered
from agent.shelf.rebuild import rebuild
from agent.shelf.source import Source
from agent.shelf.state import HeldBundle
from agent.shelf.trip import Addressee, Allowance, Trip
from agent.storage.errors import StorageError
from agent.storage.fact_writer import FactWriter
from agent.storage.state import StateSlot, StateStore
from agent.timekeeping.clock import StationClock
from protocol.china_time import OFFSET_MIN
from protocol.facts import BundleTaken
from protocol.twin import NotWhole, PackState, Settings, ShelfRef

log = logging.getLogger(__name__)

RETRY_FIRST_MS, RETRY_MOST_MS = 5_000, 600_000
AGAIN_MS = 3_600_000
"""When to look again for what the county does not give, or what has to wait for room or for data."""
LOOK_EVERY_MS = 60_000
"""How often it is judged whether something is over, or the night has begun."""
MAX_TAKEN = 500
"""How many ids are remembered of which a version was stated as taken."""
YIELD_MS = 60_000
"""How long a trip waits at most for facts that are on their way."""
FOLLOW_EVERY_MS = 30_000
"""How often a trip has the index of titles follow at most, because that makes the whole file anew."""
_DAY_MIN = 24 * 60


class ShelfPorts(Struct, frozen=True, kw_only=True):
    """What a shelf stands on."""

    disk: ShelfDisk
    open_source: Callable[[], AbstractContextManager[Source]]
    """Opens the way to the county for one trip. It connects when the first file is fetched."""
    addressee: Callable[[], Addressee]
    clock: StationClock
    fact_writer: FactWriter
    state: StateStore
    """Where it is kept which versions were stated as facts."""
    settings: Callable[[], Settings]
    data_left: Callable[[], int | None]
    """Returns how many bytes of the month's data may still go into bundles; None for as many as are wanted."""
    inbox: Inbox


class Shelf:
    """The shelf, on the core thread."""

    def __init__(self, ports: ShelfPorts) -> None:
        """Begin with what is in force on the disk.

        A folder that can't be used costs only the shelf: the log says so, and it is tried again.
        """
        self._ports = ports
        self._disk = ports.disk
        self._clock = ports.clock
        self.offered = Offered(ports.disk, clock=ports.clock, broken=self._on_broken)
        self._find_index = FindIndex(ports.disk)
        self.finder = Finder(self._find_index, offered=self.offered, lacking=self._on_broken)
        self._slot = StateSlot(ports.state, "bundles_taken", dict[str, int], title="the list of bundles taken")
        self._taken = self._slot.read() or {}
        self._ref: ShelfRef | None = None
        self._trip: Trip | None = None
        self._waited_for_night = False
        self._survey_due = True
        self._lost = not self._load()
        self._refused: dict[bytes, NotWhole] = {}
        self._states: dict[str, PackState] = {}
        self._reported: list[PackState] | None = None
        self._due_ms = 0
        self._look_ms = 0
        self._broken_ms = -LOOK_EVERY_MS
        self._yielding_since_ms: int | None = None
        self._retry_ms = RETRY_FIRST_MS

    def _load(self) -> bool:
        try:
            return self._disk.load()
        except StorageError as error:
            log.warning("the shelf can't be used: %s", error)
            return False

    @property
    def busy(self) -> bool:
        """Whether a trip is under way."""
        return self._trip is not None

    def want(self, ref: ShelfRef | None) -> None:
        """Take the name of the index that holds. An older one than the last is ignored."""
        if ref is None or (self._ref is not None and ref.version <= self._ref.version):
            return
        self._ref = ref
        self._refused.clear()
        self.hurry()

    def hurry(self) -> None:
        """Try at once what failed before, because the link is up again."""
        self._due_ms, self._retry_ms = 0, RETRY_FIRST_MS

    def tick(self, *, facts_wait: bool) -> None:
        """Begin a trip if one is due.

        Args:
            facts_wait: Facts are on their way to the county; they go first.
        """
        if self._trip is not None:
            return
        now = self._clock.mono_ms()
        if now >= self._look_ms:
            self._look_ms = now + LOOK_EVERY_MS
            if self._something_is_to_be_dropped() or (self._waited_for_night and self._night_left_ms() > 0):
                self._due_ms = now
            if self._disk.changed_elsewhere:
                self._survey_due, self._due_ms = True, now
        if now < self._due_ms or self._yields(now, facts_wait=facts_wait):
            return
        self._begin()

    def _yields(self, now: int, *, facts_wait: bool) -> bool:
        if not facts_wait:
            self._yielding_since_ms = None
            return False
        if self._yielding_since_ms is None:
            self._yielding_since_ms = now
        return now - self._yielding_since_ms < YIELD_MS

    def _begin(self) -> None:
        clock = self._clock
        # What is asked for while the trip runs is for the next one: it makes that due earlier, or has it survey.
        survey, self._survey_due = self._survey_due, False
        self._due_ms = clock.mono_ms() + AGAIN_MS
        night_ms = self._night_left_ms()
        allowance = Allowance(
            mono_ms=clock.mono_ms,
            data_bytes=self._ports.data_left(),
            night_until_ms=clock.mono_ms() + night_ms if night_ms else None,
            drops_at=clock.now().wall if clock.signed else None,
            signs_at=(lambda: clock.now().wall) if clock.dated else None,
        )
        self._yielding_since_ms = None
        self._trip = Trip(
            self._disk,
            addressee=self._ports.addressee(),
            allowance=allowance,
            via="line",
            changed=self._changed_on_the_way(),
            refused=self._refused,
        )
        threading.Thread(target=self._run, args=(self._trip, self._ref, survey), name="shelf", daemon=True).start()

    def _changed_on_the_way(self) -> Callable[[], None]:
        """Return what a trip calls, on its own thread, after each change of what is in force."""
        followed_ms = self._clock.mono_ms()

        def changed() -> None:
            nonlocal followed_ms
            # A trip may take hours on a slow line.
            if (now := self._clock.mono_ms()) - followed_ms >= FOLLOW_EVERY_MS:
                followed_ms = now
                self._find_index.follow()
            self._ports.inbox.put(ShelfMoved(ended=False))

        return changed

    def _run(self, trip: Trip, ref: ShelfRef | None, survey: bool) -> None:
        try:
            with self._disk.alone() as alone:
                if not alone:
                    trip.outcome.problem = "another program has the shelf"
                    return
                if self._lost or self._disk.changed_elsewhere:
                    self._lost = not self._disk.load()
                if self._lost:
                    rebuild(self._disk, trip.addressee)
                    self._lost = False
                self._find_index.follow()
                with self._ports.open_source() as source:
                    trip.run(source, ref, survey=survey)
                self._find_index.follow()
        except Exception as error:  # noqa: BLE001 -- top of a thread: the core decides what becomes of it
            trip.outcome.problem = f"{type(error).__name__}: {error}"
        finally:
            self._ports.inbox.put(ShelfMoved(ended=True))

    def moved(self, event: ShelfMoved) -> None:
        """Take note of what a trip has changed: state each version that came into force, once."""
        self._state_taken()
        trip = self._trip
        if not event.ended or trip is None:
            return
        self._trip = None
        self._states = trip.outcome.states
        reasons = {one.reason for one in self._states.values()}
        self._waited_for_night = "night" in reasons
        if trip.outcome.problem:
            log.warning("the shelf is not complete: %s", trip.outcome.problem)
            self._due_ms = min(self._due_ms, self._clock.mono_ms() + self._retry_ms)
            self._retry_ms = min(self._retry_ms * 2, RETRY_MOST_MS)
        else:
            self._retry_ms = RETRY_FIRST_MS

    def _state_taken(self) -> None:
        held = self._disk.state.held
        new = [one for one in held if self._taken.get(one.id) != one.version]
        if not new:
            return
        names = {one.id for one in new}
        taken = {name: version for name, version in self._taken.items() if name not in names}
        taken |= {one.id: one.version for one in new}
        # The order is that in which they came into force, so what nobody has used for the longest time goes first.
        self._taken = dict(list(taken.items())[-MAX_TAKEN:])
        facts = [
            BundleTaken(at=self._clock.now(), bundle=one.id, version=one.version, sha256=one.sha256, via=one.via)
            for one in new
        ]
        self._ports.fact_writer.owe(*facts, state=self._slot.row(self._taken))

    def states(self) -> list[PackState]:
        """Return how far each bundle is. What is in force and what is to take its place have an entry each."""
        whole = [
            PackState(id=one.id, version=one.version, state="expired" if self._is_not_shown(one) else "whole")
            for one in self._disk.state.held
        ]
        return [*whole, *self._states.values()]

    def take_report(self) -> bool:
        """Return whether the county has not been told yet how far the bundles are. It counts as told then."""
        states = self.states()
        if self._trip is not None or states == (self._reported or []):
            return False
        self._reported = states
        return True

    def stop(self) -> None:
        """Have a trip end before its next file."""
        if self._trip is not None:
            self._trip.stop()

    def _on_broken(self) -> None:
        # Once a minute at most: if the disk can't be read, nothing would be better after another trip.
        now = self._clock.mono_ms()
        self._survey_due = True
        self._due_ms = min(self._due_ms, max(now, self._broken_ms + LOOK_EVERY_MS))
        if self._due_ms <= now:
            self._broken_ms = now

    # Two trusts in the time. Any clock that is known may take a bundle off the screen, because it comes back when the
    # clock is put right. Only the county's own word drops it from the disk, because it would have to be fetched again.

    def _is_not_shown(self, bundle: HeldBundle) -> bool:
        return self._clock.dated and bundle.not_after <= self._clock.now().wall

    def _something_is_to_be_dropped(self) -> bool:
        now = self._clock.now().wall
        return self._clock.signed and any(one.not_after <= now for one in self._disk.state.held)

    def _night_left_ms(self) -> int:
        """Return for how long the night window stays open; 0 if it is closed or nobody knows."""
        if not self._clock.dated:
            return 0
        settings = self._ports.settings()
        begin, end = settings.night_from_min, settings.night_until_min
        minute = self._clock.now().wall // 60_000 + OFFSET_MIN
        length = (end - begin) % _DAY_MIN or _DAY_MIN
        since = (minute - begin) % _DAY_MIN
        return (length - since) * 60_000 if since < length else 0
