"""A station's board with its card: presents touches, connects, is copied, damaged and started again."""

import random
import shutil
from pathlib import Path

from agent.agreement import Continue, agree
from agent.outbox import Outbox
from agent.outbox.disk import wal_of
from protocol.birth import Compare
from protocol.receipts import Receipt
from protocol.units import FactRef
from tests.proofs.power_cut.workload import FILE, RECORD_KEY, STATION, moment, touch
from tests.proofs.rollback.county import County

MAX_QUARRELS = 5


class Board:
    """One board; ``shelf`` is where its successive cards lie."""

    def __init__(self, shelf: Path, *, card: Path | None = None) -> None:
        self._shelf = shelf
        self._cards = 0
        self._card = card or self._new_card()
        self._outbox = self._open()

    def _new_card(self) -> Path:
        self._cards += 1
        card = self._shelf / str(self._cards)
        card.mkdir(parents=True)
        return card

    def _open(self) -> Outbox:
        return Outbox.open(self._card / FILE, station=STATION, record_key=RECORD_KEY, now=moment)

    @property
    def file(self) -> Path:
        return self._card / FILE

    def present(self, numbers: range) -> dict[int, FactRef]:
        """Commit touches and return which turned green under what identity."""
        return dict(zip(numbers, self._outbox.commit(*(touch(number) for number in numbers)), strict=True))

    def say_head(self, county: County) -> None:
        """Send vitals."""
        county.hear_head(self._outbox.signed_head())

    def connect(self, county: County, *, chance: random.Random, to_the_end: bool) -> None:
        """Talk to the county as the uplink does, breaking off anywhere unless ``to_the_end``."""
        for _ in range(MAX_QUARRELS):
            welcome = county.born(self._outbox.signed_head())
            match agree(self._outbox, welcome):
                case Continue(after=after):
                    if welcome.generation > self._outbox.generation:
                        self._offer_earlier(county)
                    self._outbox.take_receipt(
                        Receipt(
                            station=STATION,
                            epoch=welcome.epoch,
                            through=welcome.through,
                            head=welcome.head,
                            generation=welcome.generation,
                        )
                    )
                    self._send(county, after, chance=chance, to_the_end=to_the_end)
                    return
                case quarrel:
                    marks = self._outbox.marks()
                    match_ = county.compared(Compare(station=STATION, epoch=self._outbox.epoch, marks=marks))
                    if not to_the_end and chance.random() < 0.2:
                        return
                    self._outbox.open_epoch(quarrel.reason, matched=match_.through)
        raise AssertionError("station and county do not come to terms")

    def _offer_earlier(self, county: County) -> None:
        """The county came back from a backup: ask it about the streams before this one."""
        for earlier in self._outbox.earlier_streams():
            ask = Compare(station=STATION, epoch=earlier.epoch, marks=earlier.marks)
            self._outbox.say_again(earlier, after=county.compared(ask).through)

    def _send(self, county: County, after: int, *, chance: random.Random, to_the_end: bool) -> None:
        while envelope := self._outbox.envelope_after(after, max_facts=chance.randint(1, 20)):
            if not to_the_end and chance.random() < 0.2:
                return
            receipt = county.took(envelope)
            if not to_the_end and chance.random() < 0.2:
                return
            assert self._outbox.take_receipt(receipt), "the county's receipt does not fit"
            after = receipt.through
        assert after == self._outbox.through, f"facts after {after} were not sent"

    def copy_card(self, card: Path) -> None:
        """Copy the running board's card, bit for bit."""
        card.mkdir(parents=True)
        for name in (self.file, wal_of(self.file)):
            if name.exists():
                shutil.copy(name, card / name.name)

    def power_off(self, *, orderly: bool) -> None:
        """Stop; when not orderly, the files stay as the last commit left them."""
        before = self._new_card()
        before.rmdir()
        if not orderly:
            self.copy_card(before)
        self._outbox.close()
        if orderly:
            self.copy_card(before)
        self._card = before

    def insert(self, card: Path) -> None:
        """Put a copy of another card in; the board is off."""
        self._card = self._new_card()
        for file in card.iterdir():
            shutil.copy(file, self._card / file.name)

    def power_on(self) -> None:
        """Start again."""
        self._outbox = self._open()

    def end(self) -> None:
        """Stop for good."""
        self._outbox.close()
