"""What follows from the lines of the journal of stations: who may connect, and which certificates may not.

A line is one entry in JSON, with a check value, because a changed byte can leave a line that still looks valid. A
damaged line may have been the revocation of any station named before it, so all these stations are *in doubt*.
"""

import zlib
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import msgspec

from server_broker.platform.processes import ServiceError

_CHECK = b',"check":"'
LONG_PAST_DAYS = 100
"""A certificate has ended once the journal was written on so many other days after it was issued. They are more than
its lifetime (`server_broker.trust.authority.STATION_LIFETIME`). Days are counted, and no clock is asked, because by a
clock that is a year ahead every certificate would have ended."""


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


class JournalStation(NamedTuple):
    """What the journal says about one station. The rolls before and after a line share it."""

    enrolled: JournalEntry
    serials: set[str]
    """Only the roll that made the set adds to it (`StationRoll.take`)."""
    superseded: frozenset[str] = frozenset()
    """Serials of the certificates of the station's earlier boards."""
    record_keys: frozenset[str] = frozenset()
    """Record keys of all boards that the station ever had, in hex. The facts that an earlier board signed stay in the
    ledger and are verified by its key."""


def _board(entry: JournalEntry) -> JournalStation:
    return JournalStation(entry, serials={entry.serial}, record_keys=frozenset({entry.record_key}))


class EntryRefused(Exception):
    """The entry may not follow: the station is revoked, or the entry comes from a board that was replaced."""


class JournalDamaged(ServiceError):
    """A line is damaged. Until a person has mended it, no station is enrolled and no certificate is renewed."""


@dataclass
class StationRoll:
    """The roll of stations: what follows from all lines of the journal together."""

    stations: dict[str, JournalStation] = field(default_factory=dict)
    """In the order in which their present boards were enrolled."""
    revoked: dict[str, str] = field(default_factory=dict)
    """For each revoked station when it was revoked, as `journal_time` writes it."""
    revoked_serials: set[str] = field(default_factory=set)
    entries: int = 0
    """Number of lines, including damaged ones."""
    bad_lines: list[int] = field(default_factory=list)
    """Numbers of damaged lines. A torn last line is not one of them: see `is_torn`."""
    in_doubt: set[str] = field(default_factory=set)
    """Stations that are named before a damaged line, which may have revoked them. A station that is enrolled only after
    that line is not in doubt: if the line had revoked it, its enrolment would have been refused (`admits`)."""
    days: set[str] = field(default_factory=set)
    """The dates on which lines were written."""
    issued_on: dict[str, int] = field(default_factory=dict)
    """For each certificate's serial how many dates there were when it was issued."""

    _own: set[str] = field(default_factory=set, compare=False)
    """Stations whose `JournalStation` was made by this roll, so that no other roll has it."""

    def copy(self) -> "StationRoll":
        """Return a roll of its own that later lines can be applied to."""
        return StationRoll(
            dict(self.stations),
            dict(self.revoked),
            set(self.revoked_serials),
            self.entries,
            list(self.bad_lines),
            set(self.in_doubt),
            set(self.days),
            dict(self.issued_on),
        )

    def has_ended(self, serial: str) -> bool:
        """Tell whether the certificate has surely ended, so that nobody has to be told that it is revoked."""
        return len(self.days) - self.issued_on.get(serial, len(self.days)) >= LONG_PAST_DAYS

    def revoked_serials_in_use(self) -> frozenset[str]:
        """Return the serials of revoked certificates that may not have ended yet."""
        return frozenset(serial for serial in self.revoked_serials if not self.has_ended(serial))

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
            self.take(unsealed(line))
        except msgspec.DecodeError:
            self.bad_lines.append(self.entries)
            self.in_doubt |= self.stations.keys()

    def take(self, entry: JournalEntry) -> None:
        """Apply one entry.

        An entry that may not follow (`admits`) can stand in a journal that a person mended. It lets no station in, and
        its certificate is revoked.
        """
        self.days.add(entry.at[:10])
        if entry.serial:
            self.issued_on[entry.serial] = len(self.days)
        known = self.stations.get(entry.station)
        if entry.event == "revoked":
            self.revoked.setdefault(entry.station, entry.at)  # a repeated revocation keeps the first time
            self.revoked_serials |= known.serials if known is not None else set()
        elif not self.admits(entry):
            self.revoked_serials.add(entry.serial)
        elif known is None:
            self._own.add(entry.station)
            self.stations[entry.station] = _board(entry)
        elif entry.event == "renewed":
            if entry.station not in self._own:
                self._own.add(entry.station)
                known = self.stations[entry.station] = known._replace(serials=set(known.serials))
            known.serials.add(entry.serial)
        else:
            # A station has one board at a time, so the certificates of the earlier board end.
            self._own.add(entry.station)
            del self.stations[entry.station]  # its place is the last one now
            board = _board(entry)
            superseded, record_keys = known.superseded | known.serials, known.record_keys | board.record_keys
            self.stations[entry.station] = board._replace(superseded=superseded, record_keys=record_keys)
            self.revoked_serials |= known.serials

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


def sealed(entry: JournalEntry) -> bytes:
    """Return the line of ``entry``, without its end."""
    body = msgspec.json.encode(entry)
    # Put before the closing brace, so that the line is still one JSON object that people and programs can read.
    return body[:-1] + _CHECK + _check_value(body) + b'"}'


def unsealed(line: bytes) -> JournalEntry:
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


def is_torn(last: bytes) -> bool:
    """Tell whether the bytes after the last line end are a line that was never finished.

    A crash or a full disk leaves such a line, and its writer never reported success, so it may be dropped. But a whole
    entry followed by one more byte was finished: that byte was the line end and was damaged later.
    """
    try:
        unsealed(last[:-1])
    except msgspec.DecodeError:
        return True
    return False
