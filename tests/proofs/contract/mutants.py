"""Bytes that are nearly a message, for every kind of message: a value or a typed refusal must come out.

Nearly all bugs of readers are near the right bytes, so each mutant is a sample that was changed in one to three places:
a bit, a byte, a length, a piece cut out, doubled or taken from another message, or a value inside replaced.
"""

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from protocol.bundle_contents import read_content
from protocol.bundles import MAX_BUNDLE_BYTES, Bundle
from protocol.codec import decode, encode
from protocol.enrolment import decode_json
from protocol.envelope import Envelope, decode_envelope
from protocol.export import ExportEnd, ExportHeader
from protocol.facts import decode_fact
from protocol.fetch import read_fetch
from protocol.frames import Frame, decode_frame
from protocol.kiosk import ToAgent, decode_from_agent, decode_from_kiosk, encode_line
from protocol.packs import Pack, read_pack
from protocol.refusal import Refused
from protocol.reissues import unwrap
from protocol.signing import Detached, Signed, seal, sign_beside
from tests.golden import vectors
from tests.golden.generate import FACTS, LINES, MESSAGES
from tests.golden.vectors_1_1 import HEADER

SLOW_S = 1.0
"""A reader that needs longer for some bytes could be kept busy by them."""

type Reader = Callable[[bytes], Any]


@dataclass
class Outcome:
    """What became of the mutants of some kinds."""

    mutants: int = 0
    read: int = 0
    crashes: int = 0
    slow: int = 0
    by_reason: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def add(self, other: "Outcome") -> None:
        """Add what another process found."""
        self.mutants += other.mutants
        self.read += other.read
        self.crashes += other.crashes
        self.slow += other.slow
        self.by_reason += other.by_reason
        self.examples += other.examples


def kinds() -> dict[str, tuple[list[bytes], Reader]]:
    """Return, by the name of each kind, its samples and how it is read."""
    found: dict[str, tuple[list[bytes], Reader]] = {}
    for message in MESSAGES.values():
        samples, _ = found.setdefault(type(message).__name__, ([], _reader_of(type(message))))
        samples.append(encode(message))
    for fact in FACTS.values():
        samples, _ = found.setdefault(f"fact {fact.__struct_config__.tag}", ([], _read_fact))
        samples.append(encode(fact))
    for line in LINES.values():
        to_agent = type(line) in ToAgent.__value__.__args__
        reader = decode_from_kiosk if to_agent else decode_from_agent
        samples, _ = found.setdefault(f"line {line.__struct_config__.tag}", ([], reader))
        samples.append(encode_line(line))
    for document in vectors.JSON.values():
        samples, _ = found.setdefault(
            f"json {type(document).__name__}", ([], partial(decode_json, kind=type(document)))
        )
        samples.append(msgspec.json.encode(document))
    found["signed"] = (
        [seal(vectors.COUNTY_KEY, "cunhui match 1", encode(MESSAGES["match"]))],
        partial(decode, kind=Signed),
    )
    beside = sign_beside(vectors.COUNTY_KEY, "cunhui bundle 1", b"")
    found["signature beside"] = ([beside], partial(decode, kind=Detached, limit=128))
    found["fetch header"] = ([HEADER.encode()], lambda raw: read_fetch(raw.decode("latin-1")))
    return found


def _reader_of(kind: type) -> Reader:
    special: dict[type, Reader] = {
        Envelope: decode_envelope,
        Frame: decode_frame,
        Pack: read_pack,
        Bundle: lambda raw: read_content(decode(raw, Bundle, limit=MAX_BUNDLE_BYTES)),
        ExportHeader: partial(decode, kind=ExportHeader),
        ExportEnd: partial(decode, kind=ExportEnd),
    }
    return special.get(kind, partial(decode, kind=kind))


def _read_fact(raw: bytes) -> Any:
    return unwrap(decode_fact(raw))


