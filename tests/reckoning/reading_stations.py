"""Read the stations of a case with their facts."""

from datetime import timedelta

from tests.reckoning.case import EpochEnd, Fact, Lost, Station
from tests.reckoning.minutes import ALWAYS
from tests.reckoning.rows import Row

QUALITIES = ("synced", "holdover", "restored", "unknown")
KEYS_OF_KIND = {
    "touch": ("card", "way", "way_after_s"),
    "boot": ("last_alive",),
    "time_fix": ("of", "time"),
}


def read_stations(head: Row, names: set[str], regions: set[str]) -> tuple[Station, ...]:
    """Return the stations; each stands in a region of the case, and no two facts have one place."""
    stations: list[Station] = []
    for row in head.rows("stations"):
        station = read_station(row)
        for key, village in [
            ("village", station.village),
            *[("stands_in_for", name) for name in station.stands_in_for],
        ]:
            if village not in regions:
                raise row.fault(key, f"there is no region {village}")
        stations.append(station)
    return tuple(stations)


def read_station(row: Row) -> Station:
    dead = row.moment("dead", None)
    row.once("epoch_ends", "epoch")
    facts: list[Fact] = []
    places: set[tuple[int, int]] = set()
    for fact_row in row.rows("facts"):
        fact = read_fact(fact_row)
        if fact.place in places:
            raise fact_row.fault("seq", f"seq {fact.seq} of epoch {fact.epoch} is there twice")
        places.add(fact.place)
        facts.append(fact)
    station = Station(
        id=row.text("id"),
        village=row.text("village"),
        enrolled=row.moment("enrolled", ALWAYS),
        retired=row.moment("retired", None),
        dead=dead,
        dead_known=row.moment("dead_known", dead or ALWAYS),
        stands_in_for=row.texts("stands_in_for", []),
        epoch_ends=tuple(read_epoch_end(end) for end in row.rows("epoch_ends")),
        lost=tuple(read_lost(lost) for lost in row.rows("lost")),
        facts=tuple(facts),
        known=row.moment("known", ALWAYS),
    )
    row.finish()
    return station


def read_epoch_end(row: Row) -> EpochEnd:
    end = EpochEnd(row.number("epoch", least=1), row.number("last"), row.moment("known", ALWAYS))
    row.finish()
    return end


def read_lost(row: Row) -> Lost:
    lost = Lost(
        epoch=row.number("epoch", 1, least=1),
        first=row.number("first", least=1),
        last=row.number("last", least=1),
        known=row.moment("known", ALWAYS),
        written_off=row.moment("written_off", None),
    )
    if lost.last < lost.first:
        raise row.fault("last", "it ends before it begins")
    row.finish()
    return lost


def read_fact(row: Row) -> Fact:
    kind = row.text("kind")
    for keys_kind, keys in KEYS_OF_KIND.items():
        for key in keys:
            if row.has(key) and kind != keys_kind:
                raise row.fault(key, f"{key} belongs to a {keys_kind}")
    at = row.moment("at", ALWAYS) if kind == "held" else row.moment("at")
    received = row.moment("received", at + timedelta(minutes=1))
    fact = Fact(
        epoch=row.number("epoch", 1, least=1),
        seq=row.number("seq", least=1),
        kind=kind,
        at=at,
        quality=row.text("quality", "synced", among=QUALITIES),
        received=max(received, row.moment("known", ALWAYS)),
        card=row.text("card") if kind == "touch" else "",
        way=row.text("way", "", among=("in", "out")),
        way_after_s=row.seconds("way_after_s", 0),
        last_alive=row.moment("last_alive", None),
        of=row.number("of") if kind == "time_fix" else 0,
        time=row.moment("time") if kind == "time_fix" else None,
        held_until=row.moment("held_until", None),
        written_off=row.moment("written_off", None),
    )
    row.finish()
    return fact
