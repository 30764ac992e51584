"""The judge of the keys proof counts what it should and nothing else, and the proof catches planted bugs."""

from typing import Any

import pytest

from tests.proofs.keys.catching import is_caught, small
from tests.proofs.keys.glass import Glass, Sight, sights
from tests.proofs.keys.judge import Findings, KeyPressed, Screen, StoredFact, judge

CARD, OTHER_CARD = b"a" * 16, b"b" * 16
NAMES = {CARD: "甲一", OTHER_CARD: "乙二"}
STEM = "着火了打哪个电话？"
HOME, QUESTION, VERDICT = "今日值班", f"第1题{STEM}114119", f"{STEM}√答对了"
FIRST, SECOND, OFFERED, CHOSEN = (
    "打卡成功甲一08:06再刷一次",
    "已打卡甲一08:06刚才已经打过",
    "已打卡甲一08:06打错了？按7，再刷一次卡，就改为下班",
    "已打卡甲一08:06再刷一次这张卡，就改为下班",
)


def shown(*changes: tuple[int, str], until: int = 100_000) -> list[Sight]:
    ends = [at for at, _ in changes[1:]] + [until]
    return [Sight(at, end, text) for (at, text), end in zip(changes, ends, strict=True)]


def fact(seq: int, mono: int, kind: str, **said: Any) -> StoredFact:
    return StoredFact(seq, mono, {"kind": kind, **said})


def touch(seq: int, mono: int, card: bytes = CARD, direction: str | None = "in") -> StoredFact:
    return fact(seq, mono, "touch", card=card, direction=direction)


def chosen(seq: int, mono: int, about: int = 1, direction: str = "out") -> StoredFact:
    return fact(seq, mono, "direction_chosen", touch={"epoch": bytes(16), "seq": about}, direction=direction)


def judged(facts: list[StoredFact], *screens: Screen) -> Findings:
    findings = Findings()
    judge(facts, screens, stems={"q": STEM}, names=NAMES, findings=findings)
    return findings


TOUCHED = [touch(1, 1_000), touch(2, 4_000), touch(3, 8_000, direction="out")]
"""The third touch confirms."""
MEANT = Screen(
    shown((0, HOME), (1_030, FIRST), (4_030, SECOND), (4_950, OFFERED), (6_000, CHOSEN), (8_030, HOME)),
    [KeyPressed(5_990, "7")],
)


def test_a_correction_that_its_owner_meant_is_well() -> None:
    found = judged([*TOUCHED, chosen(4, 8_000)], MEANT)
    assert (found.foreign_directions, found.directions, found.touches) == (0, 1, 3)


def pressed(*keys: KeyPressed) -> Screen:
    return Screen(MEANT.sights, keys)


@pytest.mark.parametrize(
    ("facts", "screen"),
    [
        pytest.param([touch(1, 8_000), chosen(2, 8_000)], MEANT, id="touched once"),
        pytest.param([*TOUCHED[:2], chosen(3, 6_000)], MEANT, id="the key had the last word"),
        pytest.param([*TOUCHED, chosen(4, 8_600)], MEANT, id="not with the touch that confirms"),
        pytest.param(
            [touch(1, 1_000), touch(2, 8_000), chosen(3, 8_000)],
            Screen(shown((0, HOME), (1_030, OFFERED)), MEANT.pressed),
            id="chosen after the first touch",
        ),
        pytest.param([*TOUCHED[:2], touch(3, 8_000, OTHER_CARD), chosen(4, 8_000)], MEANT, id="another card confirmed"),
        pytest.param(
            [*TOUCHED[:2], touch(3, 7_000, OTHER_CARD), touch(4, 8_000), chosen(5, 8_000)], MEANT, id="another between"
        ),
        pytest.param(
            [touch(1, 1_000), touch(2, 15_000), touch(3, 19_000), chosen(4, 19_000)],
            Screen(shown((0, HOME), (15_030, OFFERED)), [KeyPressed(17_000, "7")]),
            id="touched again too late",
        ),
        pytest.param([*TOUCHED[:2], touch(3, 16_300), chosen(4, 16_300)], MEANT, id="confirmed too late"),
        pytest.param([*TOUCHED, chosen(4, 8_000, about=9)], MEANT, id="no such touch"),
        pytest.param([*TOUCHED, chosen(4, 8_000)], pressed(), id="no key"),
        pytest.param([*TOUCHED, chosen(4, 8_000)], pressed(KeyPressed(4_800, "7")), id="before it was seen"),
        pytest.param([*TOUCHED, chosen(4, 8_000)], pressed(KeyPressed(5_990, "enter")), id="no key that chooses"),
        pytest.param([*TOUCHED, chosen(4, 8_000)], pressed(KeyPressed(8_010, "7")), id="after the last touch"),
        pytest.param(
            [*TOUCHED, chosen(4, 8_000)],
            Screen(shown((0, HOME), (4_030, QUESTION)), MEANT.pressed),
            id="on another screen",
        ),
        pytest.param(
            [*TOUCHED, chosen(4, 8_000)],
            Screen(shown((0, HOME), (4_030, OFFERED.replace("甲一", "刚才甲一乙二"))), MEANT.pressed),
            id="on another's screen",
        ),
    ],
)
def test_a_direction_that_nobody_meant_is_counted(facts: list[StoredFact], screen: Screen) -> None:
    assert judged(facts, screen).foreign_directions == 1


