"""Say that what the county wants of stations may have changed.

Whoever changes people, cards, duty windows, packs or settings says so in the same transaction. PostgreSQL tells the
ingest worker after its COMMIT (NOTIFY).
"""

from collections.abc import Iterable

from django.db import connection

from server_broker.fleet.models import Station

CHANNEL = "cunhui_desired"
"""PostgreSQL channel (NOTIFY); the payload is a station's id."""


def desired_changed(stations: Iterable[str]) -> None:
    """Say that the desired state of these stations may be another when this transaction is committed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, station) FROM unnest(%s::text[]) AS station", [CHANNEL, list(stations)])


def desired_changed_under(region_code: str) -> None:
    """Say so for every station in the subtree of a region."""
    desired_changed(Station.objects.under(region_code).values_list("id", flat=True))
