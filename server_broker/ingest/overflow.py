"""Tell people where more was signed than is kept."""

from collections.abc import Iterable

from server_broker.fleet.alarms import AlarmCall
from server_broker.ingest.reading import StreamState


def overflow_alarms(states: Iterable[tuple[str, StreamState]]) -> list[AlarmCall]:
    """Return an alarm for each station that signed heads on too many connections without a fact coming through."""
    detail = "站点多次接通却没有一条记录送到，此时若换卡，可能查不出缺了什么"
    return [AlarmCall(station, "signed_heads_full", "major", detail) for station, state in states if state.overflowed]
