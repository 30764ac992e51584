"""A real county and three real stations whose days pass in minutes.

libfaketime moves what the county's programs and the agents take for the machine's time. The county's programs
go on. An agent runs in namespaces of its own (namespaces(7), root is needed): each boot has another boot id
and a CLOCK_BOOTTIME that begins anew, and a station without a line has no network at all. So the agent's own code
reads all of it as it would on a board.
"""

import os
import secrets
import signal
import sys
import time
import uuid
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from firmware_scripts.demo.cast import COUNTY, CastStation, write_workbook
from firmware_scripts.demo.county import DemoCounty
from firmware_scripts.demo.processes import Process, wait_until
from firmware_scripts.demo.station import DemoStation
from protocol.china_time import CHINA
from tests.proofs.settlement.lived_clock import library

_UP_S, _END_S, _START_S = 120.0, 60.0, 600.0
_BOOT_S = 20
"""What CLOCK_BOOTTIME says when the agent starts: a board takes so long to boot."""
_BOOT_ID = "/proc/sys/kernel/random/boot_id"
_LIBRARY = {
    "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    # The age of a file of the programs says when they were built.
    "NO_FAKE_STAT": "1",
    # Whoever is killed would leave its shared memory behind.
    "FAKETIME_DISABLE_SHM": "1",
}
_IN_BOOT = f'mount --bind "$1" {_BOOT_ID} && shift && exec "$@"'


class MovedTime:
    """What time it is in the village: the machine's, and so many seconds more."""

    def __init__(self) -> None:
        self._ahead_s = 0.0

    def reach(self, at: datetime) -> None:
        """Let it be a time of Beijing."""
        self._ahead_s = at.replace(tzinfo=CHINA).timestamp() - time.time()

    def now(self) -> datetime:
        """Return the time in Beijing."""
        return datetime.fromtimestamp(time.time() + self._ahead_s, CHINA).replace(tzinfo=None)

    def environment(self) -> dict[str, str]:
        """Return what a program needs to live at this time to its end."""
        return {**_LIBRARY, "LD_PRELOAD": library(), "FAKETIME": self.ahead}

    @property
    def ahead(self) -> str:
        """How far ahead of the machine's clock it is, as libfaketime takes it."""
        return f"{self._ahead_s:+.3f}"


class MovedCounty(DemoCounty):
    """The county. Its programs go on while its time moves, and see another boot of their machine then."""

    def __init__(self, home: Path, folder: Path, moved: MovedTime) -> None:
        super().__init__(home)
        self._moved = moved
        self._time, self._boot = folder / "county-time", folder / "county-boot"
        self._move()
        self.env |= {
            **_LIBRARY,
            "LD_PRELOAD": library(),
            "FAKETIME_TIMESTAMP_FILE": str(self._time),
            # Each call reads the file, so that all programs go by it at once.
            "FAKETIME_NO_CACHE": "1",
        }
        up = [sys.executable, "-m", "server_broker.cli", "up"]
        command = ["unshare", "--mount", "sh", "-c", _IN_BOOT, "sh", str(self._boot), *up]
        self._up = Process("county", command, log=home / "logs" / "up.log", env=self.env)

    def begin_day(self) -> None:
        """Take over the time.

        Nobody may look at the clock between its boot and its time, so ingest is killed first. The supervisor starts it
        again afterwards.
        """
        os.kill(self._up.pid, signal.SIGSTOP)
        try:
            self.kill9_part("ingest")
            wait_until(lambda: not self.part_pid("ingest"), what="the end of ingest", timeout_s=10)
            self._move()
        finally:
            os.kill(self._up.pid, signal.SIGCONT)

    def _move(self) -> None:
        # What is bound into a namespace is the file and not its name, so it is written in place; the time is found by
        # its name at each call.
        with self._boot.open("r+" if self._boot.exists() else "w", encoding="ascii") as boot:
            boot.write(f"{_new_boot()}\n")
        following = self._time.with_suffix(".next")
        following.write_text(f"{self._moved.ahead}\n", encoding="ascii")
        for file in (self._boot, following):
            file.chmod(0o644)
        following.replace(self._time)


class Boot:
    """What a board has for one boot: the kernel's id of it, and how long it has been on."""

    def __init__(self, folder: Path) -> None:
        self.id = _new_boot()
        self.file = folder / f"boot-{self.id}"
        self.file.write_text(f"{self.id}\n", encoding="ascii")
        self.file.chmod(0o644)
        self.ahead_s = _BOOT_S - int(time.clock_gettime(time.CLOCK_BOOTTIME))


