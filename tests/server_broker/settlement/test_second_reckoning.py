"""The engine and the second reckoning, which share no line, agree on made-up worlds of a few days.

Where they do not, docs/rules.md decides who is right. `tests.proofs.settlement` has the months.
"""

import pytest

from tests.proofs.settlement.worlds import compare_worlds

WORLDS = 100
A_TEST = 5


@pytest.mark.parametrize("first", range(0, WORLDS, A_TEST))
def test_two_reckonings_of_one_world_agree(first: int) -> None:
    found = compare_worlds(range(first, first + A_TEST))

    assert found.examples == []
    assert found.differences == 0
    assert found.order_differences == 0
