"""Whether the county may tell its stations the time, and by which stretch of its clock.

The machine's clock is believed where it is vouched for: the kernel calls it synchronised, or has since the machine
started and the clock ran on without a step; or a person has confirmed it. A county without NTP says so in
``county.toml`` (``clock = "manual"``): then setting the clock by hand vouches for it, and until somebody does it is
believed between a floor and two years after it. Nothing is told below the floor by anybody's word but a person's.

The floor lies in a file beside the generation. It rises by time that truly passed, and to the time of a synchronised
clock; one that stood in the far future for a while raises it no other way. ``cunhui-server clock --confirm`` sets it.

A *run* is a stretch in which the clock went on without a step in one boot of the machine. Runs have names, which
welcomes state, so that what is learnt of a run later corrects what was dated by it.
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
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal, Protocol
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Meta

import server_broker
from protocol.units import BootId, ClockRun, MonoMs
from server_broker.platform.files import write_atomically

_log = logging.getLogger(__name__)

type Mode = Literal["ntp", "manual"]
type Problem = Literal["", "before_floor", "beyond_floor", "unsynchronised"]

STEP_MS = 2_000
DRIFT_PPM = 200
"""Between two looks a clock that nobody sets moves by a crystal's drift and what a time service slews."""
BEYOND_FLOOR = timedelta(days=731)
"""No county rests for two years, while clocks gone wrong lie decades away."""
FLOOR_SLACK_MS = 600_000
"""So far below the floor a clock may be that ran ahead without a time service and was put right."""
CRYSTAL_AT_MOST = 999, 1_000
"""The floor rises by so much of the time that a crystal counts: by what has surely passed."""
AGE_WITHIN = timedelta(days=31)
"""So far beyond the floor a clock may be that nobody vouches for, and still tell what is old enough to be deleted."""
KEEP_EVERY_MS = 300_000

UNVOUCHED, BY_HAND, SYNCHRONISED, CONFIRMED = range(4)
"""Who vouches for a run: nobody, whoever set it by hand, a time service, a person who has looked."""
VOUCHED_WORDS = ("开机后未经校准", "人工校准", "与时间服务器同步", "人工确认")

_FILE = "clock"
_BEIJING = ZoneInfo("Asia/Shanghai")
_STA_UNSYNC = 0x0040
_TIMEX_BYTES = 256
_STATUS_OFFSET = struct.calcsize("@I4l")
"""Where adjtimex(2)'s ``status`` stands: after ``modes`` and four longs."""


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
    """A stretch of the clock: ``wall - mono`` at the last look, who vouches for it, since which ``mono`` it lasts."""

    id: ClockRun
    boot: BootId
    began: MonoMs
    offset: int
    vouched: Annotated[int, Meta(ge=UNVOUCHED, le=CONFIRMED)]


class _Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What the file says. ``floor`` in ms, as it was at ``mono`` of the run's boot."""

    floor: int
    mono: MonoMs
    run: CountyClockRun
    build: int
    """Of the program that kept this: where it is the same, the floor knows better than it."""


@dataclass(frozen=True, slots=True)
class ClockStatus:
    """What the clock is worth now."""

    wall_ms: int
    floor_ms: int
    run: CountyClockRun
    problem: Problem
    ended: CountyClockRun | None = None
    """The run before it in the same boot, until `CountyClock.keep` has kept this one."""

    @property
    def tells(self) -> bool:
        """Whether stations may be told the time."""
        return not self.problem

    @property
    def judges_age(self) -> bool:
        """Whether the clock may say that something is old enough to be deleted, which nothing brings back.

        In a county without NTP a battery is believed for two years when it tells stations the time: that can be put
        right. Here it is believed for `AGE_WITHIN`.
        """
        beyond = timedelta(milliseconds=self.wall_ms - self.floor_ms)
        return self.tells and (self.run.vouched > UNVOUCHED or beyond <= AGE_WITHIN)

    def shown(self) -> str:
        """Return the clock's time in Beijing."""
        return _shown(self.wall_ms)

    def sentence(self) -> str:
        """Return the trouble and its remedy in Chinese."""
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
    return f"{datetime.fromtimestamp(wall_ms / 1000, UTC).astimezone(_BEIJING):%Y-%m-%d %H:%M:%S}"


