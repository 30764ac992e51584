"""The station's one deciding thread: it takes events in order, lets the parts act on them, and does what is due.

Drivers, sockets and fetches run on threads of their own and only put events into the inbox. The loop itself feeds the
watchdog, so that the service manager starts the agent anew when the loop stands still.
"""

import logging
from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Any, Literal, Protocol

from msgspec import Struct

from agent.camera.live_view import FrameWay, LiveView
from agent.camera.snapshots import Snapshots
from agent.clocking.desk import ClockingDesk
from agent.clocking.lifecycle import Lifecycle
from agent.events import (
    AlarmSeen,
    CardTouched,
    Delivered,
    Event,
    FrameTaken,
    InputChanged,
    InputFailed,
    KioskJoined,
    KioskLeft,
    KioskSaid,
    LinkDown,
    LinkUp,
    MachineSeen,
    MessageCame,
    NtpRead,
    PackFetched,
    PictureTaken,
    PinWorked,
    ReaderReady,
    RenewalEnded,
    ShelfMoved,
    SpeakerReady,
    StopAsked,
    StrangeKeyboard,
    TimeHinted,
)
from agent.identity.renewal import Renewal
from agent.inbox import Inbox
from agent.inputs.contacts import Contacts
from agent.kiosk.documents import DocumentDesk
from agent.kiosk.home_publisher import HomePublisher
from agent.kiosk.keeping import Keeping
from agent.kiosk.meeting_visits import MeetingVisits
from agent.kiosk.number_sign_in import NumberSignIn
from agent.kiosk.packs import PackShelf
from agent.kiosk.pin_work import PinWork
from agent.kiosk.sound import KioskSound
from agent.kiosk.table import KioskTable
from agent.kiosk.visits import Visits
from agent.shelf.shelf import Shelf
from agent.shelf.witness import Witness
from agent.station.commands import Commands
from agent.station.notify import Notifier
from agent.storage.fact_writer import FactWriter
from agent.timekeeping.clock import StationClock
from agent.uplink.traffic import TrafficLedger
from agent.vitals.health import StationHealth
from protocol import alarm_codes
from protocol.facts import AlarmRaised, ClockCorrected
from protocol.kiosk_status import LinkState
from protocol.twin import Reported
from protocol.units import MAX_LONG_TEXT, Moment

log = logging.getLogger(__name__)

MAX_TOGETHER = 64
"""Touches in one transaction at most: the first person of a crowd must not wait for the writing of all the others."""
MAX_WAITING = 1_000
"""If more events than this wait, repeated touches are refused as too fast, so that they do not pile up in memory."""
CHORES_EVERY_MS = 10_000
FAREWELL_MS = 1_500
"""How long the end may take to bring the last fact to the county."""
FIRST_PRUNE_MS, PRUNE_EVERY_MS = 600_000, 86_400_000
"""The first time only some minutes after the start, when the cards that waited for the start are done."""


class UplinkControl(FrameWay, Protocol):
    """The uplink, as the core drives it."""

    @property
    def state(self) -> LinkState:
        """The state of the link, as people are told."""

    def handle(self, event: LinkUp | LinkDown | MessageCame | Delivered) -> None:
        """Act on an event of the link."""

    def report(self, reported: Reported) -> None:
        """Send a report on what is in force, when no fact waits."""

    def facts_committed(self) -> None:
        """Note that there are new facts to send."""

    def tick(self) -> int:
        """Do what is due; return the mono_ms at which to call again."""

    def say_gone(self, reason: Literal["shutdown", "restart"]) -> None:
        """End the connection in good order."""


class EventSource(Protocol):
    """A part with threads of its own, which put events into the inbox."""

    def start(self) -> None:
        """Begin.

        Raises:
            OSError: A socket or a device can't be opened.
        """

    def stop(self) -> None:
        """End; no event comes after it returns."""


class NotStarted(Exception):
    """A socket or a reader of the station can't be opened. A person must look."""


class StationParts(Struct, frozen=True, kw_only=True):
    """The parts that a core drives. `agent.wiring.parts` makes them."""

    inbox: Inbox
    clock: StationClock
    fact_writer: FactWriter
    waiting: Callable[[], int]
    """Returns how many facts have no receipt yet."""
    damage: Callable[[], Exception | None]
    """Returns the damage to the outbox's file that only a new start can mend, or None."""
    last_fact: Moment | None
    """When the last fact before this run was made."""
    traffic: TrafficLedger
    prune: Callable[[], bool]
    """Called once a day: erases some facts that the county has had for long, and returns whether there may be more."""
    lifecycle: Lifecycle
    desk: ClockingDesk
    snapshots: Snapshots
    contacts: Contacts
    commands: Commands
    live: LiveView
    ended_well: bool
    """Whether the run before this one ended in good order."""
    shelf: Shelf
    witness: Witness
    packs: PackShelf
    reported: Callable[[], Reported]
    """Returns what is in force, as the county is told it."""
    renewal: Renewal
    home: HomePublisher
    health: StationHealth
    kiosk_table: KioskTable
    visits: Visits
    meetings: MeetingVisits
    keeping: Keeping
    sound: KioskSound
    documents: DocumentDesk
    number_sign_in: NumberSignIn
    pin_work: PinWork
    uplink: UplinkControl
    notifier: Notifier
    sources: Sequence[EventSource]
    """In the order in which they start; they stop in the reverse order."""


