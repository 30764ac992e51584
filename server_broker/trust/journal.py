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

    ``enrolled`` carries all fields; ``renewed`` a further certificate's serial and whose record key asked for it;
    ``revoked`` ends the station and all certificates before it. A later ``enrolled`` takes the station in again, with
    a new key.
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
    live: bool = True
    serials: set[str] = field(default_factory=set)
    record_keys: set[str] = field(default_factory=set)
    """Of all boards that the station ever had, in hex: what an earlier one signed is to be verified for ever."""
    revoked_at: str = ""


@dataclass
class Standing:
    """What follows from the whole journal."""

    stations: dict[str, KnownStation] = field(default_factory=dict)
    revoked_serials: set[str] = field(default_factory=set)
    entries: int = 0
    bad_lines: list[int] = field(default_factory=list)
    """Numbers of lines that cannot be read, a torn last one apart."""

    def take(self, entry: JournalEntry) -> None:
        """Apply one entry."""
        self.entries += 1
        known = self.stations.get(entry.station)
        if entry.event == "enrolled":
            record_keys = {entry.record_key}
            if known is not None:
                self.revoked_serials |= known.serials
                record_keys |= known.record_keys
            self.stations[entry.station] = KnownStation(entry, serials={entry.serial}, record_keys=record_keys)
        elif known is not None and entry.event == "renewed":
            if entry.record_key and entry.record_key != known.enrolled.record_key:
                # Another board took this one's place while its renewal was under way.
                self.revoked_serials.add(entry.serial)
                return
            known.serials.add(entry.serial)
            if not known.live:
                self.revoked_serials.add(entry.serial)
        elif known is not None:
            known.live, known.revoked_at = False, entry.at
            self.revoked_serials |= known.serials

    def live(self) -> dict[str, KnownStation]:
        """Return the stations that may connect."""
        return {name: known for name, known in self.stations.items() if known.live}


class StationJournal:
    """The file ``trust/stations.jsonl``."""

    def __init__(self, home: CountyHome) -> None:
        self.path: Path = home.trust / "stations.jsonl"

    def append(self, entry: JournalEntry) -> None:
        """Write ``entry``; it is on disk when this returns.

        Raises:
            OSError: It does not count; what the disk took of its line is dropped by the next one.
        """
        with self._locked() as descriptor:
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
