"""What is computed of answers is what the plain scorer finds, in whatever parts it comes together."""

from datetime import date
from random import Random
from typing import Any, NamedTuple

import msgspec
import pytest

from protocol.packs import Question
from protocol.progress import (
    Answered,
    Due,
    History,
    Reached,
    RunEnded,
    Try,
    best_of,
    card_of,
    due_now,
    history_of,
    levels_of,
    wrong_book,
)
from tests.scoring.fsrs6 import review
from tests.scoring.scorer import Binding, Key, Score, score

DAY_MS = 86_400_000
BEGIN = 1_798_700_000_000
TOUCH_EPOCH, CARD, BOOT = b"t" * 16, b"c" * 16, b"b" * 16
PACKS, QUESTIONS = ("law", "flood"), tuple(f"q{number}" for number in range(6))
SEEDS = range(60)


class World(NamedTuple):
    """What one person did, as facts for the scorer and as values for the product."""

    raw: list[tuple[bytes, int, bytes]]
    answers: list[Answered]
    ended: list[RunEnded]
    keys: dict[str, dict[int, dict[str, Key]]]

    def key(self, pack: str, question: str, version: int) -> Question | None:
        for newest in sorted(self.keys[pack], reverse=True):
            found = self.keys[pack][newest].get(question)
            if found is not None and found.since <= version:
                return Question(
                    id=question,
                    kind=found.kind,  # type: ignore[arg-type]  # one of four in every world
                    stem="示例？",
                    options=["甲", "乙", "丙", "丁"],
                    answer=list(found.answer),
                    explanation="示例。",
                    source="示例",
                )
        return None


def a_world(seed: int) -> World:
    """Answers of some weeks at three stations, with pack versions whose keys differ and clocks that know nothing."""
    random = Random(seed)
    keys = {pack: {version: a_version(version, random) for version in (1, 2, 3)} for pack in PACKS}
    world = World([(TOUCH_EPOCH, 1, packed(kind="touch", card=CARD, at=[BEGIN, BOOT, 0, "synced"]))], [], [], keys)
    for run in range(random.randint(5, 40)):
        a_run(world, run, random)
    return world


def a_version(version: int, random: Random) -> dict[str, Key]:
    return {
        name: Key("single", (random.randrange(4),), random.randint(1, version))
        for name in QUESTIONS
        if random.random() < 0.9
    }


def a_run(world: World, number: int, random: Random) -> None:
    epoch, run = random.choice([b"1", b"2", b"3"]) * 16, number.to_bytes(8)
    pack, version = random.choice(PACKS), random.choice((1, 2, 3))
    level, wall = random.choice(("l1", "l2")), BEGIN + random.randrange(60 * DAY_MS)
    dated = random.random() < 0.9
    seq = number * 100
    for question in random.sample(QUESTIONS, random.randint(1, 6)):
        seq, wall = seq + 1, wall + random.randrange(90_000)
        chosen, right = random.randrange(4), random.random() < 0.6
        world.raw.append(
            (
                epoch,
                seq,
                packed(
                    kind="attempt",
                    at=[wall, BOOT, 5, "synced" if dated else "unknown"],
                    run=run,
                    pack=pack,
                    pack_version=version,
                    level=level,
                    question=question,
                    chosen=[chosen],
                    right=right,
                    lives_left=1,
                    by={"epoch": TOUCH_EPOCH, "seq": 1},
                ),
            )
        )
        world.answers.append(
            Answered(wall if dated else None, epoch, seq, pack, version, level, question, run, (chosen,), right)
        )
    stars = random.randint(0, 3)
    end = {"run": run, "pack": pack, "pack_version": version, "level": level, "passed": stars > 0, "stars": stars}
    at = [wall, BOOT, 9, "synced" if dated else "unknown"]
    world.raw.append((epoch, seq + 1, packed(kind="level_ended", at=at, by={"epoch": TOUCH_EPOCH, "seq": 1}, **end)))
    if stars:
        world.ended.append(RunEnded(wall if dated else None, pack, level, run, stars))


def packed(**fact: Any) -> bytes:
    return msgspec.msgpack.encode(fact)


def expected(world: World) -> Score:
    return score(world.raw, [Binding(CARD, "zhang")], world.keys)["zhang"]


@pytest.mark.parametrize("seed", SEEDS)
def test_stars_and_wrong_book_are_the_plain_scorers(seed: int) -> None:
    world = a_world(seed)
    want = expected(world)
    history = history_of(world.answers, world.key)
    assert {name: found.stars for name, found in levels_of(world.answers, world.ended, world.key).items()} == want.stars
    assert {due.question: due.day for due in wrong_book(history)} == want.book
    cards = {name: card for name, tries in history.tries.items() if (card := card_of(tuple(tries))) is not None}
    assert {name: card.due.date() for name, card in cards.items()} == {
        name: card.due for name, card in want.cards.items()
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_it_comes_together_in_parts_as_at_once(seed: int) -> None:
    world = a_world(seed)
    whole = history_of(world.answers, world.key)
    # A county computed of two stations, and the third adds its own.
    county = [one for one in world.answers if one.epoch != b"1" * 16]
    own = [one for one in world.answers if one.epoch == b"1" * 16]
    assert history_of(own, world.key, before=history_of(county, world.key)) == whole


def test_the_order_of_coming_changes_nothing() -> None:
    world = a_world(7)
    shuffled = Random(1).sample(world.answers, len(world.answers))
    assert history_of(shuffled, world.key) == history_of(world.answers, world.key)


def test_of_two_accounts_of_a_level_the_most_stars_and_the_earliest_first_one_count() -> None:
    assert best_of(Reached(2, 500), Reached(1, 300)) == Reached(2, 300)
    assert best_of(Reached(1, None), Reached(3, 300)) == Reached(3, 300)
    assert best_of(Reached(1, None), Reached(3, None)) == Reached(3, None)


def test_ten_a_day_the_longest_due_first() -> None:
    book = wrong_book(
        History({("law", f"q{n:02}"): [Try(wall=BEGIN + n * DAY_MS, right=False)] for n in range(14)}, {})
    )
    today = date(2027, 1, 10)
    assert [due.question[1] for due in book] == [f"q{n:02}" for n in range(14)]
    assert due_now(book, today, reviewed=0) == [("law", f"q{n:02}") for n in range(10)]
    assert due_now(book, today, reviewed=8) == due_now(book, today, reviewed=0)[:2]
    assert due_now(book, today, reviewed=11) == []
    assert due_now([Due(("law", "q1"), None)], today, reviewed=0) == [], "nobody knows when it was answered"


def test_the_library_does_what_the_paper_says() -> None:
    random = Random(3)
    for _ in range(300):
        tries, card, wall = [], None, BEGIN
        for place in range(random.randint(1, 12)):
            right = place > 0 and random.random() < 0.7
            tries.append(Try(wall=wall, right=right))
            card = review(card, date.fromordinal(719_163 + (wall + 8 * 3_600_000) // DAY_MS), right=right)
            wall += random.choice((0, 1, 2, 5, 9, 30, 120)) * DAY_MS
        ours = card_of(tuple(tries))
        assert card is not None
        assert ours is not None
        assert (ours.stability, ours.difficulty) == pytest.approx((card.stability, card.difficulty), rel=1e-12)
        assert ours.due.date() == card.due
