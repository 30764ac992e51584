"""Learning at a real agent with 20,000 questions in 60 packs, by people of whom the county told it."""

import random
import threading
import time
from contextlib import closing

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_scripts.report import Value
from protocol.codec import encode
from protocol.progress import LevelProgress, Progress, Tries, Try
from tests.benchmarks.learning.filling import PACKS, QUESTIONS, pack_of
from tests.benchmarks.learning.player import Player, right_answers
from tests.benchmarks.measures.figures import Figure, percentile
from tests.benchmarks.measures.memory import AGENT_GOAL_MB, resident
from tests.benchmarks.measures.shelf import put_on_shelf
from tests.benchmarks.measures.surroundings import Surroundings
from tests.benchmarks.stage.station import BenchStation
from tests.fakes.shelf_source import ShelfCounty

OPENED_GOAL_MS, GRADED_GOAL_MS = 100.0, 50.0
KNOWN = 60
"""People of whom the county told the station: as many as it tells one."""
LEVELS_A_PERSON, ANONYMOUS = 5, 3
"""Levels that each of them plays, and that are played in each pack by nobody who is known."""
_PACKS_A_PERSON, _LEVELS_REACHED, _QUESTIONS_A_LEVEL = 6, 7, 20
"""What each of them has learnt: 840 questions, most of them once."""
_DAY_MS = 86_400_000
_REST_S = 5.0


def measure(station: BenchStation, *, key: Ed25519PrivateKey, seed: int) -> list[Figure]:
    """Fill the shelf of a station that rests, start it, and play.

    Args:
        key: The county's signing key.
    """
    chance = random.Random(seed)
    packs = [pack_of(number) for number in range(PACKS)]
    county = ShelfCounty(key, station.cast.id)
    for pack in packs:
        county.publish(pack.id, 1, encode(pack), kind="questions")
    now = time.time_ns() // 1_000_000
    learnt = {}
    for place, person in enumerate(station.cast.people[:KNOWN]):
        own = [packs[(place * 7 + n) % PACKS].id for n in range(_PACKS_A_PERSON)]
        learnt[person.uid] = own
        said = encode(_progress(person.number, own, now, chance))
        county.publish(f"progress-{place}", 1, said, kind="progress")
    put_on_shelf(station, county)
    around = Surroundings(station.folder.parent)
    with station.running():
        _rest()
        at_rest = resident(station.pid)["VmRSS"]
        with closing(Player(station.kiosk_socket, right=right_answers(packs), chance=chance)) as player:
            answers = _play(station, player, learnt, around, chance)
        _rest()
        memory = resident(station.pid)
    detail: dict[str, Value] = {
        **memory,
        "at_rest": at_rest,
        "packs": PACKS,
        "questions": QUESTIONS,
        "answers": answers,
    }
    return [
        Figure(name="agent_rss_learning_mb", value=memory["VmRSS"], unit="MB", goal=AGENT_GOAL_MB, detail=detail),
        _time("level_opened", player.opened_ms, OPENED_GOAL_MS, **around.describe()),
        _time("answer_graded", player.graded_ms, GRADED_GOAL_MS),
        _time("map_page", player.map_ms, None),
    ]


def _progress(person: str, packs: list[str], now: int, chance: random.Random) -> Progress:
    """Return what somebody has learnt in three years."""
    return Progress(
        person=person,
        as_of=now,
        levels=[
            LevelProgress(pack=pack, level=str(level), stars=chance.randint(1, 3), passed=now - 90 * _DAY_MS)
            for pack in packs
            for level in range(_LEVELS_REACHED)
        ],
        questions=[
            Tries(
                pack=pack,
                question=f"q{level}-{place}",
                tries=[
                    Try(wall=now - days * _DAY_MS, right=chance.random() > 0.125)
                    for days in sorted(chance.sample(range(1, 1_000), k=chance.choice((1, 1, 2))), reverse=True)
                ],
            )
            for pack in packs
            for level in range(_LEVELS_REACHED)
            for place in range(_QUESTIONS_A_LEVEL)
        ],
    )


def _play(
    station: BenchStation,
    player: Player,
    learnt: dict[str, list[str]],
    around: Surroundings,
    chance: random.Random,
) -> int:
    """Let everybody look at the map and play, then go through every pack as somebody who is not known."""
    answers = 0
    with station.touching() as hand:
        for uid, packs in learnt.items():
            with player.visit(hand, uid) as visit:
                player.map(visit)
                for _ in range(LEVELS_A_PERSON):
                    answers += player.play(chance.choice(packs), visit)
                    around.probe_disk()
    for _ in range(ANONYMOUS):
        answers += sum(player.play(pack) for pack in player.map())
    return answers


def _time(name: str, taken: list[float], goal: float | None, **more: Value) -> Figure:
    detail: dict[str, Value] = {
        "times": len(taken),
        "p50_ms": round(percentile(taken, 0.5), 1),
        "max_ms": round(max(taken), 1),
        **more,
    }
    return Figure(name=f"{name}_p99_ms", value=percentile(taken, 0.99), unit="ms", goal=goal, detail=detail)


def _rest() -> None:
    threading.Event().wait(_REST_S)
