"""Who was taken in and who was cut off, in an append-only file outside the database.

The broker's access list and the revocation list follow from this file alone, so neither a crash between two
writes nor a database restored from an older dump ever lets a revoked station back in.
"""

import datetime as dt
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from server_broker.home import CountyHome
from server_broker.trust.files import sync_folder


class JournalEntry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One line.

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
class KnownStation:
    """What the journal says of one station now."""

    enrolled: JournalEntry
    serials: set[str] = field(default_factory=set)
    record_keys: set[str] = field(default_factory=set)
    """Of all boards that the station ever had, in hex: what an earlier one signed is to be verified for ever."""


class NotTakenIn(Exception):
    """The journal does not take this entry: the station is revoked, or another board has its place."""


@dataclass
class Standing:
    """What follows from the whole journal."""

    stations: dict[str, KnownStation] = field(default_factory=dict)
    revoked: dict[str, str] = field(default_factory=dict)
    """When each revoked station was, as `stamp` writes it."""
    revoked_serials: set[str] = field(default_factory=set)
    entries: int = 0
    bad_lines: list[int] = field(default_factory=list)
    """Numbers of lines that cannot be read, a torn last one apart."""

    def admits(self, entry: JournalEntry) -> bool:
        """Tell whether ``entry`` may follow: nothing takes a revoked station in, and no board renews for another."""
        if entry.event == "revoked":
            return True
        if entry.event == "renewed":
            known = self.stations.get(entry.station)
            if known is None or entry.record_key not in ("", known.enrolled.record_key):
                return False
        return entry.station not in self.revoked

    def take(self, entry: JournalEntry) -> None:
        """Apply one entry. One that should not have been written lets nobody in, and its certificate is revoked."""
        self.entries += 1
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
        record_keys = {entry.record_key}
        if (before := self.stations.get(entry.station)) is not None:
            self.revoked_serials |= before.serials
            record_keys |= before.record_keys
        self.stations[entry.station] = KnownStation(entry, serials={entry.serial}, record_keys=record_keys)

    def live(self) -> dict[str, KnownStation]:
        """Return the stations that may connect."""
        return {name: known for name, known in self.stations.items() if name not in self.revoked}


class StationJournal:
    """The file ``trust/stations.jsonl``."""

    def __init__(self, home: CountyHome) -> None:
        self.path: Path = home.trust / "stations.jsonl"

    def append(self, entry: JournalEntry) -> None:
        """Write ``entry``; it is on disk when this returns.

        Whether it may follow is asked under the lock under which it is written, so a revocation by another thread or
        process comes either before it, and it is refused, or after it, and ends it.

        Raises:
            NotTakenIn: Nothing was written.
            OSError: It does not count; what the disk took of its line is dropped by the next one.
        """
        with self._locked() as descriptor:
            if not self.read().admits(entry):
                raise NotTakenIn(entry.station)
            rest = msgspec.json.encode(entry) + b"\n"
            while rest:
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)

    @contextmanager
    def _locked(self) -> Iterator[int]:
        new = not self.path.exists()
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            _cut_torn_line(descriptor)
            yield descriptor
        finally:
            os.close(descriptor)
        if new:
            sync_folder(self.path.parent)

    def read(self) -> Standing:
        """Return what follows from all whole lines."""
        standing = Standing()
        try:
            raw = self.path.read_bytes()
        except FileNotFoundError:
            return standing
        *lines, _torn = raw.split(b"\n")
        for number, line in enumerate(lines, start=1):
            try:
                standing.take(msgspec.json.decode(line, type=JournalEntry))
            except msgspec.DecodeError:
                standing.bad_lines.append(number)
        return standing


def _cut_torn_line(descriptor: int) -> None:
    """Drop a last line without its end: its writer died before it could tell anyone that it was written."""
    size = os.fstat(descriptor).st_size
    tail = os.pread(descriptor, 4096, max(0, size - 4096))
    if size and not tail.endswith(b"\n"):
        os.ftruncate(descriptor, max(0, size - 4096) + tail.rfind(b"\n") + 1)


def stamp(now: dt.datetime) -> str:
    """Return ``now`` as the journal writes it: ISO 8601 in UTC."""
    return now.astimezone(dt.UTC).isoformat(timespec="seconds")
