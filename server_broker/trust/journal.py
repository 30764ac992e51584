"""The journal of stations: which were enrolled, renewed and revoked, in an append-only file outside the database.

The broker's list of stations and its revocation list are made from this file, and never from the database. So a
revoked station can't come back after a crash between two writes, nor after the database is restored from an older dump.
A damaged line can't bring it back either, because the lists that are on disk count too then
(`server_broker.broker.mosquitto.access`).

A process reads the file once. After that it reads what is new.
"""

import datetime as dt
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from server_broker.platform.files import sync_folder, write_atomically
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import Account
from server_broker.trust.reserve import write_with_reserve
from server_broker.trust.station_roll import (
    EntryRefused,
    JournalDamaged,
    JournalEntry,
    JournalStation,
    StationRoll,
    is_torn,
    sealed,
    unsealed,
)

__all__ = [
    "MEND_JOURNAL",
    "EntryRefused",
    "JournalDamaged",
    "JournalEntry",
    "JournalStation",
    "StationJournal",
    "StationRoll",
    "journal_time",
]

MEND_JOURNAL = (
    "按备份改正 trust/stations.jsonl 的这一行；没有备份时，先用 cunhui-server revoke 重新吊销所有应吊销的站点，"
    "再停止服务、删去这一行"
)
"""Chinese: what a person must do about a damaged line."""
COMPACTED_FROM_LINES = 2000
"""A smaller journal is read in some milliseconds, so it stays as it is."""
WHOLE_EVERY_S = 3600.0
"""Seconds after which the whole file is read again. A line that was changed in its place without a change of the size,
right before others were added, is seen no later."""
_TAIL_BYTES = 4096
"""A line has a few hundred bytes, so the tail holds the whole last one."""


@dataclass(frozen=True)
class _Reading:
    """What a process has read of a journal: all whole lines, which end at byte ``end``.

    Attributes:
        tail: The last bytes before ``end``.
        read_at: When the whole file was read, by the monotonic clock.
    """

    inode: int
    size: int
    mtime_ns: int
    end: int
    tail: bytes
    roll: StationRoll
    read_at: float


_readings: Final[dict[Path, _Reading]] = {}
"""Of this process, because each use makes a `StationJournal` of its own. A process has one county."""


class StationJournal:
    """The file ``trust/stations.jsonl``."""

    def __init__(self, home: CountyHome) -> None:
        self.path: Path = home.trust / "stations.jsonl"

    def append(self, entry: JournalEntry) -> None:
        """Write ``entry``; it is on disk when this returns.

        One lock covers both steps: the check that the entry may follow the last one, and the write. So a revocation by
        another thread or process comes either before it, and this entry is refused, or after it, and ends the station.
        On a full disk a revocation uses the space that is reserved for it (`server_broker.trust.reserve`).

        Raises:
            EntryRefused: Nothing was written.
            JournalDamaged: Nothing was written. A revocation is written even to a damaged journal.
            OSError: The entry does not count, because what was written of it was taken back. If the disk refuses that
                too, a whole line counts, for as long as it is there; a part of a line is removed by the next entry.
        """
        if entry.event == "revoked":
            write_with_reserve(self.path.parent, lambda: self._write(entry))
        else:
            self._write(entry)

    def _write(self, entry: JournalEntry) -> None:
        with self._locked() as descriptor:
            roll = self.read()
            if not roll.admits(entry):
                raise EntryRefused(entry.station)
            # A damaged line may have revoked this station. A revocation is safe to add whatever the line held.
            if roll.bad_lines and entry.event != "revoked":
                raise JournalDamaged(f"{self.path} is damaged in line {roll.bad_lines[0]}")
            end = os.fstat(descriptor).st_size
            try:
                rest = sealed(entry) + b"\n"
                # A write may take a part of the bytes; on a full disk the next one then raises.
                while rest:
                    rest = rest[os.write(descriptor, rest) :]
                os.fsync(descriptor)
            except OSError:
                # A line that may not be on the disk would count for all readers until the machine starts anew.
                with suppress(OSError):
                    os.ftruncate(descriptor, end)
                raise

    @contextmanager
    def _locked(self) -> Iterator[int]:
        new = not self.path.exists()
        descriptor = self._open_locked()
        try:
            _end_last_line(descriptor)
            yield descriptor
        finally:
            os.close(descriptor)
        # fsync of a new file does not make its name in the folder durable (fsync(2)).
        if new:
            sync_folder(self.path.parent)

    def _open_locked(self) -> int:
        while True:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                # While this process waited for the lock, another may have put a compacted file in this one's place. A
                # line that was added to the old file would be lost.
                if os.fstat(descriptor).st_ino == self.path.stat().st_ino:
                    return descriptor
            except FileNotFoundError:  # its name is gone
                pass
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)

    def read(self) -> StationRoll:
        """Return the roll that follows from all lines. A torn last line is left out. Nobody may change the roll.

        Only what is new is read, unless the file was shortened, replaced or changed.
        """
        try:
            with self.path.open("rb") as file:
                return self._read(file.fileno())
        except FileNotFoundError:
            _readings.pop(self.path, None)
            return StationRoll()

    def _read(self, descriptor: int) -> StationRoll:
        known = _readings.get(self.path)
        found = os.fstat(descriptor)
        if known is None or not _goes_on(known, descriptor, found):
            known = _Reading(0, 0, 0, 0, b"", StationRoll(), time.monotonic())
        *lines, last = _bytes_from(descriptor, known.end).split(b"\n")
        if lines:
            roll = known.roll.copy()
            for line in lines:
                roll.read_line(line)
            new = b"".join(line + b"\n" for line in lines)
            end, tail = known.end + len(new), (known.tail + new)[-_TAIL_BYTES:]
        else:
            roll, end, tail = known.roll, known.end, known.tail
        _readings.clear()  # tests have many counties, one after the other
        _readings[self.path] = _Reading(found.st_ino, found.st_size, found.st_mtime_ns, end, tail, roll, known.read_at)
        if not is_torn(last):
            roll = roll.copy()
            roll.read_line(last)
        return roll

    def compact(self) -> int:
        """Leave out the renewals of certificates that have surely ended, and return how many lines went.

        All other lines stay as they are and in their order, so that whatever is damaged later puts the same stations in
        doubt. Nothing is done with a small journal, with a damaged one, or while less than half of it would go. Readers
        see the old file or the new one, and so does whoever comes after a crash.

        Raises:
            OSError: The new file could not be written; the old one stays.
            JournalDamaged: The new file would say something else; the old one stays.
        """
        if not _is_worth_it(self.read()):
            return 0
        with self._locked() as descriptor:
            roll = self.read()
            if roll.bad_lines:
                return 0
            lines = _bytes_from(descriptor, 0).splitlines()
            kept = [line for line in lines if not _is_past(unsealed(line), roll)]
            _check_same(roll, kept)
            found = os.fstat(descriptor)
            account = Account(found.st_uid, found.st_gid) if os.geteuid() == 0 else None
            write_atomically(self.path, b"\n".join(kept) + b"\n", mode=found.st_mode & 0o777, account=account)
        return len(lines) - len(kept)


