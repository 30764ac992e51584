"""The documents that a county sends to the station of these proofs: certificates, packs, desired states, commands."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from hashlib import sha256
from typing import Any, Self
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent import errands
from agent.drivers import https
from agent.identity.station_identity import Identity
from protocol.commands import Command
from protocol.enrolment import Broker, Enrolled
from protocol.packs import Level, Pack, Question, seal_pack
from protocol.signing import key_id
from protocol.twin import Desired, PackRef, Person
from tests.fakes.clockwork import MORNING_MS
from tests.proofs.power_cut.workload import DAY_MS, STATION

COUNTY_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
COUNTY_PUBLIC = COUNTY_KEY.public_key().public_bytes_raw()
COUNTY_KEYS = {key_id(COUNTY_PUBLIC): COUNTY_PUBLIC}
COMMANDS = ("identify", "snapshot", "send_logs", "time_check")


def enrolled(number: int) -> Enrolled:
    """Return the county's answer with that number; each number has one certificate."""
    return Enrolled(
        station=STATION,
        village="示例村",
        nonce=bytes(16),
        certificate=f"-----BEGIN CERTIFICATE-----\nTEST {number}\n-----END CERTIFICATE-----\n",
        broker=Broker(host="county.example", port=8883, shard=0),
        county_keys=[COUNTY_PUBLIC],
        card_key=bytes(32),
    )


def number_of(identity: Identity) -> int:
    """Return the number with which `enrolled` was called."""
    return int(identity.enrolled.certificate.split()[3])


@lru_cache(maxsize=256)
def pack_file(version: int) -> tuple[PackRef, bytes]:
    """Return a pack and its file."""
    questions = [
        Question(
            id=f"q{number}",
            kind="single",
            stem="示例题目？",
            options=["甲", "乙"],
            answer=[0],
            explanation="示例解释",
            source="示例来源",
        )
        for number in range(5)
    ]
    level = Level(id="1", name="第一关", draw=5, questions=questions)
    file = seal_pack(COUNTY_KEY, Pack(id="sample", version=version, title="示例", sample=True, levels=[level]))
    return PackRef(pack="sample", version=version, sha256=sha256(file).digest(), size=len(file)), file


def opening_of(version: int) -> int | None:
    """Return the value that a desired state sets, in minutes. No station accepts every third of them."""
    return version % 700 if version % 3 else None


def desired_state(version: int, chance: random.Random) -> Desired:
    """Return a desired state: small, or as large as that of a village with many people."""
    people = [Person(id=f"P{number:03d}", name=f"示例人{number}") for number in range(chance.choice((1, 20, 300)))]
    minutes = opening_of(version)
    return Desired(
        station=STATION,
        version=version,
        station_name="示例村部",
        village="示例村",
        settings={"open_before_min": "soon" if minutes is None else minutes},
        people=people,
    )


def some_command(kind: str, chance: random.Random) -> Command:
    """Return a command with an id that no other has."""
    return Command(
        id=chance.randbytes(16),
        station=STATION,
        order=kind,
        not_after=MORNING_MS + DAY_MS,
        issuer="county",
        reason="示例",
    )


class _Answer:
    def __init__(self, file: bytes, asked: str, breaks_at: int) -> None:
        self.status_code = 206 if asked else 200
        first = int(asked.removeprefix("bytes=").partition("-")[0]) if asked else 0
        self.headers = {"Content-Range": f"bytes {first}-{len(file) - 1}/{len(file)}"}
        self._rest = file[first:breaks_at]
        self._whole = breaks_at >= len(file)
        self.raw = self

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """There is nothing to close."""

    def read1(self, size: int) -> bytes:
        piece, self._rest = self._rest[:size], self._rest[size:]
        if not piece and not self._whole:
            raise ConnectionResetError("the line broke")
        return piece


class _Session:
    def __init__(self, file: bytes, breaks_at: int) -> None:
        self._file = file
        self._breaks_at = breaks_at

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """There is nothing to close."""

    def close(self) -> None:
        """There is nothing to close."""

    def get(self, url: str, *, headers: dict[str, str], **_: Any) -> _Answer:
        return _Answer(self._file, headers.get("Range", ""), self._breaks_at)


@contextmanager
def serving(file: bytes, *, breaks_at: int) -> Iterator[None]:
    """Have an errand fetch this file in this process, over a line that breaks after this many of its bytes."""

    def errand(call: errands.FetchErrand, **_: Any) -> errands.ErrandOutcome:
        return errands.without_problem(errands.Errands().do(call))

    with (
        patch.object(errands, "run_errand", errand),
        patch.object(https, "_session", lambda *_, **__: _Session(file, breaks_at)),
    ):
        yield
