"""A township's month that a county lives comes to what was entered, piece by piece and at one go."""

import pytest

from tests.proofs.settlement.lived import Life, live


@pytest.mark.small_proof
@pytest.mark.timeout(300)  # it takes seconds by itself, and other programs may have the processor
def test_a_lived_month_is_the_same_by_both_reckonings_and_piece_by_piece() -> None:
    found = live([Life("5 a", "2026-06", 1, "live")])

    assert (found.counts["differences"], found.counts["incremental_differences"]) == (0, 0)
    assert found.counts["village_months"] >= 3
    assert found.counts["facts"] > 100
    assert {"leave", "decide", "roster"} <= set(found.edits)