def test_a_touch_without_a_direction_has_a_key_for_each() -> None:
    undirected = [touch(1, 1_000, direction=None), touch(2, 4_000, direction=None), touch(3, 8_000)]
    offered = Screen(shown((0, HOME), (4_030, "已打卡甲一08:06按7上班，按8下班")), MEANT.pressed)
    assert judged([*undirected, chosen(4, 8_000, direction="in")], offered).foreign_directions == 0
    assert judged([*undirected, chosen(4, 8_000, direction="out")], offered).foreign_directions == 1


def test_a_third_touch_keeps_the_offer_of_the_second_open() -> None:
    screen = Screen(shown((0, HOME), (4_030, OFFERED)), [KeyPressed(20_000, "7")])
    third = [*TOUCHED[:2], touch(3, 13_000)]
    assert judged([*third, touch(4, 24_000), chosen(5, 24_000)], screen).foreign_directions == 0
    assert judged([*TOUCHED[:2], touch(3, 24_000), chosen(4, 24_000)], screen).foreign_directions == 1


def test_a_direction_between_the_touches_is_judged_by_itself() -> None:
    undirected = [touch(1, 1_000, direction=None), chosen(2, 2_000, direction="in"), touch(3, 4_000, direction="in")]
    again = [touch(4, 8_000, direction="out"), chosen(5, 8_000, direction="out")]
    assert judged([*undirected, *again], MEANT).foreign_directions == 1  # the first: nobody pressed anything


def test_a_screen_read_in_the_middle_of_a_write_is_no_other_screen() -> None:
    torn = shown((0, HOME), (4_030, SECOND), (4_500, "甲一08:06按En7，再"), (4_504, OFFERED), (6_600, HOME))
    assert judged([*TOUCHED, chosen(4, 8_000)], Screen(torn, [KeyPressed(4_900, "7")])).foreign_directions == 0


def answer(mono: int) -> StoredFact:
    return fact(1, mono, "attempt", question="q")


@pytest.mark.parametrize(("seen_ms", "blind"), [(800, 0), (799, 1)])
def test_an_answer_counts_from_when_its_question_stood_there(seen_ms: int, blind: int) -> None:
    screen = Screen(shown((0, HOME), (5_000, QUESTION), (5_050 + seen_ms, VERDICT)), [])
    found = judged([answer(5_000 + seen_ms)], screen)
    assert (found.blind_answers, found.answers, found.shortest_seen_ms) == (blind, 1, seen_ms)


def test_a_question_that_stood_nowhere_is_answered_blind() -> None:
    assert judged([answer(5_000)], Screen(shown((0, HOME)), [])).blind_answers == 1
    assert judged([answer(5_000)], Screen(shown((0, QUESTION), (3_000, HOME)), [])).blind_answers == 1


def test_a_result_in_between_makes_the_question_new() -> None:
    screen = Screen(shown((0, QUESTION), (4_000, FIRST), (5_000, QUESTION), (5_650, VERDICT)), [])
    assert judged([answer(5_600)], screen).blind_answers == 1


def test_the_screen_that_says_the_verdict_is_where_it_was_answered() -> None:
    slow = Screen(shown((0, QUESTION)), [])
    quick = Screen(shown((0, HOME), (5_000, QUESTION), (5_350, VERDICT)), [])
    assert judged([answer(5_300)], slow, quick).blind_answers == 1
    assert judged([answer(5_300)], slow).blind_answers == 0


def test_the_glass_shows_what_a_terminal_would() -> None:
    glass = Glass(20, 3)
    glass.feed("\x1b]0;title\x07\x1b[?1049h\x1b[2J\x1b[1;1H\x1b[1;32m一二三\x1b[0m\x1b[2;3Habc\x1b[1;3H四".encode())
    assert glass.text() == "一四三abc"
    glass.feed(b"\x1b[2;4H\x1b[K\x1b[3;")
    glass.feed("1H五".encode()[:2])
    assert glass.text() == "一四三a"
    glass.feed("1H五".encode()[2:])
    assert glass.text() == "一四三a五"


def test_sights_last_until_something_else_stands_there() -> None:
    written = [(10, b"\x1b[1;1Ha"), (20, b"\x1b[1;1Ha"), (35, b"\x1b[1;1Hb")]
    assert sights(written, columns=5, rows=1, until=50) == [Sight(10, 35, "a"), Sight(35, 50, "b")]


@pytest.mark.small_proof
def test_the_product_stores_nothing_that_nobody_meant() -> None:
    found = small(keys=120, touches=8, seed=1)
    assert (found.foreign_directions, found.blind_answers, found.crashes) == (0, 0, 0)


@pytest.mark.small_proof
def test_a_kiosk_that_a_key_ends_is_caught() -> None:
    assert is_caught("ends")
