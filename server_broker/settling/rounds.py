"""Settle what is due, some of it at a time, and keep it.

What is settled piece by piece, as facts and decisions come, is what the whole comes to at one go: the same rows.

No station, person or village stops a round for the others. Facts are looked at station by station if they fail
together, notes one by one, and dates village by village; what fails alone is set aside (`settling.set_aside`). What is
left of a round reads no data of theirs: `_mark_time` and `_mark_rules` compare dates and versions in the county's own
rows. If they fail, the chore fails, and people are told of that.
"""

import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from server_broker.dated.days import begin_of
from server_broker.platform.set_aside import do_apart, note_failed, note_worked, to_try_again
from server_broker.platform.sql import query
from server_broker.settlement.times import dates, previous_month
from server_broker.settlement.version import RULES
from server_broker.settling import due
from server_broker.settling.changes import take_changes
from server_broker.settling.due import Marks, VillageDay
from server_broker.settling.keeping import Kept, keep
from server_broker.settling.models import SettleDue, SettlingState
from server_broker.settling.seen import look_at_facts, skip_facts
from server_broker.settling.set_aside import tell_of_dates, tell_of_stations
from server_broker.settling.span import Span
from server_broker.settling.whereabouts import Whereabouts
from server_broker.settling.windows import settle_and_name

VILLAGES_A_TIME, DAYS_A_TIME = 60, 31
"""Of one reading: many villages of one date, or many dates of a few villages."""
_FEW_VILLAGES = 4


def mark_due(now: dt.datetime) -> dt.datetime:
    """Mark what has become due, and return a moment by which all that was looked at is known."""
    with transaction.atomic():
        state = _state(now)
        marks = Marks(state.since, timezone.localdate(now))
        where = Whereabouts(begin_of(marks.first))
        take_changes(marks, where, now)
        seen = look_at_facts(marks, where, now)
        _mark_time(marks, where, state, now)
        _mark_rules(marks, state)
        marks.write(now)
        state.save()
        # A row may have been recorded after ``now`` and before its note was taken. Its note does not come again.
        clock: dt.datetime = query("SELECT clock_timestamp()", [])[0][0]
    return max(one for one in (now, clock, seen) if one is not None)


def settle_due(now: dt.datetime, *, rounds: int = 1) -> int:
    """Settle some of what is due, and return how many villages' dates that were.

    Dates that were set aside are tried again, a few of them and each alone.
    """
    done = 0
    with transaction.atomic():
        again = [_settle([row], now, again=True) for row in to_try_again(SettleDue.objects.all(), now)]
        if any(again):
            note_worked(SettleDue)
        done += sum(again)
    for number in range(rounds):
        with transaction.atomic():
            taken = _take(newest=number % 2 == 1)
            if not taken:
                break
            done += _settle(taken, now)
    tell_of_dates(now)
    return done


def _settle(rows: Sequence[SettleDue], now: dt.datetime, *, again: bool = False) -> int:
    """Settle these dates and return how many could be; set the others aside. In a transaction."""

    def settle_some(some: Sequence[SettleDue]) -> None:
        SettleDue.objects.filter(pk__in=[row.pk for row in some]).delete()
        settle_days({(int(row.village_id), row.day): " ".join(sorted(row.why)) for row in some}, now)

    # Together stand those of a village, so that its halves part from those of the others.
    outcome = do_apart(sorted(rows, key=lambda row: (row.village_id, row.day)), settle_some)
    why = {row.village_id: failure for row, failure in outcome.failed}
    # More dates of a village that fails are not tried at each round again, and others' dates come first.
    beside = [(row, why[row.village_id]) for row in outcome.waiting if row.village_id in why]
    note_failed(SettleDue, [(int(row.pk), failure) for row, failure in (*outcome.failed, *beside)], now, again=again)
    others = [row.pk for row in outcome.waiting if row.village_id not in why]
    SettleDue.objects.filter(pk__in=others).update(marked_at=now)
    return len(outcome.done)


def settle_days(why: dict[VillageDay, str], now: dt.datetime) -> Kept:
    """Settle and keep these villages' dates as they are known at ``now``."""
    days = [day for _, day in why]
    found = settle_and_name({village for village, _ in why}, Span(min(days), max(days), now))
    tell_of_stations(found.cut_short, now)
    wanted = [one for one in found.settled if (one.village, one.result.day) in why]
    return keep(wanted, why, known=now, now=now)


def go_on(now: dt.datetime) -> str | None:
    """Do one round of the chore: mark, then settle some. Returns what was done, or None.

    It settles some of what was marked first and some of the newest date: one station may have years of its township
    marked, and people of all others look for today.
    """
    done = settle_due(mark_due(now), rounds=2)
    return f"settled {done} dates of villages" if done else None


def _state(now: dt.datetime) -> SettlingState:
    """Return how far settling has got. A county begins with the month before."""
    since = previous_month(timezone.localdate(now))
    begun = {"since": since, "through": since - dt.timedelta(days=1), "timed_through": now}
    _, is_new = SettlingState.objects.get_or_create(pk=1, defaults=begun)
    if is_new:
        # Every date is settled whole at first, with all that was told by then.
        skip_facts()
    return SettlingState.objects.select_for_update().get(pk=1)


def _mark_time(marks: Marks, where: Whereabouts, state: SettlingState, now: dt.datetime) -> None:
    """Mark each date once it has come, and what the passing of time alone may change."""
    today = timezone.localdate(now)
    if state.through < today:
        days = list(dates(state.through + dt.timedelta(days=1), today))
        marks.add_days([(village, day) for village in where.everybody for day in days], due.FIRST)
        state.through = today
    if state.timed_through < now:
        rows = query(
            """SELECT DISTINCT village_id, day FROM settling_settledwindow
            WHERE superseded_at IS NULL AND due_at > %s AND due_at <= %s""",
            [state.timed_through, now],
        )
        marks.add_days([(village, day) for village, day in rows], due.TIME)
        state.timed_through = now


def _mark_rules(marks: Marks, state: SettlingState) -> None:
    """Mark what an earlier version of the rules settled, so that no month has two. A closed month stays as signed."""
    if state.rules == RULES:
        return
    rows = query(
        """SELECT DISTINCT w.village_id, w.day FROM settling_settledwindow w
        WHERE w.superseded_at IS NULL AND w.rules <> %s AND NOT EXISTS (
            SELECT FROM settling_sheetmonth m JOIN settling_sheetmonthrecord r ON r.subject_id = m.id
            WHERE m.village_id = w.village_id AND m.month = to_char(w.day, 'YYYY-MM')
                AND r.superseded_at IS NULL AND r.closed_at IS NOT NULL)""",
        [RULES],
    )
    marks.add_days([(village, day) for village, day in rows], due.RULES)
    state.rules = RULES


def _take(*, newest: bool) -> list[SettleDue]:
    """Return what was marked first, or is of the newest date, with what can be read together with it; locked."""
    waiting = SettleDue.objects.filter(failed_at=None).select_for_update()
    order = ("-day", "marked_at", "village") if newest else ("marked_at", "day", "village")
    first = waiting.order_by(*order).first()
    if first is None:
        return []
    near = {"day__gte": first.day, "day__lt": first.day + dt.timedelta(days=DAYS_A_TIME)}
    of_day = list(waiting.filter(day=first.day).order_by("marked_at", "village")[:VILLAGES_A_TIME])
    if len(of_day) > _FEW_VILLAGES:
        return of_day
    return list(waiting.filter(village__in=[row.village_id for row in of_day], **near))