def build_ms() -> int:
    """Return when this program was installed: the earliest that it can be now."""
    return int(Path(server_broker.__file__).stat().st_mtime * 1000)


class CountyClock:
    """Looks at the machine's clock again and again. Several programs may hold one; the file is what they share."""

    def __init__(self, root: Path, *, machine: MachineClock, mode: Mode, build_ms: int) -> None:
        """Make one for the county whose folder is ``root``."""
        self._path = root / _FILE
        self._machine = machine
        self._mode = mode
        self._build = build_ms
        self._kept: _Kept | None = None
        self._read: tuple[int, int] | None = None
        self._kept_mono: int | None = None
        self._ended: CountyClockRun | None = None

    def look(self) -> ClockStatus:
        """Return what the clock is worth now. Nothing is written; see `keep`."""
        self._reload()
        boot, mono, wall = self._machine.boot_id(), self._machine.mono_ms(), self._machine.wall_ms()
        synchronised = self._machine.synchronised()
        run = self._run(boot, mono, wall - mono, synchronised=synchronised)
        floor = self._floor(boot, mono)
        problem = self._problem(wall, floor, run)
        if synchronised and not problem:
            floor = max(floor, wall)
        self._kept = _Kept(floor=floor, mono=mono, run=run, build=self._build)
        return ClockStatus(wall, floor, run, problem, self._ended)

    def _run(self, boot: bytes, mono: int, offset: int, *, synchronised: bool) -> CountyClockRun:
        """Return the run that goes on, or a new one where the clock was set or the machine has started anew."""
        before, same_boot = self._before(boot, mono)
        vouched = SYNCHRONISED if synchronised else UNVOUCHED
        if before is not None and same_boot:
            moved = abs(offset - before.run.offset)
            if moved <= STEP_MS + (mono - before.mono) * DRIFT_PPM // 1_000_000:
                return msgspec.structs.replace(before.run, offset=offset, vouched=max(vouched, before.run.vouched))
            self._ended = before.run
            if self._mode == "manual":
                vouched = max(vouched, BY_HAND)
        return CountyClockRun(id=secrets.token_bytes(8), boot=boot, began=mono, offset=offset, vouched=vouched)

    def _before(self, boot: bytes, mono: int) -> tuple[_Kept | None, bool]:
        kept = self._kept
        return kept, kept is not None and kept.run.boot == boot and kept.mono <= mono

    def _floor(self, boot: bytes, mono: int) -> int:
        """Return the floor: what was kept, and the time that has truly passed since in the same boot."""
        before, same_boot = self._before(boot, mono)
        if before is None:
            return self._build
        part, of = CRYSTAL_AT_MOST
        floor = before.floor + ((mono - before.mono) * part // of if same_boot else 0)
        return floor if before.build == self._build else max(floor, self._build)

    def _problem(self, wall: int, floor: int, run: CountyClockRun) -> Problem:
        if wall < floor - FLOOR_SLACK_MS:
            return "before_floor"
        if wall > floor + BEYOND_FLOOR // timedelta(milliseconds=1):
            return "beyond_floor"
        if run.vouched == UNVOUCHED and self._mode == "ntp":
            return "unsynchronised"
        return ""

    def may_have_told(self, run: CountyClockRun) -> bool:
        """Tell whether stations may have been told the time by a run."""
        return run.vouched > UNVOUCHED or self._mode == "manual"

    def confirm(self) -> ClockStatus:
        """Note that a person says that the clock is right now: the floor is set by it, also lower. Written at once."""
        with self._alone():
            status = self.look()
            run = msgspec.structs.replace(status.run, vouched=CONFIRMED)
            mono = self._machine.mono_ms()
            self._kept = _Kept(floor=status.wall_ms, mono=mono, run=run, build=self._build)
            self._write()
        return replace(status, floor_ms=status.wall_ms, run=run, problem="")

    def keep(self, *, now: bool = False) -> None:
        """Write what the last look found: every few minutes, or ``now``, when the run has changed.

        What another program has written since that look stands: it knew more, as where a person has confirmed the
        clock. The next look goes on from there.
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
        """Hold the lock on the file's folder: the file itself is another one after each writing."""
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)

    def _reload(self) -> bool:
        """Take up what another program has written since; return whether there was anything."""
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
        return found.st_ino, found.st_mtime_ns
