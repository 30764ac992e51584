"""Mark the stations whose shelf index may have changed.

Code that changes what bundles stations should have, or what is in a computed one, calls this in the same transaction.
The index itself is computed later (`server_broker.bundles.index_keeper`), because a change for the whole county
concerns hundreds of stations, and a page must not wait for them.
"""

from collections.abc import Iterable
from datetime import datetime

from server_broker.fleet.models import ShelfDue, Station, StationQuerySet


def shelf_changed(stations: Iterable[str], *, at: datetime) -> None:
    """Mark these stations."""
    _mark(Station.objects.filter(pk__in=stations), at)


def shelf_changed_under(prefix: str, *, at: datetime) -> None:
    """Mark the stations whose village's code begins with ``prefix``; all of them if it is empty."""
    _mark(Station.objects.filter(village__code__startswith=prefix), at)


def shelf_changed_in(villages: Iterable[str], *, at: datetime) -> None:
    """Mark the stations of these villages, each given by its whole code."""
    _mark(Station.objects.filter(village__in=villages), at)


def _mark(stations: StationQuerySet, at: datetime) -> None:
    # A station that is marked already is marked anew: it may be computed at this moment, without the change of this
    # transaction.
    ids = stations.filter(enrolled_at__isnull=False, revoked_at=None).values_list("pk", flat=True)
    ShelfDue.objects.bulk_create([ShelfDue(station_id=pk, marked_at=at) for pk in ids])
