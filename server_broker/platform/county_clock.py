"""Decide whether the county may tell its stations the time.

A *run* is a stretch in which the machine's clock ran without a step, within one boot. The county believes a run if

- the kernel calls the clock synchronised, or did so earlier in the same run; or
- a person has confirmed the time (``cunhui-server clock --confirm``); or
- the county has no NTP and says so in ``county.toml`` (``clock = "manual"``). Then a clock that was set by hand is
  believed, and so is one that nobody has set since the machine started.

The *floor* is the earliest time that it can be now. The county never tells a time more than 10 minutes below the floor
(`FLOOR_SLACK_MS`), nor one more than two years above it, unless a person confirms it. The floor stands in the file
``clock`` beside the generation. It rises by the time that has surely passed, and to the time of a synchronised clock. A
clock that was wrongly in the far future for a while can't raise it. A confirmation sets the floor to the confirmed
time, even if that is lower.

Each run has an id. Welcomes carry it, so that the county can correct times that stations took from a run if it learns
later that the run was wrong (`server_broker.fleet.clock_runs`).
"""

import ctypes
import fcntl
import logging
import os
import secrets
import struct
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Protocol

import msgspec
from msgspec import Meta

import server_broker
from protocol.china_time import china_time
from protocol.units import BootId, ClockRun, MonoMs
from server_broker.platform.files import write_atomically

_log = logging.getLogger(__name__)

type ClockMode = Literal["ntp", "manual"]
CLOCK_WORDS: dict[ClockMode, str] = {"ntp": "由时间服务校准", "manual": "由人校准"}
type Problem = Literal["", "before_floor", "beyond_floor", "unsynchronised"]

STEP_MS = 2_000
DRIFT_PPM = 200
"""The clock was set if it moved by more than `STEP_MS` plus `DRIFT_PPM` of the time between two looks. The drift of a
crystal and a time service that slews the clock stay below that."""
BEYOND_FLOOR = timedelta(days=731)
"""Two years: no county is switched off for so long, while a clock that has gone wrong is decades away."""
FLOOR_SLACK_MS = 600_000
"""How far below the floor the clock may be: it may have run ahead without a time service, and was then put right."""
CRYSTAL_AT_MOST = 1_000_000 - DRIFT_PPM, 1_000_000
"""The floor rises by this part of the monotonic time: a crystal may be fast, and the floor must not pass the time."""
AGE_WITHIN = timedelta(days=31)
"""How far above the floor a clock that nobody vouches for may be and still decide what is old enough to be deleted."""
UNSYNCHRONISED_FOR_MS = 600_000
"""A machine that has just started needs some time to reach its time service. Nobody is alarmed before."""
KEEP_EVERY_MS = 300_000
"""The file is written this often. After a crash the floor is at most so much lower than it was."""

UNVOUCHED, BY_HAND, SYNCHRONISED, CONFIRMED = range(4)
"""Who vouches for a run: nobody, the person who set it by hand, a time service, or a person who has confirmed it."""
VOUCHED_WORDS = ("开机后未经校准", "人工校准", "与时间服务器同步", "人工确认")

_FILE = "clock"
_STA_UNSYNC = 0x0040
_TIMEX_BYTES = 256
_STATUS_OFFSET = struct.calcsize("@I4l")
"""Offset of ``status`` in the struct of adjtimex(2): it comes after ``modes`` and four longs."""


class MachineClock(Protocol):
    """The machine's clocks."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970, by CLOCK_REALTIME."""

    def mono_ms(self) -> int:
        """Milliseconds since the machine started, by CLOCK_BOOTTIME."""

    def boot_id(self) -> bytes:
        """16 bytes that name this boot."""

    def synchronised(self) -> bool:
        """Whether the kernel says that a time service disciplines the clock (adjtimex(2): not STA_UNSYNC)."""


class LinuxMachineClock:
    """Implements `MachineClock`."""

    def wall_ms(self) -> int:
        """Milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    def mono_ms(self) -> int:
        """Milliseconds of CLOCK_BOOTTIME."""
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000

    def boot_id(self) -> bytes:
        """The kernel's id of this boot."""
        return uuid.UUID(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()).bytes

    def synchronised(self) -> bool:
        """Whether the kernel calls its clock synchronised; False where it can't be asked."""
        timex = ctypes.create_string_buffer(_TIMEX_BYTES)
        if ctypes.CDLL(None, use_errno=True).adjtimex(timex) < 0:
            return False
        (status,) = struct.unpack_from("@i", timex, _STATUS_OFFSET)
        return not status & _STA_UNSYNC


