"""One station in a world whose time is a number. Its outbox, clock, renewal and uplink are the real ones.

Time jumps to the next thing that is due. The longest jump is a minute, so that the core's regular work (look at the
certificate, ask the time service) has its turn as often as a person could notice.
"""

import os
import random
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, override

from agent.clocking.duty_dates import DutyDates
from agent.clocking.lifecycle import Lifecycle
from agent.errands import RenewErrand, renew_where_due
from agent.events import Delivered, LinkDown, LinkUp, MessageCame, RenewalEnded
from agent.identity.enrolment import enrol
from agent.identity.renewal import Renewal
from agent.identity.station_identity import load_identity
from agent.inbox import Inbox
from agent.ports import DeviceError, JudgeAt
from agent.storage.fact_writer import FactWriter
from agent.storage.outbox import Outbox
from agent.timekeeping.clock import StationClock
from agent.twin import Twin
from agent.uplink import Uplink, UplinkParts
from protocol.facts import AlarmRaised, Severity, Touch
from protocol.kiosk_status import LinkState
from protocol.topics import Up
from protocol.units import FactRef
from tests.proofs.outage.county import OutageCounty
from tests.proofs.quiet_host import QuietHost
from tests.proofs.rollback.board import NoBlobs

type Event = LinkUp | LinkDown | MessageCame | Delivered

CHORES_MS = 60_000
SOFTWARE = "cunhui outage proof"
_HANDSHAKE_MS = 300
_FAILS_MS = 3_000


@dataclass
class World:
    """The true time, and whether the line is up."""

    now_ms: int
    line_up: bool = True
    swallows: bool = False
    """The dead line is silent, instead of failing at once."""


class Machine:
    """`agent.ports.SystemClock` of a board without a clock battery."""

    def __init__(self, world: World, *, time_service: bool) -> None:
        self._world = world
        self._time_service = time_service
        self.reboot()

    def reboot(self) -> None:
        self._booted_ms = self._world.now_ms - 5_000
        self._boot = os.urandom(16)

    def mono_ms(self) -> int:
        return self._world.now_ms - self._booted_ms

    def wall_ms(self) -> int:
        return self._world.now_ms if self.ntp_synced() else self.mono_ms()

    def boot_id(self) -> bytes:
        return self._boot

    def ntp_synced(self) -> bool:
        return self._time_service and self._world.line_up


@dataclass(order=True)
class _Later:
    at_ms: int
    event: Event = field(compare=False)


class Line:
    """`agent.ports.Link` to the county. It judges the client certificate as the broker's TLS would."""

    def __init__(
        self, world: World, county: OutageCounty, *, station: str, certificate_file: Path, mono: Machine
    ) -> None:
        self._world = world
        self._county = county
        self._station = station
        self._certificate_file = certificate_file
        self._mono = mono
        self._later: deque[_Later] = deque()
        self._attempt = 0
        self._ticket = 0
        self.up = False
        self.refused = 0

    def connect(
        self, *, attempt: int, keepalive_s: int, will: bytes, judge_at: JudgeAt = "system", endpoint: int = 0
    ) -> None:
        self.disconnect()
        self._attempt = attempt
        if not self._world.line_up:
            if not self._world.swallows:
                self._soon(LinkDown(attempt, "network unreachable"), _FAILS_MS)
        elif not self._county.lets_in(self._certificate_file):
            self.refused += 1
            self._soon(LinkDown(attempt, "tls: certificate expired"), _HANDSHAKE_MS)
        else:
            self.up = True
            self._soon(LinkUp(attempt), _HANDSHAKE_MS)

    def _soon(self, event: Event, after_ms: int) -> None:
        self._later.append(_Later(self._world.now_ms + after_ms, event))

    def publish(self, leaf: Up, payload: bytes, *, qos: Literal[0, 1]) -> int:
        if not self.up:
            raise DeviceError("the connection is gone")
        self._ticket += 1
        if not self._world.line_up:
            return self._ticket
        answers = self._county.hear(self._station, leaf, payload)
        if qos == 1:
            self._soon(Delivered(self._attempt, self._ticket, 0), 100)
        for down, raw in answers:
            came = MessageCame(self._attempt, down, raw, False, self._mono.mono_ms() + 150)
            self._soon(came, 150)
        return self._ticket

    def disconnect(self) -> None:
        self._later.clear()
        self.up = False

    def bytes_moved(self) -> tuple[int, int]:
        return (0, 0)

    def bytes_billed(self) -> int:
        return 0

    def next_ms(self) -> int | None:
        """When the next event comes, in true time."""
        return min(self._later).at_ms if self._later else None

    def take(self) -> Event | None:
        """Return the event that has come, if there is one."""
        if not self._later or min(self._later).at_ms > self._world.now_ms:
            return None
        first = min(self._later)
        self._later.remove(first)
        return first.event


