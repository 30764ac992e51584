"""Arrivals that fall into the same minute day after day. It says how often, and nothing of the person."""

import calendar

from server_broker.exceptions.found import Found, Look
from server_broker.exceptions.touched import HOMES, TOUCHED
from server_broker.platform.sql import query

_WITHIN_S = 60
"""Seconds from the earliest to the latest of them, by the time of day."""
_SAME = f"""
WITH {TOUCHED}, {HOMES}, firsts AS (
    SELECT DISTINCT ON (person, local::date) person, local::date AS day, to_char(local, 'YYYY-MM') AS month,
           extract(epoch FROM local - date_trunc('day', local))::int AS second, station_id, epoch, seq
    FROM touched ORDER BY person, local::date, at
), counted AS (
    SELECT firsts.*, count(*) OVER near AS together, count(*) OVER (PARTITION BY person, month) AS days
    FROM firsts
    WINDOW near AS (PARTITION BY person, month ORDER BY second RANGE BETWEEN CURRENT ROW AND {_WITHIN_S} FOLLOWING)
), most AS (
    SELECT DISTINCT ON (person, month) person, month, second, together, days FROM counted
    ORDER BY person, month, together DESC, second
)
SELECT most.person, homes.home, most.month, most.second, most.together, most.days, max(f.day),
       json_agg(json_build_array(f.station_id, f.epoch, f.seq) ORDER BY f.day)
FROM most JOIN homes ON homes.person = most.person
JOIN firsts f ON f.person = most.person AND f.month = most.month
     AND f.second BETWEEN most.second AND most.second + {_WITHIN_S}
WHERE most.together >= %(threshold)s
GROUP BY most.person, homes.home, most.month, most.second, most.together, most.days
"""  # noqa: S608 - our own constants


def same_minute(look: Look, threshold: int) -> list[Found]:
    """Return who came in the same minute on ``threshold`` dates of a month or more.

    The months of the dates are taken whole, as far as they have come.
    """
    first = look.first.replace(day=1)
    last = look.last.replace(day=calendar.monthrange(look.last.year, look.last.month)[1])
    whole = Look(first, last, look.now)
    rows = query(_SAME, {"since": whole.since, "until": whole.until, "threshold": threshold})
    return [
        Found(
            f"{person}:{month}",
            home,
            day,
            person,
            {"month": month, "together": together, "days": days, "second": second},
            tuple(touches),
        )
        for person, home, month, second, together, days, day, touches in rows
    ]
