"""What stations say of the bundles that they should have."""

from collections.abc import Sequence
from datetime import datetime

from protocol.twin import Reported
from server_broker.bundles.models import ShelfHeard, ShelfReport
from server_broker.platform.database_text import shown_line
from server_broker.platform.tables import LAST_BIG_INTEGER


def note_shelves(reported: Sequence[tuple[str, Reported]], *, now: datetime) -> None:
    """Keep what each station said last. A list takes the place of the one before.

    A birth is passed as a report whose ``at`` is 0; it says nothing of bundles and changes nothing.
    """
    last = {station: said for station, said in reported if said.at}
    if not last:
        return
    ShelfHeard.objects.bulk_create(
        [ShelfHeard(station_id=station, at=now) for station in sorted(last)],
        update_conflicts=True,
        unique_fields=["station"],
        update_fields=["at"],
    )
    rows = {
        (station, shown_line(one.id), one.version): ShelfReport(
            station_id=station,
            bundle=shown_line(one.id),
            version=min(one.version, LAST_BIG_INTEGER),
            state=shown_line(one.state),
            reason=shown_line(one.reason),
            at=now,
        )
        for station, said in last.items()
        for one in said.packs
    }
    before = {(row.station_id, row.bundle, row.version): row for row in ShelfReport.objects.filter(station__in=last)}
    gone = [row.pk for key, row in before.items() if key not in rows]
    changed = [row for key, row in rows.items() if key not in before or _says(row) != _says(before[key])]
    # Most reports repeat the one before, and none of these rows is written then.
    if gone:
        ShelfReport.objects.filter(pk__in=gone).delete()
    if changed:
        ShelfReport.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["station", "bundle", "version"],
            update_fields=["state", "reason", "at"],
        )


def _says(row: ShelfReport) -> tuple[str, str]:
    return row.state, row.reason
