"""What tests of learning need: packs, and people who answer at stations."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from protocol.facts import Attempt, LevelEnded, NumberEntered, PackChosen
from protocol.packs import Level, Pack, Question
from protocol.units import ClockQuality, FactRef, Moment
from tests.server_broker.station_double import BOOT, WALL, StationDouble

if TYPE_CHECKING:
    from server_broker.ingest.batch import BatchProcessor

DAY_MS = 86_400_000
FACTS_A_TIME = 64
"""Of one envelope."""


def question(name: str, answer: Sequence[int] = (0,), options: Sequence[str] = ("甲", "乙", "丙")) -> Question:
    return Question(
        id=name,
        kind="single",
        stem="示例题",
        options=list(options),
        answer=list(answer),
        explanation="示例",
        source="示例",
    )


def pack(
    version: int = 1,
    *,
    answers: Mapping[str, int] | None = None,
    options: Mapping[str, Sequence[str]] | None = None,
    levels: int = 2,
    name: str = "law",
) -> Pack:
    """A pack of levels ``l1``, ``l2``, … with five questions each, whose first option is right if nothing is said."""
    return Pack(
        id=name,
        version=version,
        title="示例学习包",
        sample=True,
        levels=[
            Level(
                id=f"l{level}",
                name=f"第{level}关",
                draw=5,
                questions=[
                    question(
                        f"l{level}q{number}",
                        [(answers or {}).get(f"l{level}q{number}", 0)],
                        (options or {}).get(f"l{level}q{number}", ("甲", "乙", "丙")),
                    )
                    for number in range(1, 6)
                ],
            )
            for level in range(1, levels + 1)
        ],
    )


def at(
    day: int = 0, second: int = 0, *, quality: ClockQuality = "synced", boot: bytes = BOOT, mono: int | None = None
) -> Moment:
    """A moment some days after that of the doubles."""
    ms = day * DAY_MS + second * 1000
    return Moment(
        wall=WALL + ms if quality == "synced" else 5, boot=boot, mono=ms if mono is None else mono, quality=quality
    )


def run_of(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()[:8]


def answered(
    when: Moment,
    by: FactRef | None,
    name: str = "l1q1",
    *,
    chosen: int = 0,
    right: bool | None = None,
    run: str = "run",
    version: int = 1,
    **more: object,
) -> Attempt:
    """An answer; the first option is the right one for its station."""
    said = {"pack": "law", "level": name[:2], "lives_left": 3, "took_ms": 4_000} | more
    return Attempt(
        at=when,
        by=by,
        run=run_of(run),
        pack_version=version,
        question=name,
        chosen=[chosen],
        right=chosen == 0 if right is None else right,
        **said,  # type: ignore[arg-type]
    )


def ended(
    when: Moment, by: FactRef | None, stars: int = 3, *, level: str = "l1", run: str = "run", version: int = 1
) -> LevelEnded:
    return LevelEnded(
        at=when, by=by, run=run_of(run), pack="law", pack_version=version, level=level, passed=stars > 0, stars=stars
    )


def chose(when: Moment, by: FactRef, name: str = "law", *, chosen: bool = True) -> PackChosen:
    return PackChosen(at=when, by=by, pack=name, chosen=chosen)


def entered(when: Moment, number: str) -> NumberEntered:
    return NumberEntered(at=when, person=number, answer="accepted")


def take(processor: BatchProcessor, *stations: StationDouble, first: int = 1) -> None:
    """Have the county take in all that stations state from ``first`` on."""
    for one in stations:
        for begin in range(first, len(one.sealed) + 1, FACTS_A_TIME):
            processor.process_batch([one.facts_message(begin, min(begin + FACTS_A_TIME - 1, len(one.sealed)))])


def stream(station: str) -> StationDouble:
    return StationDouble(id=station, epoch=secrets.token_bytes(16))


def day_of(moment: Moment) -> dt.date:
    return (dt.datetime.fromtimestamp(moment.wall / 1000, dt.UTC) + dt.timedelta(hours=8)).date()
