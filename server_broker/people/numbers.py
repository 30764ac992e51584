"""Whom a number names, and for which stations it may speak: those of the person's own township.

A station that fell into wrong hands can sign any fact. So what it says of people whom it can't know counts for nothing.
"""

from collections.abc import Iterable

from server_broker.fleet.models import Station
from server_broker.people.models import Person

TOWNSHIP_DIGITS = 9
"""Of a region's code: those that all villages of a township share."""


def people_by_number(numbers: Iterable[str]) -> dict[str, Person]:
    """Return the people with these numbers who have not left."""
    return {person.number: person for person in Person.objects.filter(number__in=set(numbers), left=False)}


def of_township(station: Station, person: Person) -> bool:
    """Tell whether a person belongs to the township of a station."""
    return person.village_id[:TOWNSHIP_DIGITS] == station.village_id[:TOWNSHIP_DIGITS]


def spoken_for(pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Return those pairs of a station's id and a number in which the station may speak for the person."""
    asked = set(pairs)
    people = people_by_number(number for _, number in asked)
    stations = Station.objects.in_bulk({station for station, _ in asked})
    return {
        (station, number)
        for station, number in asked
        if number in people and station in stations and of_township(stations[station], people[number])
    }
