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


def _mark(stations: StationQuerySet, at: datetime) -> None:
    # In the order of ids, so that two who mark many stations wait for one another and not in a circle.
    ids = stations.filter(enrolled_at__isnull=False, revoked_at=None).order_by("pk").values_list("pk", flat=True)
    # A station that is marked already is marked anew: it may be computed at this moment, without the change of this
    # transaction. The UPDATE waits for that.
    ShelfDue.objects.bulk_create(
        [ShelfDue(station_id=pk, marked_at=at) for pk in ids],
        update_conflicts=True,
        unique_fields=["station"],
        update_fields=["marked_at"],
    )
