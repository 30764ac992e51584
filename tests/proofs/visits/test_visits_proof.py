"""A small run of the proof of visits finds nothing, and finds each planted fault. The guesses need a county: see
`./run prove visits`."""

import asyncio
from pathlib import Path

import pytest

from tests.proofs.visits.planted import VISITING
from tests.proofs.visits.visiting import Visited, visit_all


def visited(folder: Path, visits: int) -> Visited:
    return asyncio.run(visit_all(folder, visits=visits, seed=7))


def test_nothing_is_left_of_visits(tmp_path: Path) -> None:
    found = visited(tmp_path, 12)
    assert (found.visits, found.canaries_after, found.foreign_lines, found.stuck) == (12, 0, 0, 0), found.examples
    assert found.drawn > 0


@pytest.mark.parametrize("fault", VISITING)
def test_a_planted_fault_is_found(tmp_path: Path, fault: str) -> None:
    with VISITING[fault]():
        found = visited(tmp_path, 12)
    assert found.canaries_after + found.foreign_lines + found.stuck > 0
