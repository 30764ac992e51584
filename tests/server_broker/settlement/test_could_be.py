"""The few minutes that are tried for a touch that could have been tell as much as all minutes of its bracket."""

from collections.abc import Sequence
from random import Random

import pytest

from server_broker.settlement.could_be import telling_minutes
from server_broker.settlement.index import Index
from server_broker.settlement.marks import Candidate, Roles, find
from server_broker.settlement.named_cases.reading import read_case
from server_broker.settlement.record import Bracket
from server_broker.settlement.settle import Sheet
from server_broker.settlement.times import Minute
from server_broker.settlement.units import Placed
from server_broker.settlement.values import Way
from server_broker.settlement.verdict import judge, states
from tests.reckoning.toml_text import toml_of
from tests.reckoning.worlds import world

WAYS: tuple[Way | None, ...] = (None, "in", "out")


def placed_units(seed: int) -> list[Placed]:
    case = read_case(toml_of(world(seed)))
    sheet = Sheet(Index(case.world), case.file.days, case.at, {})
    people = sorted(sheet.knowledge.index.people)
    return [one for who in people for day in sheet.days for one in sheet.lines.schedule.placed(who, day)]


def made_up_touches(placed: Placed, random: Random) -> list[Candidate]:
    roles = Roles(placed, cut=True)
    first, last = roles.span()
    lies = [random.randint(first, last) for _ in range(random.randint(0, 4))]
    return [one for at in lies for one in roles.of(at, at + random.randint(0, 2), random.choice(WAYS))]


def best(placed: Placed, touches: Sequence[Candidate], minutes: Sequence[Minute], way: Way | None) -> tuple[int, ...]:
    roles = Roles(placed, cut=False)

    def measure(at: Minute) -> tuple[int, ...]:
        unit = placed.unit
        found = find([*touches, *roles.of(at, at, way)], departs=unit.departs)
        known = states(unit, found)
        return judge(tuple(known), known, ()).measure

    return min(measure(at) for at in minutes)


@pytest.mark.parametrize("seed", range(40))
def test_the_minutes_that_are_tried_hold_the_best_one(seed: int) -> None:
    random = Random(seed)
    for placed in random.sample(units := placed_units(seed), min(len(units), 6)):
        touches = made_up_touches(placed, random)
        roles = Roles(placed, cut=False)
        first, last = roles.span()
        ends = sorted((random.randint(first, last), random.randint(first, last)))
        bracket = Bracket(*ends)
        for way in WAYS:
            few = best(placed, touches, telling_minutes(bracket, roles, touches), way)
            every = best(placed, touches, range(bracket.first, bracket.last + 1), way)
            assert few == every, (placed.unit.first.turn, touches, bracket, way)
