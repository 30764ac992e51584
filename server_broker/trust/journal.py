"""Who was taken in and who was cut off, in an append-only file outside the database.

The broker's access list and the revocation list follow from this file alone, so neither a crash between two
writes nor a database restored from an older dump ever lets a revoked station back in.

Nor does a damaged line: it may have been the revocation of any station that stands before it. Each line carries a
check value, so that a byte that changed is seen even where the line still reads well.
"""

import datetime as dt
import fcntl
import os
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from server_broker.platform.files import sync_folder
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.trust.reserve import write_with_reserve

MEND_JOURNAL = (
    "按备份改正 trust/stations.jsonl 的这一行；没有备份时，先用 cunhui-server revoke 重新吊销所有应吊销的站点，"
    "再停止服务、删去这一行"
)
"""What a person is to do about a damaged line."""
_CHECK = b',"check":"'


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One line, but for its check value: the CRC-32 of what stands before it and of the closing brace, in hex.

    ``enrolled`` carries all fields, and a later one of the same station puts another board in the earlier one's place;
    ``renewed`` a further certificate's serial and whose record key asked for it; ``revoked`` ends the station for
    good, also one that was never taken in.
    """

    at: str
    event: Literal["enrolled", "renewed", "revoked"]
    station: str
    serial: str = ""
    record_key: str = ""
    claim: str = ""
    name: str = ""
    village: str = ""
    shard: int = 0


@dataclass
class JournalStation:
    """What the journal says of one station now."""

    enrolled: JournalEntry
    serials: set[str] = field(default_factory=set)
    superseded: set[str] = field(default_factory=set)
    """Serials of the boards that stood in its place before."""
    record_keys: set[str] = field(default_factory=set)
    """Of all boards that the station ever had, in hex: what an earlier one signed is to be verified for ever."""


class EntryRefused(Exception):
    """The journal does not take this entry: the station is revoked, or another board has its place."""


class JournalDamaged(ServiceError):
    """Until a person has mended the journal, nobody is taken in and no certificate renewed."""


@dataclass
class StationRoll:
    """What follows from the whole journal."""

    stations: dict[str, JournalStation] = field(default_factory=dict)
    revoked: dict[str, str] = field(default_factory=dict)
    """When each revoked station was, as `journal_time` writes it."""
    revoked_serials: set[str] = field(default_factory=set)
    entries: int = 0
    """Lines, the damaged ones too."""
    bad_lines: list[int] = field(default_factory=list)
    """Numbers of lines that cannot be read, a torn last one apart."""
    in_doubt: set[str] = field(default_factory=set)
    """Stations that stand before a damaged line. Behind it, nobody stands whom it revoked: see `admits`."""

    def admits(self, entry: JournalEntry) -> bool:
        """Tell whether ``entry`` may follow: nothing takes a revoked station in, and no board renews for another."""
        if entry.event == "revoked":
            return True
        if entry.event == "renewed":
            known = self.stations.get(entry.station)
            if known is None or entry.record_key not in ("", known.enrolled.record_key):
                return False
        return entry.station not in self.revoked

    def read_line(self, line: bytes) -> None:
        """Apply the next line, whatever it holds."""
        self.entries += 1
        try:
            self.take(_unsealed(line))
        except msgspec.DecodeError:
            self.bad_lines.append(self.entries)
            self.in_doubt |= self.stations.keys()

    def take(self, entry: JournalEntry) -> None:
        """Apply one entry. One that should not have been written lets nobody in, and its certificate is revoked."""
        known = self.stations.get(entry.station)
        if entry.event == "revoked":
            self.revoked.setdefault(entry.station, entry.at)
            self.revoked_serials |= known.serials if known is not None else set()
        elif not self.admits(entry):
            self.revoked_serials.add(entry.serial)
        elif entry.event == "enrolled":
            self._take_board(entry)
        elif known is not None:
            known.serials.add(entry.serial)

    def _take_board(self, entry: JournalEntry) -> None:
        known = JournalStation(entry, serials={entry.serial}, record_keys={entry.record_key})
        if (before := self.stations.get(entry.station)) is not None:
            known.superseded = before.superseded | before.serials
            known.record_keys |= before.record_keys
            self.revoked_serials |= before.serials
        self.stations[entry.station] = known

    def damage(self) -> str:
        """Say in Chinese which lines are damaged and what that means; empty where none is."""
        where = "、".join(map(str, self.bad_lines[:5]))
        return f"第 {where} 行损坏；接入和换证书已暂停，已接入的站点照常" if where else ""

    def live(self, *, witnessed: Collection[str] = ()) -> dict[str, JournalStation]:
        """Return the stations that may connect.

        Args:
            witnessed: Those of which something else than the journal says so; who is in doubt must be among them.
        """
        out = self.revoked.keys() | (self.in_doubt - set(witnessed))
        return {name: known for name, known in self.stations.items() if name not in out}


class StationJournal:
    """The file ``trust/stations.jsonl``."""

    def __init__(self, home: CountyHome) -> None:
        self.path: Path = home.trust / "stations.jsonl"

    def append(self, entry: JournalEntry) -> None:
        """Write ``entry``; it is on disk when this returns.

        Whether it may follow is asked under the lock under which it is written, so a revocation by another thread or
        process comes either before it, and it is refused, or after it, and ends it. A revocation may take the room
        that is kept for it on a full disk.

        Raises:
            EntryRefused: Nothing was written.
            JournalDamaged: Likewise; a revocation is always written.
            OSError: It does not count; what the disk took of its line is dropped by the next one.
        """
        if entry.event == "revoked":
            write_with_reserve(self.path.parent, lambda: self._write(entry))
        else:
            self._write(entry)

    def _write(self, entry: JournalEntry) -> None:
        with self._locked() as descriptor:
            self._check_admitted(entry)
            rest = _sealed(entry) + b"\n"
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)

    def _check_admitted(self, entry: JournalEntry) -> None:
        roll = self.read()
        if not roll.admits(entry):
            raise EntryRefused(entry.station)
        if roll.bad_lines and entry.event != "revoked":
            raise JournalDamaged(f"{self.path} is damaged in line {roll.bad_lines[0]}")

    @contextmanager
    def _locked(self) -> Iterator[int]:
        new = not self.path.exists()
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            _end_last_line(descriptor)
            yield descriptor
        finally:
            os.close(descriptor)
        if new:
            sync_folder(self.path.parent)

    def read(self) -> StationRoll:
        """Return what follows from all whole lines."""
        roll = StationRoll()
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return roll
        *lines, last = raw.split(b"\n")
        for line in lines:
            roll.read_line(line)
        if not _is_torn(last):
            roll.read_line(last)
        return roll


def _sealed(entry: JournalEntry) -> bytes:
    body = msgspec.json.encode(entry)
    return body[:-1] + _CHECK + _check_value(body) + b'"}'


def _unsealed(line: bytes) -> JournalEntry:
    """Return the entry of a line, which has a check value or, from before there were any, none.

    Raises:
        msgspec.DecodeError: It is not as it was written.
    """
    before, mark, check = line.rpartition(_CHECK)
    if not mark:
        return msgspec.json.decode(line, type=JournalEntry)
    body = before + b"}"
    if check != _check_value(body) + b'"}':
        raise msgspec.DecodeError("the check value is another")
    return msgspec.json.decode(body, type=JournalEntry)


def _check_value(body: bytes) -> bytes:
    return b"%08x" % zlib.crc32(body)


def _is_torn(last: bytes) -> bool:
    """Tell whether what follows the last line end is what a dying writer leaves, so that nobody was told of it.

    A whole entry with one byte more had its line end, which was damaged later.
    """
    try:
        _unsealed(last[:-1])
    except msgspec.DecodeError:
        return True
    return False


def _end_last_line(descriptor: int) -> None:
    """Drop a torn last line; give one whose end was damaged another end, so that it stays apart from the next."""
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, 4096, max(0, size - 4096))
    last = tail[tail.rfind(b"\n") + 1 :]
    if last and _is_torn(last):
        os.ftruncate(descriptor, size - len(last))
    elif last:
        os.write(descriptor, b"\n")


def journal_time(now: dt.datetime) -> str:
    """Return ``now`` as the journal writes it: ISO 8601 in UTC."""
    return now.astimezone(dt.UTC).isoformat(timespec="seconds")