def _new_boot() -> uuid.UUID:
    return uuid.UUID(bytes=secrets.token_bytes(16))


class MovedAgent:
    """The agent's process, inside the namespaces of its board."""

    def __init__(self, station: DemoStation, moved: MovedTime) -> None:
        self._station = station
        self._moved = moved
        self._boot: Boot | None = None
        self._has_line = True
        self._process: Process | None = None

    def boot(self, *, has_line: bool) -> None:
        """Take over the time and begin another boot with the next start."""
        self._boot, self._has_line = Boot(self._station.folder), has_line

    def give_line(self) -> None:
        """From its next start on, in the same boot, the station has its line."""
        self._has_line = True

    @property
    def has_line(self) -> bool:
        """Whether there is a network."""
        return self._has_line

    @property
    def boot_id(self) -> bytes:
        """The id of the boot that is running."""
        assert self._boot is not None
        return self._boot.id.bytes

    def start(self) -> None:
        """Start the agent."""
        if self._boot is None:
            self.boot(has_line=True)
        assert self._boot is not None
        command = [
            *("unshare", "--mount", *([] if self._has_line else ["--net"])),
            *("--time", f"--boottime={self._boot.ahead_s}", "--fork", "--kill-child"),
            *("sh", "-c", _IN_BOOT, "sh", str(self._boot.file)),
            *(sys.executable, "-m", "agent.cli", "run", "--config", str(self._station.config)),
        ]
        log = self._station.folder / "agent.log"
        self._process = Process(self._station.cast.id, command, log=log, env=self._moved.environment())
        self._process.start()

    def stop(self) -> None:
        """End the agent in good order."""
        self._end(signal.SIGTERM)

    def kill9(self) -> None:
        """End the agent as a power cut does."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        for child in _children(process.pid):
            with suppress(ProcessLookupError):
                os.kill(child, how)
        wait_until(lambda: not process.running(), what="the agent's end", timeout_s=_END_S)


def _children(pid: int) -> list[int]:
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()]
    except FileNotFoundError:
        return []


class MovedStation(DemoStation):
    """A station of the village."""

    def __init__(self, cast: CastStation, *, folder: Path, number: int, moved: MovedTime) -> None:
        super().__init__(cast, folder=folder, readers=["simulated"])
        self.number = number
        self.agent = MovedAgent(self, moved)  # type: ignore[assignment]

    @property
    def board(self) -> MovedAgent:
        """The agent's process."""
        return self.agent  # type: ignore[return-value]

    def begin(self) -> None:
        """Start the agent and wait until it takes touches."""
        self.kiosk_socket.unlink(missing_ok=True)
        self.agent.start()
        wait_until(self.kiosk_socket.exists, what=f"the agent of {self.cast.id}", timeout_s=_UP_S)


class MovedVillage:
    """County and stations at the moved time; a context manager."""

    def __init__(self, folder: Path, cast: list[CastStation], moved: MovedTime) -> None:
        folder.chmod(0o755)
        self.folder = folder
        self.moved = moved
        self.cast = cast
        self.county = MovedCounty(folder / "county", folder, moved)
        self.stations = [
            MovedStation(one, folder=folder / "stations" / one.id, number=place, moved=moved)
            for place, one in enumerate(cast)
        ]

    def __enter__(self) -> "MovedVillage":
        try:
            self.county.init()
            self.county.start(timeout_s=_START_S)
            workbook = self.folder / "village-set.xlsx"
            write_workbook(self.cast, workbook)
            self.county.tool("import-people", str(workbook))
            # Equal hours are the whole day: what may wait for the night is fetched at once.
            self.county.tool("setting", "night_until_min", "01:00", "--at", COUNTY)
            # Nothing is learnt of a picture, and a station takes one at each touch.
            self.county.tool("setting", "snapshots", "否", "--at", COUNTY)
            where = self.county.where()
            for station in self.stations:
                station.enrol(url=where["url"], ca=Path(where["ca"]), claim=self.county.claim(station.cast.id))
                station.start_witness()
                station.begin()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *problem: object) -> None:
        self.stop()

    def environment(self) -> dict[str, str]:
        """Return the environment of a program that somebody runs in the village."""
        return {**os.environ, **self.moved.environment()}

    def stop(self) -> None:
        """Stop the stations, then the county."""
        for station in self.stations:
            station.stop()
        self.county.stop()
