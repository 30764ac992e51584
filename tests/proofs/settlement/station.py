"""A station of the proof: it states what it lived through, with its own clock, and sends it when the proof says so."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from protocol.china_time import CHINA
from protocol.envelope import SENT_FACT_BYTES, SENT_FACTS
from protocol.facts import (
    Booted,
    ClockCorrected,
    DirectionChosen,
    EpochOpened,
    Fact,
    FactsLost,
    Reissued,
    Touch,
    WindowClosed,
)
from protocol.facts_station import ReaderBack, ReaderLost, ShutDown
from protocol.units import ClockQuality, FactRef, Moment
from server_broker.ingest.messages import Incoming
from tests.proofs.settlement.office import Story
from tests.reckoning.worlds_stations import Happening
from tests.server_broker.station_double import StationDouble

type Values = dict[str, Any]

HELD_FIRST = "refused_by_database"
"""Why the county holds what it reads only later."""
CARRIER, NEW = "reissued", "new"
"""Kinds: a fact that carries one of an earlier stream; one that no county can read yet."""
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - local, as every time of a case
_AHEAD_MS = 8 * 3_600_000
_READER = "simulated"
_UNREADABLE = b"\x81\xa4kind\xa7someday"
_MILLISECOND = timedelta(milliseconds=1)


def aware(at: datetime) -> datetime:
    """Return a local time as an aware one."""
    return at.replace(tzinfo=CHINA)


def local(at: datetime) -> datetime:
    """Return an aware time as a local one."""
    return at.astimezone(CHINA).replace(tzinfo=None)


def milliseconds(at: datetime) -> int:
    """Return the milliseconds since 1970 (UTC) of a local time."""
    return (at - _EPOCH) // _MILLISECOND - _AHEAD_MS


def token_of(township: str, card: str) -> bytes:
    """Return the token by which a card of a township is known."""
    return hashlib.sha256(f"{township} {card}".encode()).digest()[:16]


@dataclass
class Stated:
    """One fact, with what truly was and what the station's clock said."""

    epoch: int
    """1 for the station's first stream."""
    seq: int
    kind: str
    at: datetime
    said: datetime
    knows: bool
    """The clock's own word is that it knows the time."""
    boot: int
    more: Values
    received: datetime | None = None
    """When the county had it."""