def _goes_on(known: _Reading, descriptor: int, found: os.stat_result) -> bool:
    """Tell whether the file is still the one that was read, with nothing but lines added."""
    if found.st_ino != known.inode or time.monotonic() - known.read_at > WHOLE_EVERY_S:
        return False
    if found.st_size == known.size and found.st_mtime_ns != known.mtime_ns:
        return False  # changed in its place
    return os.pread(descriptor, len(known.tail), known.end - len(known.tail)) == known.tail


def _bytes_from(descriptor: int, place: int) -> bytes:
    parts = []
    while part := os.pread(descriptor, 1 << 20, place):
        parts.append(part)
        place += len(part)
    return b"".join(parts)


def _is_worth_it(roll: StationRoll) -> bool:
    if roll.entries < COMPACTED_FROM_LINES or roll.bad_lines:
        return False
    ended = sum(roll.has_ended(serial) for serial in roll.issued_on)
    stays = sum(roll.has_ended(one.enrolled.serial) for one in roll.stations.values())
    return 2 * (ended - stays) >= roll.entries


def _is_past(entry: JournalEntry, roll: StationRoll) -> bool:
    return entry.event == "renewed" and roll.has_ended(entry.serial)


def _check_same(roll: StationRoll, lines: list[bytes]) -> None:
    """Raise JournalDamaged unless ``lines`` say the same as ``roll`` of who may connect and who may not."""
    new = StationRoll()
    for line in lines:
        new.read_line(line)
    boards = {name: (one.enrolled, one.record_keys) for name, one in roll.stations.items()}
    same = (
        boards == {name: (one.enrolled, one.record_keys) for name, one in new.stations.items()}
        and roll.revoked == new.revoked
        and roll.revoked_serials_in_use() <= new.revoked_serials_in_use()
        and not new.bad_lines
    )
    if not same:
        raise JournalDamaged("the compacted journal would say something else")


def _end_last_line(descriptor: int) -> None:
    """Remove a torn last line. If a whole line has lost its line end, add one, so that the next line stands apart."""
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, _TAIL_BYTES, max(0, size - _TAIL_BYTES))
    last = tail[tail.rfind(b"\n") + 1 :]
    if last and is_torn(last):
        os.ftruncate(descriptor, size - len(last))
    elif last:
        os.write(descriptor, b"\n")


def journal_time(now: dt.datetime) -> str:
    """Return ``now`` as the journal writes it: ISO 8601 in UTC."""
    return now.astimezone(dt.UTC).isoformat(timespec="seconds")