class Core:
    """Runs a station until it is asked to stop."""

    def __init__(self, parts: StationParts) -> None:
        self._parts = parts
        self._stop: StopAsked | None = None
        self._chores_ms = 0
        self._prune_ms = parts.clock.mono_ms() + FIRST_PRUNE_MS
        self._uplink_due_ms = 0
        self._live_due_in_ms = 0
        self._home_due_in_ms = 0
        self._waiting_shown = -1
        self._handlers: dict[type[Event], Callable[[Any], None]] = {
            # The one handler that takes a list: touches that came together share a transaction, see `step`.
            CardTouched: self._on_cards_touched,
            ReaderReady: self._on_reader_ready,
            InputChanged: parts.contacts.on_input_changed,
            InputFailed: parts.contacts.on_input_failed,
            StrangeKeyboard: lambda event: parts.home.keyboard_seen(strange=event.there),
            AlarmSeen: self._on_alarm_seen,
            MachineSeen: parts.health.on_machine_seen,
            KioskJoined: self._on_kiosk_joined,
            KioskLeft: self._on_kiosk_left,
            SpeakerReady: parts.sound.on_speaker_ready,
            KioskSaid: parts.kiosk_table.said,
            PinWorked: parts.pin_work.worked,
            PictureTaken: parts.snapshots.on_picture_taken,
            FrameTaken: parts.live.on_frame_taken,
            LinkUp: parts.uplink.handle,
            LinkDown: parts.uplink.handle,
            MessageCame: parts.uplink.handle,
            Delivered: parts.uplink.handle,
            PackFetched: self._on_pack_fetched,
            ShelfMoved: self._on_shelf_moved,
            RenewalEnded: parts.renewal.ended,
            NtpRead: self._on_ntp_read,
            TimeHinted: self._on_time_hinted,
            StopAsked: self._on_stop_asked,
        }

    @property
    def restart_asked(self) -> bool:
        """Whether `run` ended so that the agent begins anew at once."""
        return self._stop is not None and self._stop.restart

    def run(self) -> None:
        """Start everything, decide until `StopAsked`, stop everything.

        Raises:
            NotStarted: Everything that had been started is stopped again.
            StorageFailed: The file is damaged. Everything is stopped: the next start salvages it.
        """
        # The start is stated before any card can be read, so that the record tells to which run a touch belongs.
        self._parts.lifecycle.started(last_fact=self._parts.last_fact)
        self._parts.commands.resume(ended_well=self._parts.ended_well)
        self._parts.number_sign_in.state_unjudged()
        started: list[EventSource] = []
        try:
            for source in self._parts.sources:
                try:
                    source.start()
                except OSError as error:
                    raise NotStarted(str(error)) from error
                started.append(source)
            self._parts.notifier.ready()
            log.info("ready for cards")
            while self._stop is None:
                self.step(timeout_s=self._wait_s())
        finally:
            if not self.restart_asked:
                # An agent that begins anew does so in the same process: for the service manager it never stopped.
                self._parts.notifier.stopping()
            for source in reversed(started):
                source.stop()
        self._parts.shelf.stop()
        # Some events came before the sources stopped. A card that was touched in that moment counts.
        while self._parts.inbox.waiting():
            self.step(timeout_s=0)
        self._parts.live.end("stopped")
        self._parts.visits.stop()
        self._parts.lifecycle.stopped()
        self._pass_on_news()
        self._say_goodbye()

    def _say_goodbye(self) -> None:
        """Bring the last facts to the county if that is quick, keep what is only in memory, and leave the broker."""
        parts = self._parts
        give_up_ms = parts.clock.mono_ms() + FAREWELL_MS
        while parts.uplink.state == "connected" and parts.waiting() and parts.clock.mono_ms() < give_up_ms:
            self.step(timeout_s=0.05)
        parts.clock.keep()
        parts.traffic.tick()
        parts.traffic.keep()
        parts.uplink.say_gone("restart" if self.restart_asked else "shutdown")

    def step(self, *, timeout_s: float) -> None:
        """Wait at most ``timeout_s`` for an event, handle the events that are there, and do what is due."""
        event = self._parts.inbox.get(timeout_s=timeout_s)
        events: list[Event] = []
        while event is not None and len(events) < MAX_TOGETHER:
            events.append(event)
            event = self._parts.inbox.get(timeout_s=0) if len(events) < MAX_TOGETHER else None
        # In their order. Touches that follow one another share a transaction; every other event is handled by itself.
        for kind, group in groupby(events, key=type):
            handler = self._handlers[kind]
            for taken in [list(group)] if kind is CardTouched else group:
                handler(taken)
                self._pass_on_news()
        self._tick()

    def _on_cards_touched(self, touches: list[CardTouched]) -> None:
        # Refusing is quick. Recording each touch while a reader runs wild would only make the queue longer.
        self._parts.desk.cards_touched(touches, too_many=self._parts.inbox.waiting() > MAX_WAITING)

    def _pass_on_news(self) -> None:
        """Tell the parts that something was committed. Lamp and screen come first, because a person waits for them."""
        if self._parts.fact_writer.take_news():
            self._parts.lifecycle.committed()
            self._parts.home.changed()
            self._parts.meetings.tick()
            self._parts.uplink.facts_committed()

    def _tick(self) -> None:
        parts = self._parts
        if (damage := parts.damage()) is not None:
            # Nothing more can be committed to this file. The next start salvages it.
            raise damage
        parts.notifier.alive()
        now = parts.clock.mono_ms()
        if now >= self._chores_ms:
            self._chores_ms = now + CHORES_EVERY_MS
            self._do_chores()
        # Before the uplink, which then sends at once the frame that the view has just given it.
        self._live_due_in_ms = parts.live.tick(parts.uplink)
        self._uplink_due_ms = parts.uplink.tick()
        self._pass_on_news()
        # A receipt changes how many facts wait, and no fact tells of it.
        if parts.waiting() != self._waiting_shown:
            self._waiting_shown = parts.waiting()
            parts.home.changed()
        self._home_due_in_ms = parts.home.tick()

    def _do_chores(self) -> None:
        parts = self._parts
        parts.fact_writer.flush()
        parts.lifecycle.tick()
        parts.desk.tick()
        parts.contacts.tick()
        parts.visits.tick()
        parts.meetings.tick()
        parts.keeping.tick()
        parts.sound.tick()
        parts.documents.look()
        parts.snapshots.tick()
        parts.traffic.tick()
        self._state(parts.clock.check_ntp())
        parts.snapshots.make_room()
        parts.packs.tick()
        parts.shelf.tick(facts_wait=parts.uplink.state == "connected" and parts.waiting() > 0)
        parts.renewal.tick(connected=parts.uplink.state == "connected")
        # While there is more, a piece at each chores: the first time after long it may be several hundred of them.
        if parts.clock.mono_ms() >= self._prune_ms and not parts.prune():
            self._prune_ms = parts.clock.mono_ms() + PRUNE_EVERY_MS
        self._pass_on_news()

    def _wait_s(self) -> float:
        now = self._parts.clock.mono_ms()
        dues = [self._chores_ms - now, self._uplink_due_ms - now, self._home_due_in_ms, self._live_due_in_ms]
        return max(0, min([*dues, self._parts.notifier.feed_within_ms()])) / 1000

    def _on_kiosk_joined(self, event: KioskJoined) -> None:
        self._parts.home.joined(event.kiosk)
        self._parts.live.joined(event.kiosk)
        self._parts.sound.joined(event.kiosk)

    def _on_kiosk_left(self, event: KioskLeft) -> None:
        self._parts.keeping.kiosk_left(event.kiosk)
        self._parts.sound.kiosk_left(event.kiosk)
        self._parts.documents.kiosk_left(event.kiosk)

    def _on_reader_ready(self, event: ReaderReady) -> None:
        self._parts.lifecycle.reader_changed(event.reader, ready=event.ready)
        self._parts.home.changed()

    def _on_alarm_seen(self, event: AlarmSeen) -> None:
        log.warning("alarm %s: %s", event.code, event.detail)
        now = self._parts.clock.now()
        self._parts.fact_writer.owe(AlarmRaised(at=now, code=event.code, severity=event.severity, detail=event.detail))

    def _on_pack_fetched(self, event: PackFetched) -> None:
        if self._parts.packs.fetched(event):
            self._parts.home.changed()
        # Begin with the next pack at once, rather than at the next chores.
        self._parts.packs.tick()

    def _on_shelf_moved(self, event: ShelfMoved) -> None:
        parts = self._parts
        parts.shelf.moved(event)
        parts.witness.look()
        parts.sound.look()
        parts.documents.look()
        parts.home.changed()
        if event.ended and parts.shelf.take_report():
            parts.uplink.report(parts.reported())

    def _on_ntp_read(self, event: NtpRead) -> None:
        self._parts.clock.take_ntp_state(well=not event.state.problem, mono_ms=event.mono_ms)
        self._state(self._parts.clock.check_ntp())

    def _on_time_hinted(self, event: TimeHinted) -> None:
        clock, problem = self._parts.clock, event.read.problem
        if problem:
            code = alarm_codes.HINT_FAILED[event.source]
            self._state(AlarmRaised(at=clock.now(), code=code, severity="minor", detail=problem[:MAX_LONG_TEXT]))
        if event.read.wall_ms is not None:
            self._state(clock.take_time_hint(event.read.wall_ms, source=event.source, mono_ms=event.mono_ms))
        self._parts.home.changed()

    def _state(self, fact: ClockCorrected | AlarmRaised | None) -> None:
        if fact is not None:
            self._parts.fact_writer.owe(fact)

    def _on_stop_asked(self, event: StopAsked) -> None:
        log.info("ending: %s", event.reason)
        self._stop = event
