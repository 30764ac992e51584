"""One card in two townships within too short a time, and a card that was used while its owner is on leave."""

import datetime as dt

from server_broker.duty.models import Absence, AbsenceKind, AbsenceRecord
from server_broker.exceptions.found import Found, Look, key_of
from server_broker.exceptions.touched import HOMES, PLACED, TOUCHED
from server_broker.platform.sql import query
from server_broker.regions.models import TOWNSHIP_DIGITS

_TWO_PLACES = f"""
WITH {TOUCHED}, {PLACED}, {HOMES}, pairs AS (
    SELECT placed.*, lag(at) OVER each AS before_at, lag(village_code) OVER each AS before_code,
           lag(station_id) OVER each AS before_station, lag(epoch) OVER each AS before_epoch,
           lag(seq) OVER each AS before_seq
    FROM placed WHERE card IS NOT NULL
    WINDOW each AS (PARTITION BY card ORDER BY at, station_id, seq)
)
SELECT pairs.person, homes.home, before_station, before_epoch, before_seq, station_id, epoch, seq, local::date,
       (extract(epoch FROM at - before_at) / 60)::int
FROM pairs JOIN homes ON homes.person = pairs.person
WHERE left(village_code, {TOWNSHIP_DIGITS}) <> left(before_code, {TOWNSHIP_DIGITS})
  AND at - before_at < make_interval(mins => %(threshold)s)
"""  # noqa: S608 - our own constants

_ON_LEAVE = f"""
WITH {TOUCHED}, {HOMES}
SELECT x.person, homes.home, x.local::date AS day,
       json_agg(json_build_array(x.station_id, x.epoch, x.seq) ORDER BY x.at), count(*), min(r.valid_from),
       max(r.valid_to)
FROM touched x
JOIN {Absence._meta.db_table} a ON a.person_id = x.person AND a.kind = '{AbsenceKind.LEAVE}'
JOIN {AbsenceRecord._meta.db_table} r ON r.subject_id = a.id AND r.superseded_at IS NULL AND NOT r.ended
     AND r.valid_from <= x.at AND x.at < r.valid_to
JOIN homes ON homes.person = x.person
GROUP BY x.person, homes.home, day
HAVING count(*) >= %(threshold)s
"""  # noqa: S608 - our own constants


def two_places(look: Look, threshold: int) -> list[Found]:
    """Return the touches of a card that came in less than ``threshold`` minutes after one in another township."""
    found = []
    for row in query(_TWO_PLACES, {**_dates(look), "threshold": threshold}):
        person, home, *touched, day, minutes = row
        first, second = touched[:3], touched[3:]
        detail: dict[str, str | int] = {"minutes": minutes}
        found.append(Found(key_of(second), home, day, person, detail, (first, second)))
    return found


def card_on_leave(look: Look, threshold: int) -> list[Found]:
    """Return the dates on which somebody on leave touched ``threshold`` times or more."""
    return [
        Found(
            f"{person}:{day}",
            home,
            day,
            person,
            {"times": times, "from": _iso(since), "to": _iso(until)},
            tuple(touches),
        )
        for person, home, day, touches, times, since, until in query(
            _ON_LEAVE, {**_dates(look), "threshold": threshold}
        )
    ]


def _dates(look: Look) -> dict[str, object]:
    return {"since": look.since, "until": look.until}


def _iso(at: dt.datetime) -> str:
    return at.isoformat(timespec="minutes")
