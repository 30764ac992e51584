"""Read again, without being asked, what was held because only a later version knew it: this may be that version.

A county that was upgraded knows kinds and words that it held before. Nobody should have to press a key for each
station.
"""

from datetime import datetime

from server_broker.ingest.held import to_review
from server_broker.ingest.reread import reread_held

LATER = ("unknown_kind", "unknown_value", "malformed")
"""Contract 1.0 had no other name for a later word than ``malformed``."""


def reread_later(now: datetime) -> str:
    """Read the facts again that an earlier version could not know. Return how many are read now, in words for the log.

    A fact that is still of a later version, or really is malformed, stays held as it was.
    """
    waiting = to_review().filter(held_reason__in=LATER)
    stations = waiting.order_by("stream__station").values_list("stream__station", flat=True).distinct()
    read = {station: reread_held(station, now=now).read for station in list(stations)}
    return ", ".join(f"{count} of {station}" for station, count in read.items() if count)
