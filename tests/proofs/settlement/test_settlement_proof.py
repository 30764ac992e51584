"""Three hundred months of villages come to the same by both reckonings, and what is turned or planted is found."""

from pathlib import Path

import pytest

from server_broker import settlement
from tests.proofs.settlement.mutants import MUTANTS
from tests.proofs.settlement.planted import PLANTED
from tests.proofs.settlement.trying import try_mutants
from tests.proofs.settlement.worlds import compare_months

ENGINE = Path(settlement.__file__).parent
A_TEST, TESTS, ALWAYS = 5, 22, 4
"""Months of three villages in a test; the tests, and how many of them `./run test` has time for."""


@pytest.mark.parametrize(
    "part", [*range(ALWAYS), *(pytest.param(part, marks=pytest.mark.small_proof) for part in range(ALWAYS, TESTS))]
)
def test_months_come_to_the_same_in_whatever_order_things_arrive(part: int) -> None:
    found = compare_months(range(part * A_TEST, (part + 1) * A_TEST))

    assert found.examples == []
    assert (found.differences, found.order_differences, found.absent_on_missing_data) == (0, 0, 0)
    assert found.village_months > 2 * A_TEST
    assert found.negative_judged


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_fault_is_found(plant: object) -> None:
    assert callable(plant)
    assert plant()


def test_every_rule_to_be_turned_stands_in_the_engine_once() -> None:
    for mutant in MUTANTS:
        source = (ENGINE / f"{mutant.module}.py").read_text(encoding="utf-8")
        changed = mutant.changed(source)
        compile(changed, mutant.module, "exec")
        assert changed != source


def test_a_turned_rule_makes_a_world_differ() -> None:
    tried = try_mutants(seed=1, worlds=3, rules=["grace in is a minute shorter", "a lost seq does not fill the gap"])

    assert (sorted(tried.differ), tried.survivors, tried.broken) == (
        ["a lost seq does not fill the gap", "grace in is a minute shorter"],
        [],
        [],
    )
