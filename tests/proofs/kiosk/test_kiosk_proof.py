"""A small run at the state machine finds nothing, and finds each planted fault."""

import logging
from collections.abc import Iterator

import pytest

from tests.proofs.kiosk.machines import is_caught, on_machine
from tests.proofs.kiosk.planted import PLANTED


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    """A log line for each key would take longer than the keys."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_random_hands_find_nothing_wrong() -> None:
    played = on_machine(4_500, seed=5)
    assert (played.crashes, played.dead_ends, played.canaries_after, played.lost) == (0, 0, 0, 0), played.examples
    assert played.canaries_seen_in_visit > 10
    assert played.recorded["attempt"] > 10
    assert played.months_seen > 10
    assert played.same_place > 0
    assert played.recorded["person_vouched"] > 0


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(fault: str) -> None:
    assert is_caught(fault, seed=5)
