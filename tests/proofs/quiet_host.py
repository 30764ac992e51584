"""The rest of a station, as far as an uplink needs it, for proofs that are about the uplink alone."""

from collections.abc import Callable

from agent.storage.outbox import Outbox
from protocol.commands import Command
from protocol.facts import AlarmRaised, Severity
from protocol.kiosk_status import LinkState
from protocol.twin import Desired, Reported, Sheddable, ShelfRef
from protocol.units import Moment
from protocol.vitals import Vitals


class QuietHost:
    """Implements `agent.uplink.ports.UplinkDelegate`: it states alarms as facts, as the core does, and nothing else."""

    def __init__(self, *, station: str, outbox: Outbox, now: Callable[[], Moment], software: str) -> None:
        self._station = station
        self._outbox = outbox
        self._now = now
        self._software = software

    def on_county_time(
        self, wall_ms: int, *, asked_mono_ms: int, answered_mono_ms: int, clock_run: bytes | None = None
    ) -> None:
        pass

    def on_no_county_time(self) -> None:
        pass

    def wants_time(self) -> bool:
        return False

    def on_desired(self, desired: Desired) -> Reported:
        return Reported(station=self._station, version=desired.version, at=self._now().wall)

    def on_shelf_named(self, shelf: ShelfRef) -> None:
        """This host has no shelf."""

    def on_command(self, command: Command) -> None:
        pass

    def refuse_command(self, command: Command, reason: str) -> None:
        pass

    def on_unknown_key(self) -> None:
        pass

    def alarm(self, code: str, severity: Severity, detail: str) -> None:
        self._outbox.commit(AlarmRaised(at=self._now(), code=code, severity=severity, detail=detail))

    def on_blob_damaged(self, sha256: bytes) -> None:
        raise AssertionError("a picture was damaged")

    def link_changed(self, state: LinkState, *, refused: bool, identity_shared: bool) -> None:
        pass

    def puts_off(self, what: Sheddable) -> bool:
        return False

    def vitals(self) -> Vitals:
        return Vitals(
            station=self._station,
            at=self._now(),
            head=self._outbox.signed_head(),
            waiting=self._outbox.waiting,
            blobs_waiting=0,
            software=self._software,
            reader_ready=True,
            camera_ready=False,
            disk_free_kib=1,
            resident_kib=1,
            twin_version=0,
        )

    def in_duty(self) -> bool:
        return False

    def boot_id(self) -> bytes:
        return self._now().boot

    def software(self) -> str:
        return self._software

    def twin_version(self) -> int:
        return 0
