"""The station's one deciding thread: take events in order, let the parts act, do what is due.

Drivers, sockets and fetches run on threads of their own and only put events into the inbox. Touches that came
while a commit was under way are taken together. The loop itself feeds the watchdog: when it stands still, the
service manager starts the agent anew.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, Protocol

from agent.camera.live_view import FrameWay, LiveView
from agent.camera.snapshots import Snapshots
from agent.clocking.desk import ClockingDesk, KioskScreens
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
    ReaderReady,
    RenewalEnded,
    StopAsked,
    StrangeKeyboard,
    TimeHinted,
)
from agent.identity.renewal import Renewal
from agent.inbox import Inbox
from agent.inputs.contacts import Contacts
from agent.kiosk.home_publisher import HomePublisher
from agent.kiosk.learning import Learning
from agent.kiosk.packs import PackShelf
from agent.station.commands import Commands
from agent.station.notify import Notifier
from agent.storage.fact_writer import FactWriter
from agent.timekeeping.clock import StationClock
from agent.uplink.traffic import TrafficLedger
from agent.vitals.health import StationHealth
from protocol import alarm_codes
from protocol.facts import AlarmRaised, ClockCorrected, HelpAsked
from protocol.kiosk import (
    AnswerQuestion,
    AskHelp,
    AskStatus,
    ChooseDirection,
    KeepDirection,
    LinkState,
    NextQuestion,
    OpenLevel,
    Status,
)
from protocol.units import Moment

log = logging.getLogger(__name__)

MAX_TOGETHER = 64
"""Touches committed in one transaction at most."""
MAX_WAITING = 1_000
"""With more events than this waiting, touches are refused as too fast instead of piling up."""
CHORES_EVERY_MS = 10_000
FAREWELL_MS = 1_500
"""How long the end may take to bring the last fact to the county."""
HELP_EVERY_MS = 10_000
FIRST_PRUNE_MS, PRUNE_EVERY_MS = 600_000, 86_400_000


class Way(FrameWay, Protocol):
    """The uplink, as the core drives it."""

    @property
    def state(self) -> LinkState:
        """What people are told of the link."""

    def handle(self, event: LinkUp | LinkDown | MessageCame | Delivered) -> None:
        """Take what the link says."""

    def facts_committed(self) -> None:
        """Something new is to be sent."""

    def tick(self) -> int:
        """Do what is due; return the mono_ms of the next time."""

    def say_gone(self, reason: Literal["shutdown", "restart"]) -> None:
        """End the connection in good order."""


class Kiosks(KioskScreens, Protocol):
    """The kiosk socket, as the core drives it."""

    def handled(self, kiosk: int) -> None:
        """One question of this kiosk is dealt with."""


class Device(Protocol):
    """Something with threads of its own that puts events into the inbox."""

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End; no event comes after it returns."""


class NotStarted(Exception):
    """A socket or a reader of the station can't be opened. A person must look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a core is made of."""

    inbox: Inbox
    clock: StationClock
    journal: FactWriter
    waiting: Callable[[], int]
    """Facts without a receipt."""
    damage: Callable[[], Exception | None]
    """What was found wrong with the outbox's file, which only a new start can mend."""
    last_fact: Moment | None
    """When the last fact before this run was made."""
    traffic: TrafficLedger
    prune: Callable[[], None]
    """Called once a day: erase what the county has had for long."""
    lifecycle: Lifecycle
    desk: ClockingDesk
    learning: Learning
    snapshots: Snapshots
    contacts: Contacts
    commands: Commands
    live: LiveView
    ended_well: bool
    """Whether the run before ended in good order."""
    shelf: PackShelf
    renewal: Renewal
    home: HomePublisher
    health: StationHealth
    status: Callable[[], Status]
    """How the station is, for a technician."""
    kiosks: Kiosks
    uplink: Way
    notifier: Notifier
    devices: Sequence[Device]
    """In the order in which they start; they stop in the reverse order."""


