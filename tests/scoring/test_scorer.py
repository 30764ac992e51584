"""The plain scorer gives what one finds by hand."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.scoring import messagepack
from tests.scoring.fsrs6 import review
from tests.scoring.scorer import Binding, Key, Score, score

EPOCH = b"e" * 16
BOOT, CARD = b"b" * 16, b"c" * 16
RUN = b"r" * 8
KEYS = {
    "law": {
        1: {"q1": Key("single", (0,), 1), "q2": Key("ordering", (2, 0, 1), 1)},
        2: {"q1": Key("single", (1,), 1), "q2": Key("ordering", (0, 1, 2), 2)},
    }
}


def ms(day: int, hour: int = 10) -> int:
    """A time in December 2026 by the clock of Beijing."""
    return int(datetime(2026, 12, day, hour - 8, tzinfo=UTC).timestamp() * 1000)


def touch(seq: int = 1, *, wall: int | None = None) -> tuple[bytes, int, bytes]:
    return fact(seq, kind="touch", card=CARD, at=[wall or ms(1), BOOT, 0, "synced"])


def attempt(seq: int, day: int, question: str = "q1", *, right: bool, **more: Any) -> tuple[bytes, int, bytes]:
    said = {
        "kind": "attempt",
        "at": [ms(day), BOOT, 5, "synced"],
        "run": RUN,
        "pack": "law",
        "pack_version": 2,
        "level": "l1",
        "question": question,
        "chosen": [1 if right else 3],
        "right": right,
        "lives_left": 3,
        "by": {"epoch": EPOCH, "seq": 1},
    }
    return fact(seq, **{**said, **more})


def ended(seq: int, stars: int, **more: Any) -> tuple[bytes, int, bytes]:
    said = {
        "kind": "level_ended",
        "at": [ms(1), BOOT, 9, "synced"],
        "run": RUN,
        "pack": "law",
        "pack_version": 1,
        "level": "l1",
        "passed": stars > 0,
        "stars": stars,
        "by": {"epoch": EPOCH, "seq": 1},
    }
    return fact(seq, **{**said, **more})


def fact(seq: int, **said: Any) -> tuple[bytes, int, bytes]:
    return EPOCH, seq, msgspec.msgpack.encode(said)


def of_zhang(*facts: tuple[bytes, int, bytes]) -> Score:
    return score(facts, [Binding(CARD, "zhang")], KEYS).get("zhang", Score())


def test_a_first_wrong_answer_comes_back_on_the_next_day() -> None:
    assert of_zhang(touch(), attempt(2, 1, right=False)).book == {("law", "q1"): date(2026, 12, 2)}


def test_a_question_that_was_never_wrong_is_not_in_the_book() -> None:
    assert not of_zhang(touch(), attempt(2, 1, right=True)).book


def test_right_answers_move_the_day_out_until_it_is_learnt() -> None:
    facts, day, seq = [touch(), attempt(2, 1, right=False)], 1, 2
    seen = []
    for _ in range(6):
        found = of_zhang(*facts)
        due = found.cards["law", "q1"].due
        seen.append((due - date(2026, 12, day)).days)
        if not found.book:
            break
        day, seq = due.day if due.month == 12 else day, seq + 1
        facts.append(
            attempt(seq, day, right=True, at=[ms(1) + (due - date(2026, 12, 1)).days * 86_400_000, BOOT, 5, "synced"])
        )
    assert seen == sorted(seen)
    assert seen[0] == 1


def test_how_often_and_in_which_order_facts_come_changes_nothing() -> None:
    facts = [touch(), attempt(2, 1, right=False), attempt(3, 4, right=True), attempt(4, 9, right=False), ended(5, 2)]
    layer = {"kind": "reissued", "epoch": EPOCH, "seq": 3, "salt": b"s" * 16, "body": facts[2][2]}
    again = (b"f" * 16, 7, msgspec.msgpack.encode(layer))
    assert of_zhang(*facts) == of_zhang(*reversed(facts), *facts, again)


def test_what_nobody_dates_waits_in_the_book_until_its_boot_learns_the_time() -> None:
    undated = attempt(2, 1, right=False, at=[5, BOOT, 1_000, "unknown"])
    learnt = fact(
        3, kind="clock_corrected", boot=BOOT, mono=2_000, wall=ms(8), source="county", at=[ms(8), BOOT, 9, "synced"]
    )
    assert of_zhang(touch(), undated).book == {("law", "q1"): None}
    assert of_zhang(touch(), undated, learnt).book == {("law", "q1"): date(2026, 12, 9)}


def test_a_key_that_was_wrong_marks_the_attempts_of_the_version_before_again() -> None:
    old = attempt(2, 1, right=False, pack_version=1, chosen=[1])
    assert not of_zhang(touch(), old, ended(3, 2)).book
    assert of_zhang(touch(), old, ended(3, 2)).stars == {("law", "l1"): 3}


def test_other_options_leave_what_the_station_said() -> None:
    old = attempt(2, 1, "q2", right=True, pack_version=1, chosen=[2, 0, 1])
    assert not of_zhang(touch(), old, ended(3, 1)).book


def test_a_run_that_was_cut_short_has_no_stars() -> None:
    assert not of_zhang(touch(), attempt(2, 1, right=False, pack_version=1, chosen=[1]), ended(3, 0)).stars


def test_what_nobody_signed_for_is_nobodys() -> None:
    assert score([attempt(2, 1, right=False, by=None)], [Binding(CARD, "zhang")], KEYS) == {}
    assert score([attempt(2, 1, right=False)], [Binding(CARD, "zhang")], KEYS) == {}, "the touch has not come"


def test_two_reviews_of_one_day_are_of_the_same_day() -> None:
    card = review(review(None, date(2026, 12, 1), right=False), date(2026, 12, 1), right=True)
    assert card.interval == 1
    assert card.stability > 0.212


@pytest.mark.parametrize("raw", [b"", b"\xc1", b"\x81\xa1a", b"\x01\x02", b"\xcd\x01"])
def test_what_is_no_message_is_refused(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        messagepack.read(raw)


def test_every_golden_fact_reads_as_it_does_in_the_product() -> None:
    golden = Path(__file__).parents[1] / "golden" / "v1"
    for path in sorted(golden.glob("fact-*.json")):
        raw = bytes.fromhex(msgspec.json.decode(path.read_bytes())["hex"])
        assert messagepack.read(raw) == msgspec.msgpack.decode(raw), path.name
