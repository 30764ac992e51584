"""The Pi's outsider counts what is lost, invented, doubled, unseen, not green, misdated, leaked, or started again.

Each of these counts can rise, and each fails the run.
"""

from dataclasses import asdict

import pytest

from firmware_scripts.demo.county import unexplained_in
from firmware_scripts.pi3.__main__ import BAD
from firmware_scripts.pi3.judge import DatedTouch, Laid, answered_ms, leaked, reckon
from firmware_scripts.pi3.pins import Edge
from firmware_scripts.pi3.station import Looked, restarts
from firmware_scripts.report import Value, exit_code

UNIX_S = 1_790_000_000.0
LAID = [Laid("P1", 100.0), Laid("P2", 110.0), Laid("P3", 120.0)]


def lit(pin: str, at_s: float) -> list[Edge]:
    return [Edge(pin, True, at_s), Edge(pin, False, at_s + 3)]


EDGES = [*lit("green", 100.5), *lit("green", 110.5), Edge("green", True, 120.5)]
"""The last light stays on, because the board was killed."""
ROWS = [DatedTouch(one.person, UNIX_S + one.at_s + 0.4) for one in LAID]
WELL = {"touches": 3, "green": 3, "stored": 3} | dict.fromkeys(
    ("lost", "invented", "doubled", "unseen", "not_green", "misdated"), 0
)


def found(*, laid: list[Laid] = LAID, edges: list[Edge] = EDGES, rows: list[DatedTouch] = ROWS) -> dict[str, int]:
    return asdict(reckon(laid=laid, edges=edges, rows=rows, unix_s=UNIX_S))


def test_all_is_well() -> None:
    assert found() == WELL


@pytest.mark.parametrize("colour", ["green", "amber"])
def test_a_light_without_a_row_is_lost(colour: str) -> None:
    edges = [*lit("green", 100.5), *lit(colour, 110.5), *lit("green", 120.5)]
    assert found(edges=edges, rows=[ROWS[0], ROWS[2]])["lost"] == 1


def test_a_red_light_promised_nothing() -> None:
    edges = [*lit("green", 100.5), *lit("red", 110.5), *lit("green", 120.5)]
    assert found(edges=edges, rows=[ROWS[0], ROWS[2]]) == WELL | {"green": 2, "stored": 2, "not_green": 1}


def test_a_row_that_nobody_laid_is_invented() -> None:
    assert found(rows=[*ROWS, DatedTouch("P9", UNIX_S + 105), DatedTouch("?", UNIX_S + 106)]) == WELL | {
        "stored": 5,
        "invented": 2,
    }


def test_a_lamp_before_any_card_is_invented() -> None:
    assert found(edges=[*lit("green", 90), *EDGES]) == WELL | {"invented": 1}


def test_a_second_row_is_doubled() -> None:
    assert found(rows=[*ROWS, ROWS[1]]) == WELL | {"stored": 4, "doubled": 1}


def test_a_second_light_is_doubled() -> None:
    edges = [*lit("green", 100.5), *lit("green", 105), *EDGES[2:]]
    assert found(edges=edges) == WELL | {"green": 2, "not_green": 1, "doubled": 1}


def test_a_row_without_a_light_is_unseen() -> None:
    assert found(edges=EDGES[2:]) == WELL | {"green": 2, "not_green": 1, "unseen": 1}


def test_a_card_that_nothing_answered_is_not_green() -> None:
    assert found(edges=EDGES[2:], rows=ROWS[1:]) == WELL | {"green": 2, "stored": 2, "not_green": 1}


@pytest.mark.parametrize("off_s", [-2.5, 2.5, -18_000_000])
def test_a_wrong_time_is_misdated(off_s: float) -> None:
    assert found(rows=[ROWS[0], ROWS[1], DatedTouch("P3", UNIX_S + 120 + off_s)])["misdated"] == 1


def test_nothing_at_all() -> None:
    assert found(laid=[], edges=[], rows=[]) == dict.fromkeys(WELL, 0)


def test_the_time_from_the_last_key_to_a_lamp_is_that_of_the_same_card() -> None:
    edges = [
        Edge("typed", True, 1.0),
        Edge("green", True, 1.25),
        Edge("typed", False, 1.3),
        Edge("green", False, 4.0),
        Edge("typed", True, 5.0),  # killed before it was answered
        Edge("typed", True, 9.0),
        Edge("amber", True, 9.5),
        Edge("red", True, 12.0),
    ]
    assert answered_ms(edges) == [250.0, 500.0]


def test_what_came_before_the_cut_or_waits_for_the_link_has_not_leaked() -> None:
    assert leaked(LAID[1:], ROWS[:1]) == 0
    assert leaked([], ROWS) == 0


@pytest.mark.parametrize("rows", [ROWS[:2], [ROWS[1], ROWS[1]], ROWS])
def test_a_touch_that_came_through_a_cut_link_has_leaked(rows: list[DatedTouch]) -> None:
    assert leaked(LAID[1:], rows) == len(rows) - rows.count(ROWS[0])


def test_what_is_still_missing_from_before_the_cut_hides_no_leak() -> None:
    assert leaked(LAID[2:], [ROWS[0], ROWS[2]]) == 1


def look(boot: str, times: int) -> Looked:
    return Looked(boot=boot, resident_kib=50_000, restarts=times, start_s=1.0, ready_s=60.0)


@pytest.mark.parametrize(
    ("looks", "times"),
    [
        ([], 0),
        ([look("a", 0), look("a", 0), look("b", 0)], 0),
        ([look("a", 0), look("a", 1), look("b", 0)], 1),
        ([look("a", 1), look("a", 1), look("b", 0)], 1),
        ([look("a", 0), look("a", 2), look("b", 3)], 5),
    ],
)
def test_every_start_that_systemd_had_to_repeat_is_counted_once(looks: list[Looked], times: int) -> None:
    assert restarts(looks) == times


@pytest.mark.parametrize(
    ("said", "unexplained"),
    [
        ('{"a": {"issued": 9, "unexplained": 0}, "b": {"issued": 1, "unexplained": 0}}', 0),
        ('{"a": {"issued": 9, "unexplained": 2}, "b": {"issued": 1, "unexplained": 1}}', 3),
        ('{"a": {"issued": 9, "unexplained": 2}, "b": {"issued": 1, "unexplained": -2}}', 4),
    ],
)
def test_what_no_entry_of_the_ledger_accounts_for_is_counted(said: str, unexplained: int) -> None:
    assert unexplained_in(said) == unexplained


def test_a_county_that_tells_no_ledger_is_not_taken_for_one_without_losses() -> None:
    with pytest.raises(ValueError, match="Expecting value"):
        unexplained_in("")


@pytest.mark.parametrize("bad", BAD)
def test_each_bad_count_fails_the_run(bad: str) -> None:
    report: dict[str, Value] = dict.fromkeys(BAD, 0)
    assert exit_code(report, *BAD, repeat="again") == 0
    assert exit_code(report | {bad: 1}, *BAD, repeat="again") == 1


def test_a_count_that_nobody_took_is_no_zero() -> None:
    with pytest.raises(KeyError):
        exit_code(dict.fromkeys(BAD[1:], 0), *BAD, repeat="again")