class Core:
    """Runs a station until it is asked to stop."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._stop: StopAsked | None = None
        self._chores_ms = 0
        self._prune_ms = parts.clock.mono_ms() + FIRST_PRUNE_MS
        self._help_ms: int | None = None
        self._uplink_due_ms = 0
        self._live_due_in_ms = 0
        self._home_due_in_ms = 0
        self._waiting_shown = -1
        self._handlers: dict[type[Event], Callable[[Any], None]] = {
            ReaderReady: self._reader_ready,
            InputChanged: parts.contacts.on_input_changed,
            InputFailed: parts.contacts.on_input_failed,
            StrangeKeyboard: lambda event: parts.home.keyboard_seen(strange=event.there),
            AlarmSeen: self._alarm_seen,
            MachineSeen: parts.health.on_machine_seen,
            KioskJoined: self._kiosk_joined,
            KioskLeft: lambda event: None,
            KioskSaid: self._kiosk_said,
            PictureTaken: parts.snapshots.on_picture_taken,
            FrameTaken: parts.live.on_frame_taken,
            LinkUp: parts.uplink.handle,
            LinkDown: parts.uplink.handle,
            MessageCame: parts.uplink.handle,
            Delivered: parts.uplink.handle,
            PackFetched: self._pack_fetched,
            RenewalEnded: parts.renewal.ended,
            NtpRead: self._ntp_read,
            TimeHinted: self._time_hinted,
            StopAsked: self._stop_asked,
        }

    @property
    def restart_asked(self) -> bool:
        """Whether `run` ended so that the agent begins anew at once."""
        return self._stop is not None and self._stop.restart

    def run(self) -> None:
        """Start everything, decide until `StopAsked`, stop everything.

        Raises:
            NotStarted: What had been started is stopped again.
            StorageFailed: The file is damaged. Everything is stopped: the next start salvages it.
        """
        parts = self._parts
        parts.lifecycle.started(last_fact=parts.last_fact)
        parts.commands.resume(ended_well=parts.ended_well)
        started: list[Device] = []
        try:
            for device in parts.devices:
                _start(device)
                started.append(device)
            parts.notifier.ready()
            log.info("ready for cards")
            while self._stop is None:
                self.step(timeout_s=self._wait_s())
        finally:
            if not self.restart_asked:
                # To the service manager an agent that begins anew in its own process has never stopped.
                parts.notifier.stopping()
            for device in reversed(started):
                device.stop()
        self._end()

    def step(self, *, timeout_s: float) -> None:
        """Wait for an event at most so long, take what is there, and do what is due."""
        event = self._parts.inbox.get(timeout_s=timeout_s)
        events: list[Event] = []
        while event is not None and len(events) < MAX_TOGETHER:
            events.append(event)
            event = self._parts.inbox.get(timeout_s=0) if len(events) < MAX_TOGETHER else None
        for touching, group in groupby(events, key=lambda one: isinstance(one, CardTouched)):
            self._take(list(group), touching=touching)
        self._tick()

    def _take(self, events: list[Event], *, touching: bool) -> None:
        if touching:
            touches = [event for event in events if isinstance(event, CardTouched)]
            if self._parts.inbox.waiting() > MAX_WAITING:
                self._parts.desk.too_fast(touches)
            else:
                self._parts.desk.cards_touched(touches)
            self._news()
            return
        for event in events:
            self._handlers[type(event)](event)
            self._news()

    def _news(self) -> None:
        """Pass on that something was committed: only now, after lamp and screen."""
        if self._parts.journal.take_news():
            self._parts.lifecycle.committed()
            self._parts.home.changed()
            self._parts.uplink.facts_committed()

    def _tick(self) -> None:
        parts = self._parts
        if (damage := parts.damage()) is not None:
            raise damage
        parts.notifier.alive()
        now = parts.clock.mono_ms()
        if now >= self._chores_ms:
            self._chores_ms = now + CHORES_EVERY_MS
            self._chores()
        self._live_due_in_ms = parts.live.tick(parts.uplink)
        self._uplink_due_ms = parts.uplink.tick()
        self._news()
        if parts.waiting() != self._waiting_shown:
            self._waiting_shown = parts.waiting()
            parts.home.changed()
        self._home_due_in_ms = parts.home.tick()

    def _chores(self) -> None:
        parts = self._parts
        parts.journal.flush()
        parts.lifecycle.tick()
        parts.contacts.tick()
        parts.snapshots.tick()
        parts.traffic.tick()
        self._state(parts.clock.check_ntp())
        parts.snapshots.make_room()
        parts.shelf.tick()
        parts.renewal.tick(connected=parts.uplink.state == "connected")
        if parts.clock.mono_ms() >= self._prune_ms:
            self._prune_ms += PRUNE_EVERY_MS
            parts.prune()
        self._news()

    def _wait_s(self) -> float:
        now = self._parts.clock.mono_ms()
        dues = [self._chores_ms - now, self._uplink_due_ms - now, self._home_due_in_ms, self._live_due_in_ms]
        return max(0, min([*dues, self._parts.notifier.feed_within_ms()])) / 1000

    def _kiosk_joined(self, event: KioskJoined) -> None:
        self._parts.home.joined(event.kiosk)
        self._parts.live.joined(event.kiosk)

    def _reader_ready(self, event: ReaderReady) -> None:
        self._parts.lifecycle.reader_changed(event.reader, ready=event.ready)
        self._parts.home.changed()

    def _alarm_seen(self, event: AlarmSeen) -> None:
        log.warning("alarm %s: %s", event.code, event.detail)
        now = self._parts.clock.now()
        self._parts.journal.owe(AlarmRaised(at=now, code=event.code, severity=event.severity, detail=event.detail))

    def _kiosk_said(self, event: KioskSaid) -> None:
        parts = self._parts
        match event.message:
            case ChooseDirection() as asked:
                parts.desk.choose_direction(event.kiosk, asked)
            case KeepDirection() as asked:
                parts.desk.keep_direction(event.kiosk, asked)
            case OpenLevel() as asked:
                parts.learning.open_level(event.kiosk, asked)
            case AnswerQuestion() as asked:
                parts.learning.answer_question(event.kiosk, asked)
            case NextQuestion() as asked:
                parts.learning.next_question(event.kiosk, asked)
            case AskHelp(screen=screen):
                self._help_asked(screen)
            case AskStatus():
                parts.kiosks.answer(event.kiosk, parts.status())
        parts.kiosks.handled(event.kiosk)

    def _help_asked(self, screen: str) -> None:
        """State that somebody needs help: once in so long, however often 9 is pressed."""
        now = self._parts.clock.now()
        if self._help_ms is None or now.mono - self._help_ms >= HELP_EVERY_MS:
            self._help_ms = now.mono
            self._parts.journal.owe(HelpAsked(at=now, screen=screen))

    def _pack_fetched(self, event: PackFetched) -> None:
        if self._parts.shelf.fetched(event):
            self._parts.home.changed()
        self._parts.shelf.tick()

    def _ntp_read(self, event: NtpRead) -> None:
        self._parts.clock.take_ntp_state(well=not event.state.problem, mono_ms=event.mono_ms)
        self._state(self._parts.clock.check_ntp())

    def _time_hinted(self, event: TimeHinted) -> None:
        clock, problem = self._parts.clock, event.read.problem
        if problem:
            code = alarm_codes.HINT_FAILED[event.source]
            self._state(AlarmRaised(at=clock.now(), code=code, severity="minor", detail=problem[:400]))
        if event.read.wall_ms is not None:
            self._state(clock.take_time_hint(event.read.wall_ms, source=event.source, mono_ms=event.mono_ms))
        self._parts.home.changed()

    def _state(self, fact: ClockCorrected | AlarmRaised | None) -> None:
        if fact is not None:
            self._parts.journal.owe(fact)

    def _stop_asked(self, event: StopAsked) -> None:
        log.info("ending: %s", event.reason)
        self._stop = event

    def _end(self) -> None:
        """Record what the readers still handed over, state the end, and bring it to the county if that is quick."""
        parts = self._parts
        while parts.inbox.waiting():
            self.step(timeout_s=0)
        parts.live.end("stopped")
        parts.lifecycle.stopped()
        self._news()
        give_up_ms = parts.clock.mono_ms() + FAREWELL_MS
        while parts.uplink.state == "connected" and parts.waiting() and parts.clock.mono_ms() < give_up_ms:
            self.step(timeout_s=0.05)
        parts.clock.keep()
        parts.traffic.tick()
        parts.traffic.keep()
        parts.uplink.say_gone("restart" if self.restart_asked else "shutdown")


def _start(device: Device) -> None:
    try:
        device.start()
    except OSError as error:
        raise NotStarted(str(error)) from error
