"""Tell that the desired state of stations may have changed, and that it was built.

Code that changes people, cards, duty windows, packs or settings calls `desired_changed` in the same transaction.
PostgreSQL notifies whoever builds the states (`server_broker.twin.desired_keeper`) after the COMMIT (NOTIFY), so no
change is read that is rolled back. The ingest workers are notified in the same way of what was built.
"""

from collections.abc import Iterable

from django.db import connection
from django.utils import timezone

from server_broker.fleet.models import Station
from server_broker.fleet.shelf_changes import shelf_changed_under
from server_broker.regions.models import TOWNSHIP_DIGITS

CHANNEL = "cunhui_desired"
"""PostgreSQL channel (NOTIFY) of what has changed; the payload is a station's id."""
BUILT_CHANNEL = "cunhui_desired_built"
"""Likewise, of what was built."""


def desired_changed(stations: Iterable[str]) -> None:
    """Notify that the desired state of these stations may have changed, once this transaction is committed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, station) FROM unnest(%s::text[]) AS station", [CHANNEL, list(stations)])


def desired_built(station: str) -> None:
    """Notify that a station's desired state was built, once this transaction is committed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [BUILT_CHANNEL, station])


def desired_changed_under(region_code: str) -> None:
    """Notify for every station in the subtree of a region; see `desired_changed`."""
    desired_changed(Station.objects.under(region_code).values_list("id", flat=True))


def people_changed_in(*villages: str) -> None:
    """Notify that people or cards of these villages changed.

    The other stations of their townships know them too, by the desired state. Stations of the villages themselves have
    their people in a bundle as well.
    """
    townships = sorted({code[:TOWNSHIP_DIGITS] for code in villages})
    for prefix in townships:
        desired_changed(Station.objects.filter(village__code__startswith=prefix).values_list("id", flat=True))
    for code in sorted(set(villages)):
        shelf_changed_under(code, at=timezone.now())
