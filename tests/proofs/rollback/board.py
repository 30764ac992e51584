"""A station's board with its SD card: the real outbox and the real uplink, copied, damaged and started again.

Time is a number that jumps to the uplink's next deadline, so that its waits cost nothing.
"""

import random
import shutil
from pathlib import Path
from typing import override

from agent.storage.outbox import Outbox
from agent.storage.outbox.disk import wal_of
from agent.uplink import Uplink, UplinkParts
from protocol.codec import encode
from protocol.envelope import Envelope
from protocol.units import FactRef
from tests.proofs.power_cut.workload import FILE, RECORD_KEY, STATION, moment, touch
from tests.proofs.quiet_host import QuietHost
from tests.proofs.rollback.county import County
from tests.proofs.rollback.way import Way

MOST_STEPS = 20_000
"""If the two do not agree after this many steps, they never will."""


class SmallEnvelopes(Outbox):
    """An outbox that gives few facts at a time, so that connections also break between envelopes."""

    chance = random.Random(0)

    @override
    def envelope_after(self, seq: int, *, max_facts: int = 200, max_bytes: int = 32_768) -> Envelope | None:
        return super().envelope_after(seq, max_facts=self.chance.randint(1, 20), max_bytes=max_bytes)


class NoBlobs:
    """No pictures."""

    def pending(self) -> list[tuple[bytes, int]]:
        return []

    def read(self, sha256: bytes, offset: int, length: int) -> bytes:
        raise KeyError(sha256)

    def intact(self, sha256: bytes) -> bool:
        return False

    def drop(self, sha256: bytes) -> None:
        raise AssertionError("there is nothing to drop")


class Board:
    """One board. ``shelf`` is the folder with its successive SD cards."""

    def __init__(self, shelf: Path, county: County, chance: random.Random, *, card: Path | None = None) -> None:
        self._shelf = shelf
        self._county = county
        self._chance = chance
        self._cards = 0
        self._mono_ms = 1_000_000
        self._card = card or self._new_card()
        self.power_on()

    def _new_card(self) -> Path:
        self._cards += 1
        card = self._shelf / str(self._cards)
        card.mkdir(parents=True)
        return card

    def power_on(self) -> None:
        """Start the station."""
        self._outbox = SmallEnvelopes.open(self._card / FILE, station=STATION, record_key=RECORD_KEY, now=moment)
        self._outbox.chance = self._chance
        self._host = QuietHost(station=STATION, outbox=self._outbox, now=moment, software="cunhui 0.1.0")
        self._way = Way()
        self._uplink = Uplink(
            UplinkParts(
                station=STATION,
                shard=0,
                county_keys=self._county.public_keys,
                outbox=self._outbox,
                blobs=NoBlobs(),
                link=self._way,
                mono_ms=lambda: self._mono_ms,
                delegate=self._host,
                jitter=self._chance.random,
            )
        )

    @property
    def file(self) -> Path:
        return self._card / FILE

    def present(self, numbers: range) -> dict[int, FactRef]:
        """Commit touches, and return the identity of each that turned green."""
        green = dict(zip(numbers, self._outbox.commit(*(touch(number) for number in numbers)), strict=True))
        self._uplink.facts_committed()
        return green

    def say_head(self) -> None:
        """Send vitals."""
        self._county.hear("vitals", encode(self._host.vitals()))

    def lose_link(self) -> None:
        """The connection breaks: the county was away, or another board took its place."""
        self._way.cut(self._county)

    def connect(self, *, to_the_end: bool) -> None:
        """Let the uplink talk to the county until everything has its receipt. Without ``to_the_end``, stop anywhere."""
        for _ in range(MOST_STEPS):
            if self._way.events:
                self._uplink.handle(self._way.events.popleft())
            elif self._way.sent:
                chance = None if to_the_end else self._chance
                if (
                    not self._way.carry(self._county, mono_ms=self._mono_ms, chance=chance)
                    and self._chance.random() < 0.7
                ):
                    return
            elif self._uplink.state == "connected" and not self._outbox.waiting:
                return
            else:
                due_ms = self._uplink.tick()
                if not self._way.events and not self._way.sent:
                    self._mono_ms = max(self._mono_ms, due_ms)
        raise AssertionError("station and county do not come to terms")

    def copy_card(self, card: Path) -> None:
        """Copy the running board's SD card, bit for bit."""
        card.mkdir(parents=True)
        for name in (self.file, wal_of(self.file)):
            if name.exists():
                shutil.copy(name, card / name.name)

    def power_off(self, *, orderly: bool) -> None:
        """Stop. If not orderly, the files stay as the last commit left them."""
        before = self._new_card()
        before.rmdir()
        self.lose_link()
        if not orderly:
            self.copy_card(before)
        self._outbox.close()
        if orderly:
            self.copy_card(before)
        self._card = before

    def insert(self, card: Path) -> None:
        """Put in a copy of another SD card, while the board is off."""
        self._card = self._new_card()
        for file in card.iterdir():
            shutil.copy(file, self._card / file.name)

    def end(self) -> None:
        """Stop for good."""
        self._outbox.close()
