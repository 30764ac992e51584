"""Draws favour nothing, and the judge sees it if they do."""

from random import Random

import pytest

from agent.kiosk.runs import Asked, drawn
from protocol.packs import Level, PackHead
from tests.proofs.learning.draws import LEAST_P, LEAST_WELL, SEEDS, above, by_the_product, favours, well


def test_no_question_and_no_place_of_an_option_is_favoured() -> None:
    pools, options = well([favours(by_the_product, seed) for seed in range(SEEDS)])
    assert min(pools, options) >= LEAST_WELL


def the_first_more_often(pack: PackHead, level: Level, random: Random) -> list[Asked]:
    asked = drawn(pack, level, random=random)
    names = {one.question.id for one in asked}
    if "q0" not in names and random.random() < 0.1:
        first = next(one for one in level.questions if one.id == "q0")
        asked[0] = Asked(pack, asked[0].level, first, asked[0].order)
    return asked


def options_hardly_shuffled(pack: PackHead, level: Level, random: Random) -> list[Asked]:
    return [
        Asked(one.pack, one.level, one.question, sorted(one.order) if random.random() < 0.03 else one.order)
        for one in drawn(pack, level, random=random)
    ]


def test_a_favour_is_seen() -> None:
    assert favours(the_first_more_often, 1).pool < LEAST_P
    assert favours(options_hardly_shuffled, 1).options < LEAST_P


@pytest.mark.parametrize(("chi_square", "degrees", "p"), [(3.841, 1, 0.05), (15.507, 8, 0.05), (41.638, 23, 0.01)])
def test_what_tables_say(chi_square: float, degrees: int, p: float) -> None:
    assert above(chi_square, degrees) == pytest.approx(p, abs=1e-4)
