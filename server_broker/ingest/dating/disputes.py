"""Keep an alarm open for each station with rows whose time is in dispute."""

from collections.abc import Collection, Mapping
from datetime import datetime

from server_broker.fleet.alarm_codes import COUNTY_WORDS_DIFFER
from server_broker.fleet.alarms import AlarmCall, raise_alarms, resolve
from server_broker.fleet.fact_rows import Boot
from server_broker.fleet.models import Alarm
from server_broker.fleet.tables import DATING_QUALITIES
from server_broker.ingest.dating.weighing import DISPUTED, Plan
from server_broker.ingest.fact_rooms import STAMPED_TABLES
from server_broker.platform.sql import query


def tell_of_disputes(plans: Mapping[Boot, Plan], *, weighed_anew: Collection[str], at: datetime) -> None:
    """Open one alarm for each station in dispute, and close the alarms of stations without disputed rows.

    Args:
        plans: By boot, how its rows are dated now.
        weighed_anew: Stations of which rows may be in dispute no longer.
        at: Now.
    """
    # If all words of a boot are in doubt, an alarm of the county tells so.
    disputed = {station for (station, _), plan in plans.items() if plan.disputed_through >= 0 and not plan.in_doubt}
    concerned = {*disputed, *weighed_anew}
    if not concerned:
        return
    told = Alarm.objects.filter(origin="county", code=COUNTY_WORDS_DIFFER, resolved_at=None, station__in=concerned)
    told_of = set(told.values_list("station_id", flat=True))
    detail = "站点同一次开机中，县里先后说的时间不一致，且分不出哪个对：此前的记录改为待核对，按收到时间列出"
    raise_alarms(
        [AlarmCall(station, COUNTY_WORDS_DIFFER, "major", detail) for station in sorted({*disputed} - told_of)], at=at
    )
    # A station may have disputed rows in a boot that was not dated now.
    still: set[str] = set()
    for table in STAMPED_TABLES:
        rows = query(
            # EXISTS, because the first such row is enough and there may be very many. DISPUTED is neither of the two
            # qualities; the partial index on undated rows has this condition.
            f"""SELECT s FROM unnest(%s::text[]) AS s WHERE EXISTS (
                SELECT FROM {table} WHERE station_id = s AND quality = %s
                AND NOT (quality IN {DATING_QUALITIES}))""",  # noqa: S608 - fixed names
            [list(told_of), DISPUTED],
        )
        still |= {station for (station,) in rows}
    for station in sorted(told_of - {*disputed} - still):
        resolve(station=station, code=COUNTY_WORDS_DIFFER, at=at)
