"""Name the villages of people where a sentence must not name the people."""

from collections.abc import Collection

from server_broker.people.models import Person

MOST_NAMED = 3


def villages_named(people: Collection[int]) -> str:
    """Return the names of the first villages of people, who are given by their keys; 等 says that there are more."""
    places = Person.objects.filter(pk__in=people).order_by("village__code").values_list("village__name", flat=True)
    names = list(places.distinct()[: MOST_NAMED + 1])
    return "、".join(names[:MOST_NAMED]) + ("等" if len(names) > MOST_NAMED else "")
