"""The same facts and decisions give the same bytes, in whatever order they are given (docs/rules.md, section 6)."""

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from server_broker.settlement.named_cases.command import answer_to, as_json
from server_broker.settlement.named_cases.reading import read_case
from tests.proofs.settlement.arrivals import shuffled
from tests.reckoning.toml_text import toml_of
from tests.reckoning.worlds import world


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(200, 5000), order=st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_no_byte(seed: int, order: Random) -> None:
    case = world(seed)

    first = as_json(answer_to(read_case(toml_of(case)))[1])
    again = as_json(answer_to(read_case(toml_of(shuffled(case, order))))[1])

    assert again == first