class CountyClockRun(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch in which the clock ran without a step.

    Attributes:
        began: Monotonic ms of the machine at which the run began.
        offset: Wall minus monotonic time in ms, at the last look.
        vouched: Who vouches for it: `UNVOUCHED` to `CONFIRMED`.
        below: Whether it was found below the floor. It stays so until a person confirms it: the floor falls behind true
            time a little, and a clock that is slow does not become right by waiting.
        told: The latest time in ms since 1970 at which a look found that stations may be told the time; 0 if none did.
    """

    id: ClockRun
    boot: BootId
    began: MonoMs
    offset: int
    vouched: Annotated[int, Meta(ge=UNVOUCHED, le=CONFIRMED)]
    below: bool = False
    told: int = 0


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """The file's content. ``floor`` is in ms, as it was at the monotonic time ``mono`` of the run's boot."""

    floor: int
    mono: MonoMs
    run: CountyClockRun
    build: int
    """`build_ms` of the program that wrote this. After an upgrade the floor rises to the new program's build."""
    earlier: CountyClockRun | None = None
    """The last run of the machine's boot before this one."""


@dataclass(frozen=True, slots=True)
class ClockStatus:
    """Whether the clock can be believed now, and why not."""

    wall_ms: int
    floor_ms: int
    run: CountyClockRun
    problem: Problem
    ended: CountyClockRun | None = None
    """The run before this one in the same boot; None once `CountyClock.keep` was called for this run."""
    earlier: CountyClockRun | None = None
    """The last run of the boot before this one, as it was when the file was last written in it."""
    untold_for_ms: int = 0
    """For how long stations have not been told the time; 0 if they are. By the monotonic clock, as the time is in
    doubt."""

    @property
    def is_settling(self) -> bool:
        """Whether the machine has only just started, and may yet reach its time service."""
        return self.problem == "unsynchronised" and self.untold_for_ms < UNSYNCHRONISED_FOR_MS

    @property
    def tells(self) -> bool:
        """Whether stations may be told the time."""
        return not self.problem

    @property
    def judges_age(self) -> bool:
        """Whether the clock may decide that something is old enough to be deleted.

        A county without NTP believes a clock that nobody set up to two years above the floor when it tells stations
        the time, because a wrong time can be corrected later. A deletion can't be undone, so its limit is `AGE_WITHIN`.
        """
        beyond = timedelta(milliseconds=self.wall_ms - self.floor_ms)
        return self.tells and (self.run.vouched > UNVOUCHED or beyond <= AGE_WITHIN)

    def shown(self) -> str:
        """Return the clock's time as Beijing time."""
        return _shown(self.wall_ms)

    def sentence(self) -> str:
        """Return the problem and its remedy in Chinese; empty if there is none."""
        said, floor = _shown(self.wall_ms), _shown(self.floor_ms)
        confirm = "确认时间无误后运行 cunhui-server clock --confirm"
        match self.problem:
            case "before_floor":
                return (
                    f"本机时间 {said}，早于已知的最早时间 {floor}：可能主板电池没电，或曾被调到将来。"
                    f"暂不向站点授时，打卡照常记录；请校正本机时间，{confirm}"
                )
            case "beyond_floor":
                return (
                    f"本机时间 {said}，比上次可信的时间 {floor} 晚两年以上。"
                    f"暂不向站点授时，打卡照常记录；请校正本机时间，{confirm}"
                )
            case "unsynchronised":
                return (
                    f"本机开机后时钟还没有与时间服务器同步（现为 {said}）。暂不向站点授时，打卡照常记录；"
                    "请检查 systemd-timesyncd 或 chrony。不能联网校时的县，"
                    f'在 county.toml 写 clock = "manual" 并重新启动，或{confirm}'
                )
        if not self.judges_age:
            return (
                f"本机时间 {said} 没有人校准或确认，比上次可信的时间 {floor} 晚 {AGE_WITHIN.days} 天以上。"
                f"照常向站点授时，但暂不删除到期的图片和旧记录；请核对本机时间，{confirm}"
            )
        return ""


def _shown(wall_ms: int) -> str:
    return f"{china_time(wall_ms):%Y-%m-%d %H:%M:%S}"


def build_ms() -> int:
    """Return when this program was installed, in ms since 1970: it can't be earlier now."""
    return int(Path(server_broker.__file__).stat().st_mtime * 1000)


class CountyClock:
    """Judges the machine's clock. Several programs may have one at the same time; they share the file ``clock``."""

    def __init__(self, root: Path, *, machine: MachineClock, mode: ClockMode, build_ms: int) -> None:
        """Use the file in the county's folder ``root``.

        Args:
            build_ms: When the program was installed, see `build_ms`.
        """
        self._path = root / _FILE
        self._machine = machine
        self._mode = mode
        self._build = build_ms
        self._kept: _Kept | None = None
        self._read: tuple[int, int] | None = None
        self._kept_mono: int | None = None
        self._ended: CountyClockRun | None = None

    def look(self) -> ClockStatus:
        """Look at the machine's clock and return its status. Nothing is written; see `keep`."""
        self._reload()
        boot, mono, wall = self._machine.boot_id(), self._machine.mono_ms(), self._machine.wall_ms()
        synchronised = self._machine.synchronised()
        run = self._run(boot, mono, wall - mono, synchronised=synchronised)
        floor = self._floor(boot, mono)
        problem = self._problem(wall, floor, run)
        # Not if there is a problem: a time service that is years ahead must not raise the floor.
        if synchronised and not problem:
            floor = max(floor, wall)
        # The last look that found it well may have been long ago, but not before the run.
        untold_for = mono - max(run.began, run.told - run.offset) if problem else 0
        run = msgspec.structs.replace(run, told=run.told if problem else wall, below=problem == "before_floor")
        earlier = self._earlier(boot, mono)
        self._kept = _Kept(floor=floor, mono=mono, run=run, build=self._build, earlier=earlier)
        return ClockStatus(wall, floor, run, problem, self._ended, earlier, max(0, untold_for))

    def _run(self, boot: bytes, mono: int, offset: int, *, synchronised: bool) -> CountyClockRun:
        """Return the current run; a new one if the clock was set or the machine has restarted."""
        before, same_boot = self._before(boot, mono)
        vouched = SYNCHRONISED if synchronised else UNVOUCHED
        if before is not None and same_boot:
            moved = abs(offset - before.run.offset)
            if moved <= STEP_MS + (mono - before.mono) * DRIFT_PPM // 1_000_000:
                # Vouched for once, vouched for until the run ends: without its time service the clock only drifts.
                return msgspec.structs.replace(before.run, offset=offset, vouched=max(vouched, before.run.vouched))
            self._ended = before.run
            # Without NTP only a person sets the clock, so a step is that person's word for the new time.
            if self._mode == "manual":
                vouched = max(vouched, BY_HAND)
        return CountyClockRun(id=secrets.token_bytes(8), boot=boot, began=mono, offset=offset, vouched=vouched)

    def _before(self, boot: bytes, mono: int) -> tuple[_Kept | None, bool]:
        kept = self._kept
        # A monotonic time that went back is another boot, even if the kernel gave it the same id (a restored machine).
        return kept, kept is not None and kept.run.boot == boot and kept.mono <= mono

    def _earlier(self, boot: bytes, mono: int) -> CountyClockRun | None:
        before, same_boot = self._before(boot, mono)
        return None if before is None else before.earlier if same_boot else before.run

    def _floor(self, boot: bytes, mono: int) -> int:
        """Return the floor: the one that was kept, plus the time that has surely passed since then in the same boot."""
        before, same_boot = self._before(boot, mono)
        if before is None:
            return self._build
        part, of = CRYSTAL_AT_MOST
        floor = before.floor + ((mono - before.mono) * part // of if same_boot else 0)
        return floor if before.build == self._build else max(floor, self._build)

    def _problem(self, wall: int, floor: int, run: CountyClockRun) -> Problem:
        if run.below or wall < floor - FLOOR_SLACK_MS:
            return "before_floor"
        if wall > floor + BEYOND_FLOOR // timedelta(milliseconds=1):
            return "beyond_floor"
        if run.vouched == UNVOUCHED and self._mode == "ntp":
            return "unsynchronised"
        return ""

    def may_have_told(self, run: CountyClockRun) -> bool:
        """Tell whether the county may have told stations the time during ``run``."""
        # With "ntp" a run that nobody vouches for is never told (`_problem`).
        return run.vouched > UNVOUCHED or self._mode == "manual"

    def confirm(self) -> ClockStatus:
        """Note that a person says that the clock is right. The floor becomes its time, even if that is lower.

        The file is written at once, and other programs see the confirmation at their next look.
        """
        with self._alone():
            status = self.look()
            # Judged by `look` and then overruled: a person knows more than the floor does.
            run = msgspec.structs.replace(status.run, vouched=CONFIRMED, below=False, told=status.wall_ms)
            mono = self._machine.mono_ms()
            self._kept = _Kept(floor=status.wall_ms, mono=mono, run=run, build=self._build, earlier=status.earlier)
            self._write()
        return replace(status, floor_ms=status.wall_ms, run=run, problem="")

    def keep(self, *, now: bool = False) -> None:
        """Write the result of the last look to the file, at most every `KEEP_EVERY_MS`.

        If another program has written the file since that look, its content stays, because it may hold a person's
        confirmation. The next look goes on from there.

        Args:
            now: Write in any case, because the run has changed.
        """
        mono = self._machine.mono_ms()
        if not now and self._kept_mono is not None and 0 <= mono - self._kept_mono < KEEP_EVERY_MS:
            return
        self._kept_mono = mono
        self._ended = None
        try:
            with self._alone():
                if not self._reload():
                    self._write()
        except OSError as error:
            _log.warning("the floor of the clock was not kept: %s", error)

    def _write(self) -> None:
        if self._kept is not None:
            write_atomically(self._path, msgspec.json.encode(self._kept))
            self._read = self._stamp()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold a lock on the file's folder. The file itself can't carry the lock, because each write replaces it."""
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _reload(self) -> bool:
        """Read the file if another program has written it since, and return whether that was so."""
        stamp = self._stamp()
        if stamp is None or stamp == self._read:
            return False
        self._read = stamp
        try:
            self._kept = msgspec.json.decode(self._path.read_bytes(), type=_Kept)
        except (OSError, msgspec.DecodeError) as error:
            _log.warning("the kept floor of the clock can't be read: %s", error)
            return False
        return True

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = self._path.stat()
        except FileNotFoundError:
            return None
        # Each write makes a new file, so its inode changes even if two writes come within one tick of the file's clock.
        return found.st_ino, found.st_mtime_ns