class Board:
    """A station from its enrolment on."""

    def __init__(
        self, folder: Path, county: OutageCounty, world: World, *, station: str, time_service: bool, seed: int
    ) -> None:
        self._folder = folder
        self._county = county
        self._world = world
        self._chance = random.Random(seed)
        self._number = (seed + 1) * 1_000_000
        self.green: dict[int, FactRef] = {}
        self.presented: set[int] = set()
        claim = county.claim(station)
        enrol(folder, url="https://county", ca_file=county.ca_file, claim=claim, post=county.post)
        self.station = station
        self._machine = Machine(world, time_service=time_service)
        self.refused = 0
        self.power_on()

    def power_on(self) -> None:
        """Boot: the time is forgotten, the disk is not."""
        identity = load_identity(self._folder)
        assert identity is not None
        self._machine.reboot()
        self.clock = StationClock(system=self._machine, build_ms=1_700_000_000_000)
        self._inbox = Inbox()
        self.outbox = Outbox.open(
            self._folder / "outbox.db",
            station=identity.station,
            record_key=identity.record_key,
            now=self.clock.now,
        )
        self.clock.restore(self.outbox)
        self._fact_writer = FactWriter(self.outbox)
        twin = Twin(station=identity.station, village="示例村", state=self.outbox)
        dates = DutyDates(desired=lambda: twin.desired, latest=lambda: None, mono_ms=self.clock.mono_ms)
        self._lifecycle = Lifecycle(
            clock=self.clock, fact_writer=self._fact_writer, duty_dates=dates, state=self.outbox, software=SOFTWARE
        )
        self._county_keys = identity.county_keys
        self._renewal = Renewal(clock=self.clock, inbox=self._inbox, county_keys=self._county_keys, renew=self._renew)
        self._line = Line(
            self._world,
            self._county,
            station=identity.station,
            certificate_file=identity.certificate_file,
            mono=self._machine,
        )
        self._uplink = Uplink(
            UplinkParts(
                station=identity.station,
                shard=0,
                county_keys=self._county_keys,
                outbox=self.outbox,
                blobs=NoBlobs(),
                link=self._line,
                mono_ms=self.clock.mono_ms,
                delegate=_Host(self),
                jitter=self._chance.random,
            )
        )
        self._chores_ms = self._world.now_ms
        self._lifecycle.started(last_fact=None)

    def power_off(self) -> None:
        """Be gone without a word."""
        self.refused += self._line.refused
        self._line.disconnect()
        self.outbox.close()

    def _renew(self, wall_ms: int, anyway: bool) -> RenewalEnded:
        folder, ca = str(self._folder), str(self._county.ca_file)
        call = RenewErrand(folder=folder, url="https://county", ca=ca, now_ms=wall_ms, anyway=anyway)
        outcome = renew_where_due(call, self._county.post)
        keys = tuple(outcome.county_keys)
        return RenewalEnded(renewed=outcome.renewed, due_ms=outcome.due_ms, county_keys=keys)

    @property
    def state(self) -> LinkState:
        return self._uplink.state

    @property
    def times_refused(self) -> int:
        """How often the broker refused the certificate."""
        return self.refused + self._line.refused

    def touch(self) -> None:
        """Touch a card that no other touch has."""
        self._number += 1
        self.presented.add(self._number)
        now = self.clock.now()
        card = self._number.to_bytes(16, "big")
        [self.green[self._number]] = self._fact_writer.commit(
            Touch(at=now, card=card, reader="simulated", answer="recorded", direction="in")
        )
        self._uplink.facts_committed()

    def live_until(self, end_ms: int) -> None:
        """Let time pass, from one thing that is due to the next."""
        while self._world.now_ms < end_ms:
            due = self._step()
            self._world.now_ms = min(end_ms, max(due, self._world.now_ms + 1))

    def _step(self) -> int:
        """Do what is due now; return when the next thing is due, in true time."""
        while (event := self._line.take()) is not None:
            self._uplink.handle(event)
        if self._world.now_ms >= self._chores_ms:
            self._chores_ms = self._world.now_ms + CHORES_MS
            self._chores()
        due = self._uplink.tick() - self.clock.mono_ms() + self._world.now_ms
        if self._fact_writer.take_news():
            self._uplink.facts_committed()
        others = [self._chores_ms, self._line.next_ms()]
        return min(due, *(other for other in others if other is not None))

    def _chores(self) -> None:
        self._lifecycle.tick()
        self._fact_writer.flush()
        corrected = self.clock.check_ntp()
        if corrected is not None:
            self._fact_writer.owe(corrected)
        self._renewal.tick(connected=self.state == "connected")
        # A renewal has a thread of its own. Time stands still until it has ended.
        while self._renewal.running:
            event = self._inbox.get(timeout_s=60)
            assert isinstance(event, RenewalEnded), "a renewal does not end"
            self._renewal.ended(event)

    def on_county_time(self, wall_ms: int, asked_ms: int, answered_ms: int) -> None:
        facts = self.clock.take_county_time(wall_ms, asked_mono_ms=asked_ms, answered_mono_ms=answered_ms)
        if facts:
            self._fact_writer.owe(*facts)

    def alarm(self, code: str, severity: Severity, detail: str) -> None:
        self._fact_writer.owe(AlarmRaised(at=self.clock.now(), code=code, severity=severity, detail=detail))


class _Host(QuietHost):
    """Time and alarms go where the board's core would take them."""

    def __init__(self, board: Board) -> None:
        super().__init__(station=board.station, outbox=board.outbox, now=board.clock.now, software=SOFTWARE)
        self._board = board

    @override
    def on_county_time(
        self, wall_ms: int, *, asked_mono_ms: int, answered_mono_ms: int, clock_run: bytes | None = None
    ) -> None:
        self._board.on_county_time(wall_ms, asked_mono_ms, answered_mono_ms)

    @override
    def alarm(self, code: str, severity: Severity, detail: str) -> None:
        self._board.alarm(code, severity, detail)
