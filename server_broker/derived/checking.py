"""Check the facts and the derived rows of all stations, as they stand at one moment."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from server_broker.derived.findings import HELD_THOUGH_READABLE, INVENTED, Finding, Place
from server_broker.derived.held import would_be_read
from server_broker.derived.projections import PROJECTIONS
from server_broker.derived.walk import walk
from server_broker.fleet.models import Station
from server_broker.fleet.tables import STATIONS
from server_broker.ingest.tables import FACTS
from server_broker.ledger.verify import verify_station
from server_broker.platform.sql import query


@dataclass(frozen=True, slots=True)
class OfStation:
    """What was found at one station."""

    station: str
    rows: int = 0
    held: int = 0
    readable: int = 0
    """Held facts that would be read well now."""
    untried: tuple[Place, ...] = ()
    """As in `server_broker.derived.walk.Counts`."""
    chain: str = ""
    """What is wrong with its streams; empty: they hold. Without them nothing that hangs on them is worth a finding."""
    finding: Finding | None = None


def check_stations(*, now: datetime | None = None) -> Iterator[OfStation]:
    """Yield what was found at each station. Call it in `server_broker.ledger.consistency.consistent_read`."""
    now = now or datetime.now(UTC)
    for station in Station.objects.order_by("pk"):
        bad = next(
            (verdict for verdict in verify_station(station) if not verdict.good and not verdict.is_unsigned), None
        )
        if bad is not None:
            yield OfStation(station.pk, chain=bad.sentence())
            continue
        finding, counts = walk(station.pk, now=now)
        untried = tuple(counts.untried)
        yield OfStation(station.pk, counts.rows, counts.held, counts.readable, untried, finding=finding)


def first_readable(untried: Iterable[tuple[str, Place]]) -> Finding | None:
    """Return the first fact that is held as if the database refused it, and would be read.

    Not in `server_broker.ledger.consistency.consistent_read`, because it has to be tried.
    """
    for station, place in untried:
        if would_be_read(station, place):
            return Finding("记录", FACTS.name, station, place, HELD_THOUGH_READABLE)
    return None


def first_of_nobody() -> Finding | None:
    """Return a row of a station that there is not."""
    for projection in PROJECTIONS:
        rows = query(
            f"""SELECT station_id, epoch, seq FROM {projection.table} t
            WHERE NOT EXISTS (SELECT 1 FROM {STATIONS} s WHERE s.id = t.station_id) LIMIT 1""",  # noqa: S608
            [],
        )
        for station, epoch, seq in rows:
            return Finding(projection.word, projection.table.name, station, Place(bytes(epoch), seq), INVENTED)
    return None
