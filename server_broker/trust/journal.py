"""The journal of stations: which were enrolled, renewed and revoked, in an append-only file outside the database.

The broker's access list and the revocation list are made from this file alone. So a revoked station can't come back
after a crash between two writes, nor after the database is restored from an older dump.

A damaged line can't bring it back either. The line may have been the revocation of any station named before it, so
all these stations are *in doubt* (`StationRoll.in_doubt`). Each line carries a check value, because a changed byte can
leave a line that still looks valid.
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
"""Chinese: what a person must do about a damaged line."""
_CHECK = b',"check":"'


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One line of the journal, without its check value.

    Events:

    - ``enrolled``: all fields are set. A later one of the same station replaces the earlier board by another.
    - ``renewed``: ``serial`` of the new certificate, and ``record_key`` of the board that asked for it.
    - ``revoked``: the station is out for good. It may never have been enrolled.

    The check value is the CRC-32, in hex, of the line's JSON without the check value.
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
    """What the journal says about one station."""

    enrolled: JournalEntry
    serials: set[str] = field(default_factory=set)
    superseded: set[str] = field(default_factory=set)
    """Serials of the certificates of the station's earlier boards."""
    record_keys: set[str] = field(default_factory=set)
    """Record keys of all boards that the station ever had, in hex. The facts that an earlier board signed stay in the
    ledger and are verified by its key."""


class EntryRefused(Exception):
    """The entry may not follow: the station is revoked, or the entry comes from a board that was replaced."""


class JournalDamaged(ServiceError):
    """A line is damaged. Until a person has mended it, no station is enrolled and no certificate is renewed."""


@dataclass
class StationRoll:
    """The roll of stations: what follows from all lines of the journal together."""

    stations: dict[str, JournalStation] = field(default_factory=dict)
    revoked: dict[str, str] = field(default_factory=dict)
    """For each revoked station when it was revoked, as `journal_time` writes it."""
    revoked_serials: set[str] = field(default_factory=set)
    entries: int = 0
    """Number of lines, including damaged ones."""
    bad_lines: list[int] = field(default_factory=list)
    """Numbers of damaged lines. A torn last line is not one of them: see `_is_torn`."""
    in_doubt: set[str] = field(default_factory=set)
    """Stations that are named before a damaged line, which may have revoked them. A station that is enrolled only after
    that line is not in doubt: if the line had revoked it, its enrolment would have been refused (`admits`)."""

    def admits(self, entry: JournalEntry) -> bool:
        """Tell whether ``entry`` may follow.

        A revoked station is never enrolled or renewed, and only a station's present board renews its certificate.
        """
        if entry.event == "revoked":
            return True
        if entry.event == "renewed":
            known = self.stations.get(entry.station)
            if known is None or entry.record_key not in ("", known.enrolled.record_key):
                return False
        return entry.station not in self.revoked

    def read_line(self, line: bytes) -> None:
        """Apply the next line, which may be damaged."""
        self.entries += 1
        try:
            self.take(_unsealed(line))
        except msgspec.DecodeError:
            self.bad_lines.append(self.entries)
            self.in_doubt |= self.stations.keys()

    def take(self, entry: JournalEntry) -> None:
        """Apply one entry.

        An entry that may not follow (`admits`) can stand in a journal that a person mended. It lets no station in, and
        its certificate is revoked.
        """
        known = self.stations.get(entry.station)
        if entry.event == "revoked":
            self.revoked.setdefault(entry.station, entry.at)  # a repeated revocation keeps the first time
            self.revoked_serials |= known.serials if known is not None else set()
        elif not self.admits(entry):
            self.revoked_serials.add(entry.serial)
        elif entry.event == "enrolled":
            board = JournalStation(entry, serials={entry.serial}, record_keys={entry.record_key})
            # A station has one board at a time, so the certificates of the earlier board end.
            if known is not None:
                board.superseded = known.superseded | known.serials
                board.record_keys |= known.record_keys
                self.revoked_serials |= known.serials
            self.stations[entry.station] = board
        elif known is not None:
            known.serials.add(entry.serial)

    def damage(self) -> str:
        """Return in Chinese which lines are damaged and what that means; empty if none is."""
        where = "、".join(map(str, self.bad_lines[:5]))
        return f"第 {where} 行损坏；接入和换证书已暂停，已接入的站点照常" if where else ""

    def live(self, *, witnessed: Collection[str] = ()) -> dict[str, JournalStation]:
        """Return the stations that may connect.

        Args:
            witnessed: Stations that may connect by another source: the broker's present list. A station in doubt is
                returned only if it is among them, so that a damaged line never lets a station in.
        """
        out = self.revoked.keys() | (self.in_doubt - set(witnessed))
        return {name: known for name, known in self.stations.items() if name not in out}


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
            OSError: The entry does not count. If a part of its line was written, the next entry removes it.
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
            rest = _sealed(entry) + b"\n"
            # A write may take a part of the bytes; on a full disk the next one then raises.
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)

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
        # fsync of a new file does not make its name in the folder durable (fsync(2)).
        if new:
            sync_folder(self.path.parent)

    def read(self) -> StationRoll:
        """Return the roll that follows from all lines. A torn last line is left out."""
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
    # Put before the closing brace, so that the line is still one JSON object that people and programs can read.
    return body[:-1] + _CHECK + _check_value(body) + b'"}'


def _unsealed(line: bytes) -> JournalEntry:
    """Return the entry of a line. Lines of early versions have no check value.

    Raises:
        msgspec.DecodeError: The line is not as it was written.
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
    """Tell whether the bytes after the last line end are a line that was never finished.

    A crash or a full disk leaves such a line, and its writer never reported success, so it may be dropped. But a whole
    entry followed by one more byte was finished: that byte was the line end and was damaged later.
    """
    try:
        _unsealed(last[:-1])
    except msgspec.DecodeError:
        return True
    return False


def _end_last_line(descriptor: int) -> None:
    """Remove a torn last line. If a whole line has lost its line end, add one, so that the next line stands apart."""
    size = os.fstat(descriptor).st_size
    # A line has a few hundred bytes, so 4096 hold the whole last one.
    tail = os.pread(descriptor, 4096, max(0, size - 4096))
    last = tail[tail.rfind(b"\n") + 1 :]
    if last and _is_torn(last):
        os.ftruncate(descriptor, size - len(last))
    elif last:
        os.write(descriptor, b"\n")


def journal_time(now: dt.datetime) -> str:
    """Return ``now`` as the journal writes it: ISO 8601 in UTC."""
    return now.astimezone(dt.UTC).isoformat(timespec="seconds")
