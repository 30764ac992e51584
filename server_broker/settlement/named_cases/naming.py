"""Other names for everybody and everything of a world, so that a case says of nobody who they are."""

from collections.abc import Iterable

from msgspec.structs import replace

from server_broker.settlement.values import Binding, Fact, Station, World

PERSON = "person-1"
"""Whose case it is."""


class _Names:
    """New names of one kind, by the order in which they are asked for."""

    def __init__(self, word: str) -> None:
        self._word = word
        self._given: dict[str, str] = {}

    def __getitem__(self, old: str) -> str:
        return self._given.setdefault(old, f"{self._word}-{len(self._given) + 1}")

    def all(self, old: Iterable[str]) -> frozenset[str]:
        return frozenset(self[one] for one in sorted(old))


def renamed(world: World, person: str) -> World:
    """Return a world in which ``person`` is `PERSON`, and nothing has the name that it has in the county."""
    people, places, stations = _Names("person"), _Names("region"), _Names("station")
    cards, posts, rosters = _Names("card"), _Names("post"), _Names("roster")
    assert people[person] == PERSON
    return replace(
        world,
        regions=tuple(
            replace(one, id=places[one.id], parent=one.parent and places[one.parent]) for one in world.regions
        ),
        notices=tuple(replace(one, scope=places[one.scope]) for one in world.notices),
        parameters=tuple(replace(one, region=places[one.region]) for one in world.parameters),
        people=tuple(replace(one, id=people[one.id], home=places[one.home]) for one in world.people),
        holdings=tuple(replace(one, post=posts[one.post], person=people[one.person]) for one in world.holdings),
        away=tuple(replace(one, person=people[one.person]) for one in world.away),
        bindings=tuple(_binding(one, people, cards) for one in world.bindings),
        orders=tuple(replace(one, card=cards[one.card], person=people[one.person]) for one in world.orders),
        windows=tuple(
            replace(
                one,
                roster=rosters[one.roster],
                village=places[one.village],
                persons=people.all(one.persons),
                post=one.post and posts[one.post],
            )
            for one in world.windows
        ),
        swaps=tuple(
            replace(
                one,
                giver=people[one.giver],
                taker=people[one.taker],
                agreed=tuple(replace(word, by=people[word.by]) for word in one.agreed),
            )
            for one in world.swaps
        ),
        leave=tuple(
            replace(
                one,
                person=people[one.person],
                asked_by=people[one.asked_by],
                decisions=tuple(replace(said, by=people[said.by]) for said in one.decisions),
            )
            for one in world.leave
        ),
        corrections=tuple(
            replace(
                one,
                person=people[one.person],
                asked_by=people[one.asked_by],
                decisions=tuple(replace(said, by=people[said.by]) for said in one.decisions),
                second=tuple(replace(said, by=people[said.by]) for said in one.second),
            )
            for one in world.corrections
        ),
        stations=tuple(_station(one, places, stations, cards) for one in world.stations),
    )


def _binding(one: Binding, people: _Names, cards: _Names) -> Binding:
    return replace(one, card=cards[one.card], person=people[one.person])


def _station(one: Station, places: _Names, stations: _Names, cards: _Names) -> Station:
    return replace(
        one,
        id=stations[one.id],
        village=places[one.village],
        stands_in_for=places.all(one.stands_in_for),
        facts=tuple(_fact(fact, cards) for fact in one.facts),
    )


def _fact(fact: Fact, cards: _Names) -> Fact:
    return replace(fact, card=cards[fact.card]) if fact.card else fact
