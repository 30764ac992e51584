"""The guard finds what it must in the corpus, and lets pass what may be published."""

from pathlib import Path
from random import Random

import pytest

from tests.server_broker.guard.texts import CORPUS, county, entries, judged, mutant

MUTANTS = 500
"""`tests.proofs.guard` tries more."""


@pytest.mark.parametrize("folder", [CORPUS, CORPUS / "later"], ids=["before", "later"])
def test_nothing_that_must_be_found_passes_and_little_else_is_stopped(folder: Path) -> None:
    figures = judged(entries(folder), county())
    assert figures.undetected == ()
    assert len(figures.false_hits) <= 0.02 * figures.to_pass, figures.false_hits


def test_numbers_are_found_in_any_width_and_spacing() -> None:
    random, by = Random(37), county()
    numbers = [entry for entry in entries(CORPUS) if entry.wanted and "secret_word" not in entry.wanted]
    mutants = [mutant(random.choice(numbers), random) for _ in range(MUTANTS)]
    assert judged(mutants, by).undetected == ()
