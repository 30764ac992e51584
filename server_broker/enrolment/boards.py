"""When another board was taken in as a station in place of the one before."""

import datetime as dt

from protocol.decisions import StationEnrolled, decode_decision
from protocol.refusal import Refused
from server_broker.decisions.models import DecidedRow
from server_broker.decisions.rows import row_id, table_of
from server_broker.fleet.fact_rows import wall_time
from server_broker.fleet.models import Station

_READ = 200
"""Decisions about one station that are read, the newest. A station has some in a year, and a page asks every few
seconds."""


def replaced_at(station: Station) -> list[dt.datetime]:
    """Return when another board took the place of the station's, newest first.

    A board that asks again because the answer was lost, or is set up anew with its own record key, replaces none.
    """
    about = DecidedRow.objects.filter(table=table_of(Station), row=row_id(station.pk)).order_by("-id")
    bodies = list(about.values_list("fact__body", flat=True)[:_READ])
    found: list[dt.datetime] = []
    before: bytes | None = None
    for body in reversed(bodies):
        enrolled = _enrolled(bytes(body))
        if enrolled is None:
            continue
        at, record_key = enrolled
        if before is not None and record_key != before:
            found.append(at)
        before = record_key
    return found[::-1]


def _enrolled(body: bytes) -> tuple[dt.datetime, bytes] | None:
    """Return when a board was taken in, and its record key; None: the fact decides something else."""
    try:
        fact = decode_decision(body)
    except Refused:  # only a later version of the program knows its kind
        return None
    return (wall_time(fact.at), fact.what.record_key) if isinstance(fact.what, StationEnrolled) else None
