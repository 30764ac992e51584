"""What is announced of a meeting, as plain values."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Item:
    """Something that a meeting deals with. ``id`` stays when others are added before it."""

    id: str
    title: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is announced of a meeting."""

    kind: str
    title: str
    place: str
    stations: Sequence[str]
    begin: dt.datetime
    end: dt.datetime
    chair: int | None
    expected: Sequence[int]
    voters: frozenset[int]
    rule: str
    numerator: int = 0
    denominator: int = 1
    agenda: tuple[Item, ...] = ()
    papers: Sequence[tuple[str, str, str]] = ()
    """Bundle, document and title of each."""

    def content(self) -> dict[str, object]:
        """Return the columns of a dated row."""
        return {
            "kind": str(self.kind),
            "title": self.title,
            "place": self.place,
            "stations": sorted(set(self.stations)),
            # As PostgreSQL writes them, so that the same time is nothing new.
            "begin": self.begin.astimezone(dt.UTC).isoformat(),
            "end": self.end.astimezone(dt.UTC).isoformat(),
            "chair": self.chair,
            "expected": list(dict.fromkeys(self.expected)),
            "voters": sorted(self.voters),
            "rule": str(self.rule),
            "numerator": self.numerator,
            "denominator": self.denominator,
            "agenda": [[item.id, item.title, list(item.options)] for item in self.agenda],
            "papers": [list(paper) for paper in self.papers],
        }

    def words(self) -> str:
        """Return all that people wrote, for the guard."""
        items = (text for item in self.agenda for text in (item.title, *item.options))
        return "\n".join((self.title, self.place, *items))
