"""A station of the proof as a case has it, by what the county had at a moment and by nothing that the county says."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from tests.proofs.settlement.station import CARRIER, NEW, Stated, Station, clock_of

type Values = dict[str, Any]

_CHOICE = "direction_chosen"


def station_row(station: Station, at: datetime) -> Values:
    """Return a station with all that the county had from it at a moment."""
    had = [one for one in station.stated if one.received is not None and one.received <= at]
    stands_in = {"stands_in_for": [station.story.stands_in_for]} if station.story.stands_in_for else {}
    row = {"id": station.name, "village": station.story.village, "enrolled": station.story.begin}
    ends = [
        # Nobody knows how much of a stream is issued anew before the next one goes on.
        {"epoch": one.epoch - 1, "last": one.more["ended"], "known": min(_went_on(one.epoch, had))}
        for one in had
        if "ended" in one.more and any(_went_on(one.epoch, had))
    ]
    lost = [
        {"epoch": one.more["epoch"], "first": one.more["first"], "last": one.more["last"], "known": one.received}
        for one in had
        if one.kind == "facts_lost"
    ]
    facts = [_fact(station, one, had, at) for one in had]
    return {**row, **station.dead, **stands_in, "epoch_ends": ends, "lost": lost, "facts": facts}


def _went_on(epoch: int, had: list[Stated]) -> Iterator[datetime]:
    """Yield when the county had what a stream stated that is not about the one before."""
    of_the_one_before = ("epoch_opened", CARRIER, "facts_lost", NEW)
    for one in had:
        held = "held_until" in one.more and one.received is not None and one.received < one.more["held_until"]
        if one.epoch == epoch and one.kind not in of_the_one_before and one.received is not None and not held:
            yield one.received


def _fact(station: Station, one: Stated, had: list[Stated], at: datetime) -> Values:
    row: Values = {"epoch": one.epoch, "seq": one.seq, "kind": one.kind, "received": one.received}
    if one.kind == NEW:
        written_off = {"written_off": one.more["written_off"]} if "written_off" in one.more else {}
        return {**row, "kind": "held", "at": one.received, **written_off}
    was, dated = _dated(one.at, one.said, one.boot, had, knows=one.knows)
    row |= {"at": was, "quality": "synced" if dated else "unknown"}
    if one.kind == "touch":
        row["card"] = one.more["card"]
        row |= _way(one, had)
    if one.kind == "boot" and one.boot:
        row |= _last_alive(station, one, had)
    if "held_until" in one.more and one.received is not None and one.received < one.more["held_until"]:
        row["held_until"] = one.more["held_until"]
    return row


def _way(touch: Stated, had: list[Stated]) -> Values:
    """Return the direction that was chosen for a touch, if the county has heard of it."""
    place = (touch.epoch, touch.seq)
    for one in had:
        if one.kind == _CHOICE and one.more["of"] == place:
            return {"way": one.more["way"], "way_after_s": int((one.at - touch.at).total_seconds())}
    return {}


def _last_alive(station: Station, boot: Stated, had: list[Stated]) -> Values:
    alive = boot.more.get("last_alive")
    if alive is None:
        return {}
    run = boot.boot - 1
    alive = max(alive, station.boots[run][1])
    wrong, knows = clock_of(station, run, alive)
    was, dated = _dated(alive, alive + wrong, run, had, knows=knows)
    return {"last_alive": was} if dated else {}


def _dated(true: datetime, said: datetime, boot: int, had: list[Stated], *, knows: bool) -> tuple[datetime, bool]:
    """Return the time of something, and whether it has one, by the corrections of its run that the county had.

    The county's own word stands over that of a time service for all that came before it.
    """
    told = [one for one in had if one.kind == "clock_corrected" and one.boot == boot]
    if any(one.more["source"] == "county" and true <= one.at for one in told):
        return true, True
    if not knows and told:
        ahead: timedelta = told[0].more.get("ahead", timedelta())
        return true + ahead, True
    return said, knows
