"""Whatever a station signs, its stream goes on: absurd facts are stored or held, and none stops those behind it."""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from protocol import facts
from protocol.facts import MAX_BODY_BYTES, Fact, encode_fact
from protocol.units import LAST_WALL_MS, ClockQuality, FactRef, Moment
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.reread import reread_held
from server_broker.ledger.ledger import check_ledger
from tests.server_broker.station_double import BOOT, NOW, WALL, StationDouble

pytestmark = pytest.mark.django_db

TEXTS = [
    "",
    "\x00",
    "a" * 64,
    "门" * 64,
    "门" * 63 + "x",
    "\u202e",
    "�",
    "'%s\"\\",
    "😀" * 64,
    "lost_card",
    "epoch_opened",
]
NUMBERS = [0, 1, -1, 2**31 - 1, 2**31, 2**53 - 1, 2**63, 2**64 - 1, -(2**63)]
PLACES = [1, 2, 3, 5, 2**53 - 1]
WALLS = [0, WALL, WALL + 5_000, LAST_WALL_MS, LAST_WALL_MS + 1, 253_402_300_799_999, 2**53 - 1]
MONOS = [0, 1_000, 5_000, 2**53 - 1]


class Absurd:
    """Makes facts that the contract allows and no station means."""

    def __init__(self, random: Random, station: StationDouble) -> None:
        self.one_of = random.choice
        self._epochs = [station.epoch, b"e" * 16, b"f" * 16]
        self._makers: list[Callable[[dict[str, Any]], Fact]] = [
            lambda at: facts.Touch(**at, card=b"k" * 16, reader=self.text(), answer=self.one_of(["repeat", "lost"])),
            lambda at: facts.DirectionChosen(**at, touch=self.ref(), direction="out"),
            lambda at: facts.Booted(**at, cause="power_on", software=self.text(), last_alive=self.moment()),
            lambda at: facts.ContactChanged(**at, input=self.text(), sensor="door", active=True, flapping=self.yes()),
            lambda at: facts.WindowClosed(**at, window=self.text(), date="9999-99-99", closed=2**53 - 1),
            lambda at: facts.ClockCorrected(
                **at,
                boot=BOOT,
                mono=self.one_of(MONOS),
                wall=self.one_of(WALLS),
                source=self.one_of(["county", "ntp"]),
                before="unknown",
            ),
            lambda at: facts.EpochOpened(
                **at, reason="corrupt", previous=self.one_of(self._epochs), matched=self.one_of(PLACES)
            ),
            lambda at: facts.Reissued(
                **at,
                epoch=self.one_of(self._epochs),
                seq=self.one_of(PLACES),
                salt=bytes(16),
                body=self.one_of([b"\xc1", encode_fact(self.fact())]),
            ),
            lambda at: facts.FactsLost(
                **at, epoch=self.one_of(self._epochs), first=self.one_of(PLACES), last=self.one_of(PLACES)
            ),
            lambda at: facts.BlobAnnounced(
                **at, sha256=b"s" * 32, size=1, media_type=self.text(), purpose="door", about=self.ref()
            ),
            lambda at: facts.BlobEvicted(**at, sha256=b"s" * 32, reason="disk"),
            lambda at: facts.Attempt(
                **at, **self.run(), question=self.text(), chosen=[0, 5], right=True, lives_left=self.one_of([0, 3])
            ),
            lambda at: facts.LevelEnded(**at, **self.run(), passed=True, stars=3),
            lambda at: facts.CommandResult(
                **at, command=b"c" * 16, outcome="done", detail=self.text(), figures={self.text(): self.number()}
            ),
            lambda at: facts.AlarmRaised(**at, code=self.text(), severity="minor", detail=self.text()),
            lambda at: facts.AlarmCleared(**at, code=self.text()),
        ]

    def text(self) -> str:
        return self.one_of(TEXTS)

    def number(self) -> int:
        return self.one_of(NUMBERS)

    def yes(self) -> bool:
        return self.one_of([True, False])

    def ref(self) -> FactRef:
        return FactRef(epoch=self.one_of(self._epochs), seq=self.one_of(PLACES))

    def run(self) -> dict[str, Any]:
        return {"run": bytes(8), "pack": self.text(), "pack_version": self.number(), "level": self.text()}

    def moment(self) -> Moment:
        quality: ClockQuality = self.one_of(["synced", "holdover", "restored", "unknown"])
        return Moment(wall=self.one_of(WALLS), boot=BOOT, mono=self.one_of(MONOS), quality=quality)

    def fact(self) -> Fact:
        return self.one_of(self._makers)({"at": self.moment()})


@pytest.mark.parametrize("seed", range(6))
def test_every_one_is_receipted(seed: int) -> None:
    random, processor = Random(seed), BatchProcessor(clock=lambda: NOW)
    station = StationDouble()
    station.enrol()
    absurd = Absurd(random, station)
    for _ in range(3):
        first = len(station.sealed) + 1
        bodies = [encode_fact(absurd.fact()) for _ in range(25)]
        for body in bodies:
            if len(body) <= MAX_BODY_BYTES:
                station.add_body(body)
        [answer] = processor.process_batch([station.facts_message(first)])
        assert getattr(answer.message, "through", 0) == len(station.sealed)
    check_ledger(station.id, at=NOW)
    reread_held(station.id, now=NOW)
