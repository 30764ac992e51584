"""Departures that come long after the last sign that anybody was there."""

from server_broker.attendance.models import WindowRecord
from server_broker.attendance.tables import TOUCHES
from server_broker.exceptions.found import Found, Look
from server_broker.exceptions.touched import AT, DATED, HOMES, TOUCHED
from server_broker.fleet.tables import STATION_EVENTS
from server_broker.learning.tables import ATTEMPTS
from server_broker.platform.sql import LOCAL_ZONE, query
from server_broker.settlement.parameters import Values
from server_broker.settlement.times import dates
from server_broker.settling.models import SettledWindow
from server_broker.settling.region_terms import values_set

SIGNS = (
    *("contact_changed", "number_entered", "pin_set", "visit_ended", "help_asked", "hint_answered"),
    *("request_made", "request_withdrawn", "agreed", "feedback_given", "record_made", "meeting_step"),
    *("person_vouched", "votes_counted", "phone_link_shown", "pack_chosen", "feedback_rated", "record_withdrawn"),
    "score_given",
)
"""Kinds of facts that say that somebody was in the room. Touches and answers to questions do too."""
_SILENCES = ("booted", "shut_down", "reader_lost", "epoch_opened", "facts_lost")
"""Kinds after which nobody knows what the station did not see."""
_AFTER_END, _BEFORE_TOUCH, _BACK = "30 minutes", "10 minutes", "24 hours"
"""A departure so long after the window's end is looked at. Signs so short before it are of coming to the reader. What
lies so far back says nothing."""
_RESULTS = ("√", "迟", "早", "缺")

_LATE = f"""
WITH {TOUCHED}, {HOMES}, reach AS MATERIALIZED (
    SELECT * FROM unnest(%(villages)s::bigint[], %(days)s::date[], %(minutes)s::int[]) AS r (village, day, minutes)
), ends AS MATERIALIZED (
    SELECT s.person_id AS person, s.day, max(w."end") AS ends,
           max(w."end" + coalesce(reach.minutes, {Values().open_after})) AS closes
    FROM {SettledWindow._meta.db_table} s
    JOIN {WindowRecord._meta.db_table} w ON w.village_id = s.village_id AND w.start = s.start AND NOT w.ended
         AND w.superseded_at IS NULL AND w.marks <> 'arrival'
         AND tstzrange(w.valid_from, w.valid_to) @> (s.day::timestamp AT TIME ZONE {LOCAL_ZONE})
    LEFT JOIN reach ON reach.village = s.village_id AND reach.day = s.day
    WHERE s.superseded_at IS NULL AND s.day >= %(first)s AND s.day <= %(last)s AND s.result = ANY(%(results)s)
    GROUP BY s.person_id, s.day
), departed AS MATERIALIZED (
    SELECT DISTINCT ON (x.person, e.day) x.*, e.day AS of_day
    -- A window's departure lies on its date or, after midnight, on the next one.
    FROM touched x JOIN ends e ON e.person = x.person AND e.day IN (x.local::date, x.local::date - 1)
         AND x.local >= e.day + make_interval(mins => e.ends) + interval '{_AFTER_END}'
         AND x.local < e.day + make_interval(mins => e.closes)
    ORDER BY x.person, e.day, x.at DESC
), seen AS MATERIALIZED (
    SELECT d.*, greatest(
        (SELECT max(t.wall) FROM {TOUCHES} t WHERE t.station_id = d.station_id AND {DATED}
             AND t.corrected_wall IS NULL
             AND t.wall >= d.at - interval '{_BACK}' AND t.wall < d.at - interval '{_BEFORE_TOUCH}'),
        (SELECT max(t.corrected_wall) FROM {TOUCHES} t WHERE t.station_id = d.station_id
             AND t.corrected_wall >= d.at - interval '{_BACK}'
             AND t.corrected_wall < d.at - interval '{_BEFORE_TOUCH}'),
        (SELECT max({AT}) FROM {STATION_EVENTS} t WHERE t.station_id = d.station_id AND t.kind = ANY(%(signs)s)
             AND {DATED} AND t.received_at >= d.at - interval '{_BACK}'
             AND {AT} < d.at - interval '{_BEFORE_TOUCH}'),
        (SELECT max({AT}) FROM {ATTEMPTS} t WHERE t.station_id = d.station_id AND {DATED}
             AND t.received_at >= d.at - interval '{_BACK}' AND {AT} < d.at - interval '{_BEFORE_TOUCH}'),
        d.at - interval '{_BACK}') AS sign
    FROM departed d
), late AS MATERIALIZED (
    SELECT * FROM seen WHERE at - sign >= make_interval(mins => %(threshold)s)
)
SELECT late.person, homes.home, of_day, station_id, late.epoch, seq,
       (extract(epoch FROM at - sign) / 60)::int,
       EXISTS (SELECT FROM {STATION_EVENTS} t WHERE t.station_id = late.station_id AND t.kind = 'contact_changed'
               AND t.received_at >= late.at - interval '30 days')
FROM late JOIN homes ON homes.person = late.person
  -- Of the time in which a station was off, nobody knows who was there.
WHERE NOT EXISTS (SELECT FROM {STATION_EVENTS} t WHERE t.station_id = late.station_id AND t.kind = ANY(%(silences)s)
                  AND t.received_at >= sign AND {AT} >= sign AND {AT} <= late.at)
"""  # noqa: S608 - our own constants


def late_departure(look: Look, threshold: int) -> list[Found]:
    """Return the departures after the end of a window before which nothing was seen for ``threshold`` minutes."""
    reach = values_set("open_after", list(dates(look.first, look.last)))
    rows = query(
        _LATE,
        {
            **{"since": look.since, "until": look.until, "first": look.first, "last": look.last},
            **{"signs": list(SIGNS), "silences": list(_SILENCES), "results": list(_RESULTS)},
            **{"villages": [one[0] for one in reach], "days": [one[1] for one in reach]},
            **{"minutes": [one[2] for one in reach], "threshold": threshold},
        },
    )
    return [
        Found(
            f"{person}:{day}",
            home,
            day,
            person,
            {"minutes": minutes, "door": int(has_door)},
            ([station, epoch, seq],),
        )
        for person, home, day, station, epoch, seq, minutes, has_door in rows
    ]