class Station:
    """One station: what it lives through becomes facts of its stream, one after another."""

    def __init__(self, township: str, story: Story, seed: str) -> None:
        self.name = f"{township}-{story.village}"
        self.story = story
        self.stated: list[Stated] = []
        self.boots: list[tuple[bytes, datetime]] = []
        """Each with its id and its beginning."""
        self.dead: Values = {}
        self._township = township
        self._draw = Random(f"{seed} {self.name}")
        key = Ed25519PrivateKey.from_private_bytes(self._draw.randbytes(32))
        self._streams = [StationDouble(id=self.name, key=key, epoch=self._draw.randbytes(16))]
        self._lived = 0
        self._place_of: dict[int, tuple[int, int]] = {}
        """Epoch and seq of the fact that a happening became."""

    @property
    def public(self) -> bytes:
        """The key by which its records are known."""
        return self._stream.public

    @property
    def _stream(self) -> StationDouble:
        return self._streams[-1]

    def epoch_of(self, one: Stated) -> bytes:
        """Return the id of the stream in which it stated something."""
        return self._streams[one.epoch - 1].epoch

    def send(self, until: datetime, now: datetime) -> Iterator[tuple[Incoming, str]]:
        """Yield what it has not sent yet of what it stated until then, in envelopes, each with why it is to be held.

        Args:
            now: When the county takes it.
        """
        self._live_until(until)
        waiting = [one for one in self._unsent() if one.at <= until]
        first = 0
        while first < len(waiting):
            last = first
            alone = is_held_first(waiting[first], now)
            room = SENT_FACT_BYTES - self._size_of(waiting[first])
            while not alone and last + 1 < len(waiting) and not is_held_first(waiting[last + 1], now):
                room -= self._size_of(waiting[last + 1])
                if room < 0 or last + 1 - first == SENT_FACTS:
                    break
                last += 1
            for one in waiting[first : last + 1]:
                one.received = now
                if one.kind == CARRIER:
                    one.more["carries"].received = now
            yield self._stream.facts_message(waiting[first].seq, waiting[last].seq), HELD_FIRST if alone else ""
            first = last + 1

    def _size_of(self, one: Stated) -> int:
        return len(self._stream.sealed[one.seq - 1].body)

    def renew(self, at: datetime) -> bool:
        """Begin another stream, because the card is damaged: what the county has not got is issued anew, or is lost.

        Returns:
            Whether it did. It can't issue anew what no county can read.
        """
        self._live_until(at)
        waiting = self._unsent()
        if not self.boots or any(one.kind == NEW or is_held_first(one, at) for one in waiting):
            return False
        old, epoch = self._stream, len(self._streams)
        matched = len(old.sealed) - len(waiting)
        lost = waiting[len(waiting) // 3 : len(waiting) // 3 + self._draw.randint(0, 2)]
        self._streams.append(StationDouble(id=self.name, key=old.key, epoch=self._draw.randbytes(16)))
        now = Happening(at, "epoch_opened", self._clock_at(at))
        opened = EpochOpened(at=self._moment(now), reason="corrupt", previous=old.epoch, matched=matched)
        self._state(now, "epoch_opened", opened)
        self.stated[-1].more["ended"] = len(old.sealed)
        for one in waiting:
            if one not in lost:
                sealed = old.sealed[one.seq - 1]
                carrier = Reissued(
                    at=self._moment(now), epoch=old.epoch, seq=one.seq, salt=sealed.salt, body=sealed.body
                )
                self._state(now, CARRIER, carrier)
                self.stated[-1].more["carries"] = one
        if lost:
            first, last = lost[0].seq, lost[-1].seq
            self._state(now, "facts_lost", FactsLost(at=self._moment(now), epoch=old.epoch, first=first, last=last))
            self.stated[-1].more |= {"epoch": epoch, "first": first, "last": last}
            for one in lost:
                self.stated.remove(one)
        return True

    def _unsent(self) -> list[Stated]:
        """Return what it stated in its stream and has not sent."""
        epoch = len(self._streams)
        return [one for one in self.stated if one.epoch == epoch and one.received is None]

    def _live_until(self, at: datetime) -> None:
        told = self.story.told
        while self._lived < len(told) and told[self._lived].at <= at:
            self._live(told[self._lived])
            self._lived += 1

    def _live(self, one: Happening) -> None:
        if one.kind == "boot":
            self._boot(one)
        elif one.kind == NEW:
            self._stream.add_body(_UNREADABLE)
            self._note(one, NEW)
        else:
            self._state(one, one.kind, self._fact(one))

    def _boot(self, one: Happening) -> None:
        self.boots.append((self._draw.randbytes(16), one.at))
        alive = one.more.get("last_alive")
        last = None
        if len(self.boots) == 1:
            self._state(one, "epoch_opened", EpochOpened(at=self._moment(one), reason="first"))
        elif alive is not None:
            last = self._last_moment(max(alive, self.boots[-2][1]))
        self._state(one, "boot", Booted(at=self._moment(one), cause="power_on", software="0.1.0", last_alive=last))

    def _fact(self, one: Happening) -> Fact:
        at = self._moment(one)
        match one.kind:
            case "touch":
                token = token_of(self._township, one.more["card"])
                return Touch(at=at, card=token, reader=_READER, answer="recorded", direction="in")
            case "direction_chosen":
                epoch, seq = self._place_of[id(one.more["of"])]
                ref = FactRef(epoch=self._streams[epoch - 1].epoch, seq=seq)
                return DirectionChosen(at=at, touch=ref, direction=one.more["way"])
            case "shutdown":
                return ShutDown(at=at)
            case "reader_lost":
                return ReaderLost(at=at, reader=_READER)
            case "reader_back":
                return ReaderBack(at=at, reader=_READER)
            case "clock_corrected":
                return ClockCorrected(
                    at=at,
                    boot=at.boot,
                    mono=at.mono,
                    wall=milliseconds(one.at + one.more.get("ahead", timedelta())),
                    source=one.more["source"],
                    before="unknown",
                )
        assert one.kind == "window_closed"
        return WindowClosed(at=at, window="w", date=one.at.date().isoformat(), closed=milliseconds(one.at))

    def _moment(self, one: Happening) -> Moment:
        boot, since = self.boots[-1]
        quality: ClockQuality = "unknown" if "off" in one.more else "synced"
        return Moment(wall=milliseconds(_said(one)), boot=boot, mono=(one.at - since) // _MILLISECOND, quality=quality)

    def _last_moment(self, at: datetime) -> Moment:
        """Return the last moment at which the run before lived, as its own clock had it then."""
        boot, since = self.boots[-2]
        wrong, knows = clock_of(self, len(self.boots) - 2, at)
        quality: ClockQuality = "synced" if knows else "unknown"
        return Moment(wall=milliseconds(at + wrong), boot=boot, mono=(at - since) // _MILLISECOND, quality=quality)

    def _clock_at(self, at: datetime) -> Values:
        wrong, knows = clock_of(self, len(self.boots) - 1, at)
        return {"ahead": wrong} if knows else {"off": -wrong}

    def _state(self, one: Happening, kind: str, fact: Fact) -> None:
        self._stream.add(fact)
        self._note(one, kind)

    def _note(self, one: Happening, kind: str) -> None:
        place = (len(self._streams), len(self._stream.sealed))
        more = dict(one.more)
        if kind == "direction_chosen":
            more["of"] = self._place_of[id(one.more["of"])]
        self._place_of[id(one)] = place
        self.stated.append(Stated(*place, kind, one.at, _said(one), "off" not in more, len(self.boots) - 1, more))


def clock_of(station: Station, boot: int, at: datetime) -> tuple[timedelta, bool]:
    """Return how far ahead a run's clock was at a moment, and whether it knew the time, by what it stated last."""
    before = [one for one in station.stated if one.boot == boot and one.at <= at]
    return (before[-1].said - before[-1].at, before[-1].knows) if before else (timedelta(), True)


def is_held_first(one: Stated, now: datetime) -> bool:
    """Tell whether the county can't read a fact yet that it reads later."""
    return "held_until" in one.more and now < one.more["held_until"]


def _said(one: Happening) -> datetime:
    """Return what the station's clock said."""
    behind, ahead = (one.more.get(key, timedelta()) for key in ("off", "ahead"))
    said: datetime = one.at - behind + ahead
    return said
