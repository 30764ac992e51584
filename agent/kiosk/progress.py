"""What each person has reached in learning, as far as this station knows it: the best stars of a level.

It is computed from the runs that ended here in a person's visit, and from what the county computed of all stations'
runs (`progress` bundle). The best of both counts. What was reached here is kept in the outbox's state table, because
facts are erased in time; the last facts of the outbox are read again at each start.
"""

from collections.abc import Callable, Iterable, Mapping

from agent.storage.state import StateSlot, StateStore
from agent.twin import Twin
from protocol.bundle_contents import Progress
from protocol.facts import Fact, LevelEnded, NumberEntered, Touch
from protocol.units import FactRef, PersonId

MAX_STARS = 3
MAX_PEOPLE = 500


class PersonalProgress:
    """The stars of people. Used on the core thread only."""

    def __init__(self, *, state: StateStore, twin: Twin, county: Callable[[PersonId], Progress | None]) -> None:
        """
        Args:
            county: Returns the county's bundle for a person, or None.
        """
        self._twin = twin
        self._county = county
        self._slot = StateSlot(state, "stars_of", dict[str, dict[str, int]], title="the list of people's stars")
        self._stars = self._slot.read() or {}

    def recall(self, facts: Iterable[tuple[FactRef, Fact]]) -> None:
        """Learn from the last facts of the outbox, oldest first: whose runs they were, and how these ended."""
        who: dict[tuple[bytes, int], PersonId] = {}
        for ref, fact in facts:
            match fact:
                case Touch() if (card := self._twin.card(fact.card)) is not None and not card.lost:
                    who[ref.epoch, ref.seq] = card.person
                case NumberEntered(answer="accepted"):
                    who[ref.epoch, ref.seq] = fact.person
                case LevelEnded() if fact.by is not None and (person := who.get((fact.by.epoch, fact.by.seq))):
                    self._reach(person, fact.pack, fact.level, fact.stars)

    def stars(self, person: PersonId) -> Mapping[str, int]:
        """Return the best stars of a person by ``pack/level``."""
        best = dict(self._stars.get(person, {}))
        county = self._county(person)
        for level in county.levels if county is not None else []:
            name = f"{level.pack}/{level.level}"
            best[name] = max(best.get(name, 0), level.stars)
        return best

    def reached(self, person: PersonId, pack: str, level: str, stars: int) -> None:
        """Note how a run of a person ended."""
        if self._reach(person, pack, level, stars):
            self._slot.keep(self._stars)

    def _reach(self, person: PersonId, pack: str, level: str, stars: int) -> bool:
        name = f"{pack}/{level}"
        own = self._stars.setdefault(person, {})
        # Whoever learnt here last stays; the county has everybody's progress anyway.
        self._stars[person] = self._stars.pop(person)
        while len(self._stars) > MAX_PEOPLE:
            del self._stars[next(iter(self._stars))]
        if stars <= own.get(name, 0):
            return False
        own[name] = min(stars, MAX_STARS)
        return True
