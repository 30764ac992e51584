"""The packs that people can play, wherever they came from: the shelf's bundles, and packs of a county of contract
1.0."""

from typing import Protocol

from agent.shelf.question_set import QuestionSet


class HasPacks(Protocol):
    """Somewhere where packs lie."""

    def packs(self) -> list[QuestionSet]:
        """Return the packs that can be played."""


class Library:
    """All packs. One that lies in two places is offered once, from the place that comes first."""

    def __init__(self, *places: HasPacks) -> None:
        self._places = places

    def packs(self) -> list[QuestionSet]:
        """Return the packs that can be played."""
        found: dict[str, QuestionSet] = {}
        for place in self._places:
            for pack in place.packs():
                found.setdefault(pack.id, pack)
        return list(found.values())

    def find(self, pack: str) -> QuestionSet | None:
        """Return a pack by its id."""
        return next((one for one in self.packs() if one.id == pack), None)
