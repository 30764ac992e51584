"""Compare, from outside the product, which cards were presented, what the lamps showed, and what psql finds in the
database.

Nothing here asks the product how it did. A *light* is a line of a lamp's witness that names a fact; a *row* is
a touch that psql found in the county's database.
"""

from collections import Counter
from dataclasses import dataclass

from firmware_scripts.demo.county import DemoCounty
from firmware_scripts.demo.lamp_log import Light

_TOUCHES = """
    select t.station_id, encode(t.epoch, 'hex') || '/' || t.seq, coalesce(p.number, '?'),
           encode(t.boot, 'hex') || '/' || t.mono_ms
    from attendance_touch t left join people_card c on c.token = t.card_token
    left join people_person p on p.id = c.person_id"""

_WHOLE_PICTURES = "select count(*) from media_blob where completed_at is not null"


@dataclass(frozen=True, slots=True, order=True)
class StoredTouch:
    """A touch in the database."""

    station: str
    fact: str
    person: str
    moment: str
    """Boot and milliseconds in it: one card can't be touched twice in one millisecond."""


@dataclass(frozen=True, slots=True)
class Reckoning:
    """The result of the comparison, in touches."""

    green: int
    stored: int
    lost: int
    """Lit green (or amber), but not in the database."""
    invented: int
    """In the database, but never presented."""
    doubled: int
    """In the database or lit more than once for one presentation."""
    unseen: int
    """In the database, but no light was seen: the agent was killed in between."""


def touch_rows(county: DemoCounty) -> list[StoredTouch]:
    """Return every touch that the database holds."""
    return [StoredTouch(*columns) for columns in county.sql(_TOUCHES)]


def whole_pictures(county: DemoCounty) -> int:
    """Return how many pictures have come whole."""
    return int(county.sql(_WHOLE_PICTURES)[0][0])


def lit_facts(lights: list[Light]) -> list[str]:
    """Return the facts for which a lamp lit green or amber, in order."""
    return [light.fact for light in lights if light.colour in ("green", "amber") and light.fact]


def blinks(lights: list[Light]) -> int:
    """Return how often a lamp lit without a fact. That is the command ``identify``, with which a person finds the
    station."""
    return sum(light.colour == "amber" and not light.fact for light in lights)


def reckon(
    *, presented: Counter[tuple[str, str]], lights: dict[str, list[Light]], rows: list[StoredTouch]
) -> Reckoning:
    """Compare.

    Args:
        presented: How often each (station, person number) was presented.
        lights: The lamp log of each station.
        rows: `touch_rows`.
    """
    lit = [(station, fact) for station, seen in lights.items() for fact in lit_facts(seen)]
    stored = {(row.station, row.fact) for row in rows}
    by_person = Counter((row.station, row.person) for row in rows)
    moments = {(row.station, row.person, row.moment) for row in rows}
    return Reckoning(
        green=sum(light.colour == "green" for seen in lights.values() for light in seen),
        stored=len(rows),
        lost=len(set(lit) - stored),
        invented=sum(count for key, count in by_person.items() if key not in presented),
        doubled=sum(max(0, count - presented[key]) for key, count in by_person.items() if key in presented)
        + (len(lit) - len(set(lit)))
        + (len(rows) - len(moments)),
        unseen=len(stored - set(lit)),
    )
