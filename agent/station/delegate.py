"""What the uplink asks of the station, and what it reports to it. Implements `agent.uplink.UplinkDelegate`."""

import os
from collections.abc import Callable
from pathlib import Path

import msgspec

from agent.camera.snapshots import Snapshots
from agent.clocking.duty import on_duty
from agent.clocking.duty_dates import DutyDates
from agent.clocking.lifecycle import Lifecycle
from agent.kiosk.home_publisher import HomePublisher
from agent.kiosk.packs import PackShelf
from agent.shelf.shelf import Shelf
from agent.station.commands import Commands
from agent.storage.fact_writer import FactWriter
from agent.timekeeping.clock import StationClock
from agent.twin import Twin
from agent.uplink.traffic import TrafficLedger
from agent.vitals.health import StationHealth
from protocol.commands import Command
from protocol.facts import AlarmRaised, BlobEvicted, Severity
from protocol.heads import SignedHead
from protocol.kiosk_status import LinkState, Status
from protocol.twin import Desired, Reported, Sheddable, ShelfRef
from protocol.units import MAX_LONG_TEXT, MAX_SHORT_TEXT
from protocol.vitals import Vitals

_PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024


class StationDelegate:
    """Acts for the core when the uplink calls. Used on the core thread."""

    def __init__(
        self,
        *,
        station: str,
        software: str,
        clock: StationClock,
        fact_writer: FactWriter,
        twin: Twin,
        duty_dates: DutyDates,
        lifecycle: Lifecycle,
        snapshots: Snapshots,
        commands: Commands,
        shelf: Shelf,
        packs: PackShelf,
        home: HomePublisher,
        health: StationHealth,
        head: Callable[[], SignedHead],
        waiting: Callable[[], int],
        blobs_waiting: Callable[[], int],
        free_kib: Callable[[], int],
        traffic: TrafficLedger,
        key_unknown: Callable[[], None],
    ) -> None:
        self._station = station
        self._software = software
        self._clock = clock
        self._fact_writer = fact_writer
        self._twin = twin
        self._duty_dates = duty_dates
        self._lifecycle = lifecycle
        self._snapshots = snapshots
        self._commands = commands
        self._shelf = shelf
        self._packs = packs
        self._home = home
        self._health = health
        self._head = head
        self._waiting = waiting
        self._blobs_waiting = blobs_waiting
        self._free_kib = free_kib
        self._traffic = traffic
        self._key_unknown = key_unknown
        self._county_untold = False
        """The county said on this connection that it does not know the time itself."""

    def on_county_time(
        self, wall_ms: int, *, asked_mono_ms: int, answered_mono_ms: int, clock_run: bytes | None = None
    ) -> None:
        """Take the county's time. State in facts that it is the first of this boot or contradicts an earlier one."""
        facts = self._clock.take_county_time(
            wall_ms, asked_mono_ms=asked_mono_ms, answered_mono_ms=answered_mono_ms, clock_run=clock_run
        )
        self._county_untold = False
        if facts:
            self._fact_writer.owe(*facts)
        self._home.changed()

    def on_no_county_time(self) -> None:
        """Remember for a technician that the county does not know the time itself."""
        self._county_untold = True

    def wants_time(self) -> bool:
        """Whether the county's time is to be asked for again."""
        return self._clock.wants_county_time

    def on_desired(self, desired: Desired) -> Reported:
        """Take a desired state and have its packs fetched."""
        reported = self._twin.accept(desired, at=self._clock.now())
        # If it is refused, the desired state before it stays in force, and so do its packs.
        if not reported.refused:
            self._packs.want(desired.packs)
            self._shelf.want(self._twin.shelf)
        self._home.changed()
        return msgspec.structs.replace(reported, packs=self._shelf.states())

    def on_shelf_named(self, shelf: ShelfRef) -> None:
        """Have the index of this name fetched, if it is newer than the last."""
        self._twin.name_shelf(shelf)
        self._shelf.want(self._twin.shelf)

    def reported(self) -> Reported:
        """Return what is in force now."""
        return msgspec.structs.replace(self._twin.reported(at=self._clock.now()), packs=self._shelf.states())

    def on_command(self, command: Command) -> None:
        """Execute a command; its result is a fact."""
        self._commands.execute(command)

    def refuse_command(self, command: Command, reason: str) -> None:
        """Refuse a command because of the way in which it came."""
        self._commands.refuse(command, reason)

    def on_unknown_key(self) -> None:
        """Have the county asked which keys sign for it."""
        self._key_unknown()

    def alarm(self, code: str, severity: Severity, detail: str) -> None:
        """State an alarm of the uplink as a fact."""
        alarm = AlarmRaised(
            at=self._clock.now(), code=code[:MAX_SHORT_TEXT], severity=severity, detail=detail[:MAX_LONG_TEXT]
        )
        self._fact_writer.owe(alarm)

    def on_blob_damaged(self, sha256: bytes) -> None:
        """State that a file is given up, so that the county does not wait for it."""
        self._fact_writer.owe(BlobEvicted(at=self._clock.now(), sha256=sha256, reason="damaged"))

    def link_changed(self, state: LinkState, *, refused: bool, identity_shared: bool) -> None:
        """Show the link's state. If the link is back, fetch at once what is missing."""
        if state == "connected":
            self._shelf.hurry()
            self._packs.hurry()
        else:
            self._county_untold = False
        self._home.link_changed(state, refused=refused, identity_shared=identity_shared)

    def vitals(self) -> Vitals:
        """Return how the station is now."""
        return Vitals(
            station=self._station,
            at=self._clock.now(),
            head=self._head(),
            waiting=self._waiting(),
            blobs_waiting=self._blobs_waiting(),
            software=self._software,
            reader_ready=self._lifecycle.reader_ready,
            camera_ready=self._snapshots.camera_ready,
            disk_free_kib=self._free_kib(),
            resident_kib=_resident_kib(),
            twin_version=self._twin.version,
            simulated=self._home.any_simulated,
            month_bytes=self._traffic.month_bytes(),
            month_forecast_bytes=self._traffic.forecast_bytes(),
            saving=list(self._traffic.saving),
            health=self._health.current(),
        )

    def status(self, *, screen: bool) -> Status:
        """Return how the station is, for a technician's program on the same machine."""
        now = self._clock.now()
        return Status(
            station=self._station,
            wall=now.wall,
            quality=now.quality,
            link=self._home.link,
            software=self._software,
            waiting=self._waiting(),
            blobs_waiting=self._blobs_waiting(),
            disk_free_kib=self._free_kib(),
            resident_kib=_resident_kib(),
            health=self._health.current(),
            month_bytes=self._traffic.month_bytes(),
            saving=list(self._traffic.saving),
            screen=screen,
            county_untold=self._county_untold,
            county_refuses=self._home.refused,
            identity_shared=self._home.identity_shared,
        )

    def puts_off(self, what: Sheddable) -> bool:
        """Return whether ``what`` must wait because the month's data volume runs short."""
        return self._traffic.puts_off(what)

    def in_duty(self) -> bool:
        """Whether a duty window is open. While the time is not known it counts as open: better a ping too many."""
        now = self._clock.now()
        return not self._clock.dated or on_duty(self._duty_dates, now.wall)

    def boot_id(self) -> bytes:
        """The 16 bytes of this boot's id."""
        return self._clock.now().boot

    def software(self) -> str:
        """Name and version of the running software."""
        return self._software

    def twin_version(self) -> int:
        """Version of the desired state in force, 0 for none."""
        return self._twin.version


def _resident_kib() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_KIB
