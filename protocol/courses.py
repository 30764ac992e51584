"""What learning is required of whom, and what may be chosen: the content of ``courses`` bundles."""

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from msgspec import Meta

from protocol.codec import Message, VersionedMessage
from protocol.units import DayText, RegionPrefix, ShortText

MAX_PACKS = 50


class Requirement(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A pack that somebody requires until a day."""

    pack: ShortText
    until: DayText
    types: Annotated[list[ShortText], Meta(max_length=16)] = []
    """Of people of these types (`protocol.twin.Person.type`); empty: of all."""
    regions: Annotated[list[RegionPrefix], Meta(max_length=64)] = []
    """Of people of these places; empty: everywhere."""


class Menu(Message, frozen=True, kw_only=True, omit_defaults=True):
    """Packs of which a person chooses at least ``choose``."""

    title: ShortText
    choose: Annotated[int, Meta(ge=1, le=MAX_PACKS)]
    packs: Annotated[list[ShortText], Meta(min_length=1, max_length=MAX_PACKS)]
    types: Annotated[list[ShortText], Meta(max_length=16)] = []
    regions: Annotated[list[RegionPrefix], Meta(max_length=64)] = []

    def __post_init__(self) -> None:
        """Refuse a menu of which nobody could choose enough."""
        if self.choose > len(self.packs):
            raise ValueError("Expected at least as many packs as are to be chosen")


class Taken(Message, frozen=True, kw_only=True, array_like=True):
    """``[pack, type, people]``: so many people of a type chose a pack. None with fewer than 10 is told."""

    pack: ShortText
    type: ShortText
    people: Annotated[int, Meta(ge=10)]


class Courses(VersionedMessage, frozen=True, kw_only=True):
    """Content of ``courses``."""

    required: Annotated[list[Requirement], Meta(max_length=500)] = []
    menus: Annotated[list[Menu], Meta(max_length=100)] = []
    """Of several that are for a person the first counts."""
    taken: Annotated[list[Taken], Meta(max_length=2_000)] = []


def counting_day[Day: (date, str)](days: Iterable[Day], today: Day) -> Day:
    """Return which of several days counts, until which a pack is required of somebody: the first one to come, and if
    all have passed the last of them.

    Args:
        days: At least one; dates, or dates as ``2026-11-30``.
    """
    listed = sorted(days)
    return next((day for day in listed if day >= today), listed[-1])


def concerns(entry: Requirement | Menu, *, type_: str, region: str) -> bool:
    """Tell whether an entry is for people of a type in a place.

    Args:
        region: The 12-digit code of the person's village.
    """
    return (not entry.types or type_ in entry.types) and (
        not entry.regions or any(region.startswith(prefix) for prefix in entry.regions)
    )
