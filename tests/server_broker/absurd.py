"""Facts that the contract allows and no station means."""

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from protocol import facts
from protocol.facts import Fact, StationFact, encode_fact
from protocol.units import LAST_WALL_MS, ClockQuality, FactRef, Moment
from tests.cast import LI, ZHANG
from tests.golden import vectors, vectors_1_1
from tests.server_broker.station_double import BOOT, WALL, StationDouble

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
DAY_MS = 86_400_000
DATES = ["9999-12-31", "0001-01-01", "2026-11-24"]
FAR = [LAST_WALL_MS, LAST_WALL_MS + 1, 253_402_300_799_999, 2**53 - 1]
BOOTS = [BOOT, b"another boot ..."]
MONOS = [0, 1_000, 5_000, 2**53 - 1]

_PLAIN = 0.5
"""So often a body has no keys besides those of its kind."""
_STAYS = 0.7
"""So often a field keeps the value of its sample."""
SAMPLES = [*vectors.FACTS.values(), *vectors_1_1.FACTS.values()]
_FIELDS = {sample.__struct_config__.tag: sample.__struct_fields__ for sample in SAMPLES}
_PLAIN_SAMPLES: list[dict[str, Any]] = [msgspec.msgpack.decode(encode_fact(sample)) for sample in SAMPLES]
OTHER_KEYS = sorted({name for sample in SAMPLES for name in sample.__struct_fields__} | {"epoch", "seq", "wall", "day"})
OF_RIGHT_TYPE = {name: [one[name] for one in _PLAIN_SAMPLES if name in one] for name in OTHER_KEYS}
OF_ANY_TYPE: list[Any] = [
    *(None, True, 0, -1, 2**64 - 1, 0.5, float("nan"), "", "x", "\x00", b"", b"x", LI.token, ZHANG.token, LI.number),
    *([], [1, "x"], {}, {"wall": "x"}, {"epoch": b"e" * 16, "seq": 1}, msgspec.msgpack.Ext(5, b"x")),
]


def with_other_keys(body: bytes, more: dict[str, Any]) -> bytes:
    """Return a fact's body with keys besides those of its kind. The contract has readers ignore them."""
    own: dict[str, Any] = msgspec.msgpack.decode(body)
    fields = _FIELDS[own["kind"]]
    return msgspec.msgpack.encode({name: value for name, value in more.items() if name not in fields} | own)


class Absurd:
    """Makes facts that the contract allows and no station means."""

    def __init__(self, random: Random, station: StationDouble, *, sampled: float = 0.0, wall: int = WALL) -> None:
        """Make facts of a station.

        Args:
            sampled: The part of them that are twisted samples of all kinds. The others are worse, of a few kinds.
            wall: Around this time, in milliseconds since 1970, they are if they are not absurd in that.
        """
        self._random, self._sampled = random, sampled
        self.one_of = random.choice
        self._walls = [0, wall - 40 * DAY_MS, wall - DAY_MS, wall, wall + 5_000, *FAR]
        self._epochs = [station.epoch, b"e" * 16, b"f" * 16]
        self._makers: list[Callable[[dict[str, Any]], Fact]] = [
            lambda at: facts.Touch(
                **at,
                card=self.one_of([b"k" * 16, ZHANG.token, LI.token]),
                reader=self.text(),
                answer=self.one_of(["repeat", "lost"]),
            ),
            lambda at: facts.DirectionChosen(**at, touch=self.ref(), direction="out"),
            lambda at: facts.Booted(**at, cause="power_on", software=self.text(), last_alive=self.moment()),
            lambda at: facts.ContactChanged(**at, input=self.text(), sensor="door", active=True, flapping=self.yes()),
            lambda at: facts.WindowClosed(**at, window=self.text(), date="9999-99-99", closed=2**53 - 1),
            lambda at: facts.ClockCorrected(
                **at,
                boot=self.one_of(BOOTS),
                mono=self.one_of(MONOS),
                wall=self.one_of(self._walls),
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
                body=self.one_of([b"\xc1", self.body()]),
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
        return Moment(wall=self.one_of(self._walls), boot=self.one_of(BOOTS), mono=self.one_of(MONOS), quality=quality)

    def fact(self) -> Fact:
        if self._random.random() < self._sampled:
            twisted: Fact = self._twisted(self.one_of(SAMPLES))
            return twisted
        return self.one_of(self._makers)({"at": self.moment()})

    def body(self) -> bytes:
        """Return a fact's body, often with keys that other kinds have, and values of their type or of any other."""
        body = encode_fact(self.fact())
        if self._random.random() < _PLAIN:
            return body
        names = self._random.sample(OTHER_KEYS, self.one_of([1, 3, len(OTHER_KEYS)]))
        more = {name: self.one_of([*OF_RIGHT_TYPE[name], *OF_ANY_TYPE]) for name in names}
        own = msgspec.msgpack.decode(with_other_keys(body, more))
        own["at"] += [value for value in more.values() if self.yes()]  # a moment is a list, and may get longer
        for name in ("touch", "by", "about"):
            if isinstance(own.get(name), dict):
                own[name] = more | own[name]
        return msgspec.msgpack.encode(own)

    def _twisted(self, sample: StationFact) -> Any:
        """Return a sample of another time, of a person whom the county knows, and with some fields changed."""
        changed: dict[str, Any] = {"at": self.moment()}
        for name in sample.__struct_fields__:
            twisted = self._value(name, getattr(sample, name))
            if twisted is not None:
                changed[name] = twisted
        return msgspec.structs.replace(sample, **changed)

    def _value(self, name: str, value: object) -> Any:
        """Return another value of a field; None: it stays."""
        if isinstance(value, FactRef):
            return self.ref()
        if name in {"person", "other"} and isinstance(value, str):
            return self.one_of([ZHANG.number, LI.number, value])
        if self._random.random() < _STAYS:
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            return self.one_of([*NUMBERS, *self._walls])
        return self.one_of([*TEXTS, *DATES]) if isinstance(value, str) else None
