"""Date what came of boots, and boots whole."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from server_broker.fleet.alarm_codes import TOO_MANY_CORRECTIONS
from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.fleet.fact_rows import Boot, NewOfBoot
from server_broker.ingest.dating.anchors import MAX_ANCHORS, anchors_of
from server_broker.ingest.dating.disputes import tell_of_disputes
from server_broker.ingest.dating.due import let_wait, rows_of, turns_of
from server_broker.ingest.dating.moved_late import known_times, moves, tell_of_moves
from server_broker.ingest.dating.rows import Part, stretches_of, write_times
from server_broker.ingest.dating.weighing import Plan, plan


def date_new(new: Mapping[Boot, NewOfBoot], *, at: datetime) -> None:
    """Date what came just now; and all of a boot whose clock was corrected, unless it has so many rows that it waits.

    Args:
        new: By boot, what was stored just now.
        at: Now.
    """
    found = anchors_of(new)
    plans = {boot: plan(anchors) for boot, anchors in found.items()}
    corrected = [boot for boot in plans if new[boot].corrected]
    at_once = _now_or_later(corrected)
    date_whole({boot: plans[boot] for boot in at_once}, at=at)
    others = {boot: _still_to_do(planned, new[boot]) for boot, planned in plans.items() if boot not in at_once}
    write_times(others, part=Part(stretches_of({boot: new[boot].identities for boot in others})))
    _tell_of_many_corrections([boot for boot in corrected if len(found[boot]) == MAX_ANCHORS], at)
    tell_of_disputes(plans, weighed_anew={boot[0] for boot in at_once if plans[boot].doubtful}, at=at)


def date_whole(plans: Mapping[Boot, Plan], *, from_scratch: Collection[Boot] = (), at: datetime) -> None:
    """Date all rows of boots.

    Args:
        plans: By boot, how its rows are dated.
        from_scratch: Boots for which the county has judged its own clock in another way. That has an alarm of its own;
            of the others it is told which touches a station's word moves late.
        at: Now.
    """
    ends = {
        boot: max(span.through for span in planned.again)
        for boot, planned in plans.items()
        if planned.again and boot not in from_scratch
    }
    before = known_times(ends, at=at)
    write_times(plans, anew=dated_anew(plans, from_scratch=from_scratch))
    if before:
        tell_of_moves(moves(before, known_times(ends, at=at)), at=at)


def dated_anew(plans: Mapping[Boot, Plan], *, from_scratch: Collection[Boot]) -> set[Boot]:
    """Return the boots of which is forgotten how their rows were dated before.

    A new anchor in a doubtful boot may turn the weighing round.
    """
    return {boot for boot, planned in plans.items() if planned.doubtful or boot in from_scratch}


def _now_or_later(boots: Collection[Boot]) -> set[Boot]:
    """Return the boots that are dated at once; note the others."""
    turns = turns_of(rows_of(boots))
    let_wait(turns.later)
    return turns.at_once


def _still_to_do(planned: Plan, new: NewOfBoot) -> Plan:
    """Return the plan without the spans that end before the new rows begin: they did their work on older rows."""
    return planned._replace(again=[span for span in planned.again if span.through >= new.from_mono])


def _tell_of_many_corrections(boots: Iterable[Boot], at: datetime) -> None:
    """Raise an alarm about each station that has corrected its clock in a boot more often than is looked at."""
    detail = f"站点一次开机里改了 {MAX_ANCHORS} 次以上时间，只按最早和最晚的算：网络对时坏了，或有人仿冒它"
    stations = sorted({station for station, _ in boots})
    raise_alarms([AlarmCall(station, TOO_MANY_CORRECTIONS, "major", detail) for station in stations], at=at)
