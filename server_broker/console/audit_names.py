"""What the ids in audit entries stand for, read for a page of entries at once. An id without its thing stays an id."""

from collections.abc import Iterable
from dataclasses import dataclass

from server_broker.attendance.models import DutyWindow
from server_broker.audit.models import AuditEntry
from server_broker.people.models import Card, Person, Post, Unit
from server_broker.regions.models import Region
from server_broker.workdays.models import StopNotice

_REGIONS = ("village", "village_was", "region", "region_was")
_PEOPLE = ("person", "person_was")
_LISTS = ("chair", "chair_was", "expected", "expected_was", "voters", "voters_was")
"""Ids of people with spaces between them."""


@dataclass(frozen=True, slots=True)
class Names:
    """Names by the kind of a thing and its id as text."""

    of: dict[tuple[str, str], str]

    def subject(self, entry: AuditEntry) -> str:
        """Return what an entry is about."""
        return self.of.get((_kind_of(entry), entry.subject), entry.subject)

    def value(self, key: str, value: str | int) -> str | None:
        """Return what a detail's value stands for; None if it is no id, or its thing is gone."""
        if key in _LISTS:
            return "、".join(self.of.get(("person id", one), one) for one in str(value).split())
        return self.of.get((_KINDS.get(key, ""), str(value)))


_KINDS = dict.fromkeys(_REGIONS, "region") | dict.fromkeys(_PEOPLE, "person id") | {"post": "post", "card": "card"}


def _kind_of(entry: AuditEntry) -> str:
    """Return what kind of thing an entry is about: the first word of its action."""
    kind = entry.action.partition(".")[0]
    return {"roster_day": "window", "roster": "region"}.get(kind, kind)


def names_in(entries: Iterable[AuditEntry]) -> Names:
    """Return the names of what these entries name by ids. People are named by their numbers alone."""
    wanted: dict[str, set[str]] = {}
    for entry in entries:
        wanted.setdefault(_kind_of(entry), set()).add(entry.subject)
        for key, value in entry.detail.items():
            if key in _LISTS:
                wanted.setdefault("person id", set()).update(str(value).split())
            elif key in _KINDS and value is not None:
                wanted.setdefault(_KINDS[key], set()).add(str(value))
    ids = {kind: [int(one) for one in found if one.isdecimal() and len(one) < 16] for kind, found in wanted.items()}
    of: dict[tuple[str, str], str] = {}
    windows = DutyWindow.ever.filter(pk__in=ids.get("window", ())).select_related("village")
    of |= {("window", str(one.pk)): f"{one.village.name} {one.name}" for one in windows}
    of |= {("unit", str(one.pk)): one.name for one in Unit.objects.filter(pk__in=ids.get("unit", ()))}
    of |= {
        ("post", str(one.pk)): str(one)
        for one in Post.objects.filter(pk__in=ids.get("post", ())).select_related("unit")
    }
    of |= {("person id", str(one.pk)): one.number for one in Person.objects.filter(pk__in=ids.get("person id", ()))}
    tails = Card.objects.filter(pk__in=ids.get("card", ())).exclude(tail="")
    of |= {("card", str(one.pk)): f"尾号 {one.tail}" for one in tails}
    stops = StopNotice.objects.filter(pk__in=ids.get("stop", ())).select_related("region")
    of |= {("stop", str(one.pk)): one.region.name for one in stops}
    regions = Region.objects.filter(pk__in=wanted.get("region", ()))
    of |= {("region", one.code): f"{one.name} {one.code}" for one in regions}
    return Names(of)
