"""The Pi's outsider counts what is lost, invented, doubled, unseen, not green or misdated: each of them can rise."""

from dataclasses import asdict

import pytest

from firmware_scripts.rig.pi3.judge import Laid, Row, answered_ms, reckon
from firmware_scripts.rig.pi3.pins import Edge

UNIX_S = 1_790_000_000.0
LAID = [Laid("P1", 100.0), Laid("P2", 110.0), Laid("P3", 120.0)]


def lit(pin: str, at_s: float) -> list[Edge]:
    return [Edge(pin, True, at_s), Edge(pin, False, at_s + 3)]


EDGES = [*lit("green", 100.5), *lit("green", 110.5), Edge("green", True, 120.5)]
"""The last one burns on: the board was killed."""
ROWS = [Row(one.person, UNIX_S + one.at_s + 0.4) for one in LAID]
WELL = {"touches": 3, "green": 3, "stored": 3} | dict.fromkeys(
    ("lost", "invented", "doubled", "unseen", "not_green", "misdated"), 0
)


def found(*, laid: list[Laid] = LAID, edges: list[Edge] = EDGES, rows: list[Row] = ROWS) -> dict[str, int]:
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
    assert found(rows=[*ROWS, Row("P9", UNIX_S + 105), Row("?", UNIX_S + 106)]) == WELL | {"stored": 5, "invented": 2}


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
    assert found(rows=[ROWS[0], ROWS[1], Row("P3", UNIX_S + 120 + off_s)])["misdated"] == 1


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