def try_kind(name: str, *, count: int, seed: int) -> Outcome:
    """Read ``count`` mutants of one kind."""
    samples, reader = kinds()[name]
    outcome = Outcome()
    for raw in mutants(samples, count=count, seed=f"{seed} {name}", json=name.startswith(("line ", "json "))):
        outcome.mutants += 1
        began = time.perf_counter()
        try:
            reader(raw)
            outcome.read += 1
        except Refused as refused:
            outcome.by_reason[refused.reason] += 1
        except Exception as error:  # noqa: BLE001 - any other error is what this proof looks for
            outcome.crashes += 1
            outcome.examples.append(f"{name}: {type(error).__name__}: {error}, {raw[:200].hex()}")
        if time.perf_counter() - began > SLOW_S:
            outcome.slow += 1
            outcome.examples.append(f"{name}: slow, {raw[:200].hex()}")
    return outcome


def mutants(samples: list[bytes], *, count: int, seed: str, json: bool) -> Iterator[bytes]:
    """Make mutants of samples; the same ones for the same seed."""
    chance = random.Random(seed)
    values = [msgspec.json.decode(raw) if json else None for raw in samples]
    if not json:
        values = [_decoded(raw) for raw in samples]
    for _ in range(count):
        number = chance.randrange(len(samples))
        raw = samples[number]
        if values[number] is not None and chance.random() < 0.25:
            changed = _changed_value(values[number], chance)
            try:
                raw = msgspec.json.encode(changed) if json else msgspec.msgpack.encode(changed)
            except (ValueError, TypeError, RecursionError, OverflowError):
                continue_with = samples[number]
                raw = _changed_bytes(continue_with, samples, chance)
        else:
            raw = _changed_bytes(raw, samples, chance)
        yield raw


def _decoded(raw: bytes) -> Any:
    try:
        return msgspec.msgpack.decode(raw)
    except msgspec.DecodeError:
        return None


_NASTY: tuple[bytes, ...] = (
    b"\xc0",
    b"\xc1",
    b"\xd9\xff",
    b"\xdf\xff\xff\xff\xff",
    b"\xdd\xff\xff\xff\xff",
    b"\xc6\xff\xff\xff\xff",
    b"\xcf" + b"\xff" * 8,
    b"\xd3\x80" + bytes(7),
    b"\xcb\x7f\xf8" + bytes(6),
    b"\xa2\xed\xa0",
    b"\x91" * 40,
    b"[" * 40,
    b"\x00",
    b'"',
)


def _changed_bytes(raw: bytes, samples: list[bytes], chance: random.Random) -> bytes:
    changed = bytearray(raw)
    for _ in range(chance.randint(1, 3)):
        if not changed:
            break
        place = chance.randrange(len(changed))
        match chance.randrange(8):
            case 0:
                changed[place] ^= 1 << chance.randrange(8)
            case 1:
                changed[place] = chance.randrange(256)
            case 2:
                del changed[place:]
            case 3:
                del changed[place : place + chance.randint(1, 8)]
            case 4:
                changed[place:place] = changed[place : place + chance.randint(1, 16)]
            case 5:
                other = samples[chance.randrange(len(samples))]
                start = chance.randrange(len(other))
                changed[place : place + chance.randint(0, 8)] = other[start : start + chance.randint(1, 16)]
            case 6:
                changed[place : place + 1] = chance.choice(_NASTY)
            case 7:
                changed[place] = (changed[place] + chance.choice((-1, 1))) % 256
    return bytes(changed)


_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**53, 2**63, -(2**63), 1e308),
    *("", "later", "x" * 65, "\x00", "\ud7ff", b"", bytes(16), b"x" * 8193),
    *([], [None], [[[]]], {}, {"kind": "touch"}, {"later": 1}),
    msgspec.msgpack.Ext(5, b""),
)


def _changed_value(value: Any, chance: random.Random) -> Any:
    """Return a value with one of its parts replaced, left out or doubled."""
    if not isinstance(value, dict | list) or not value or chance.random() < 0.3:
        return chance.choice(_VALUES)
    if isinstance(value, dict):
        key = chance.choice(list(value))
        luck = chance.random()
        if luck < 0.15:
            return {name: field for name, field in value.items() if name != key}
        if luck < 0.25:
            return {**value, chance.choice(list(value)): value[key]}
        return {**value, key: _changed_value(value[key], chance)}
    place = chance.randrange(len(value))
    if chance.random() < 0.2:
        return value[:place] + [value[place]] * chance.choice((0, 2, 3, 70)) + value[place + 1 :]
    return [*value[:place], _changed_value(value[place], chance), *value[place + 1 :]]
