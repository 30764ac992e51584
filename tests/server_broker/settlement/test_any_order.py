"""The same facts and decisions give the same bytes, in whatever order they are given (docs/rules.md, section 6)."""

from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from server_broker.settlement.named_cases.command import answer_to, as_json
from server_broker.settlement.named_cases.reading import read_case
from tests.reckoning.toml_text import toml_of
from tests.reckoning.worlds import world

IN_ORDER = ("votes",)
"""A meeting's votes are a list in an order."""


def shuffled(value: Any, random: Random) -> Any:
    """Return a case with every list in another order, but for those in which the order means something."""
    if isinstance(value, dict):
        return {key: one if key in IN_ORDER else shuffled(one, random) for key, one in value.items()}
    if isinstance(value, list):
        return random.sample([shuffled(one, random) for one in value], len(value))
    return value


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(200, 5000), order=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_byte(seed: int, order: Random) -> None:
    case = world(seed)

    first = as_json(answer_to(read_case(toml_of(case)))[1])
    again = as_json(answer_to(read_case(toml_of(shuffled(case, order))))[1])

    assert again == first
