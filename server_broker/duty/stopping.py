"""Stop work, and have it go on, but not for oneself, and not for days that are over (docs/rules.md, 1.4).

A notice takes a window away without anybody's approval: whoever has such a window leaves the notice to somebody else.
"""

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

from django.utils import timezone

from server_broker.accounts.models import User
from server_broker.accounts.scope import sees_county
from server_broker.attendance.times import times
from server_broker.dated.days import begin_of
from server_broker.dated.writing import Period
from server_broker.duty.due import Turn
from server_broker.duty.reading import Asked, minute_of, turns_of
from server_broker.duty.reasons import Overlaps, Stopped
from server_broker.duty.values import minute_at
from server_broker.regions.models import Region, subtree_prefix
from server_broker.workdays.models import StopNotice, StopRecord
from server_broker.workdays.notices import NoticeRefused, set_notice, take_back

_DAY = dt.timedelta(days=1)


def stop_work(region: Region, period: Period, reason: str, *, by: User, now: dt.datetime) -> StopNotice:
    """Return a new notice of somebody who has no window in it; the arguments are those of `set_notice`.

    Raises:
        NoticeRefused: They have one, or it lies in the past and they are not of the county, or `set_notice` refuses it.
    """
    if period.since is not None and period.until is not None and period.since < period.until:
        _refuse_past(by, period.until, now)
        _refuse_own(by, region, period.since, period.until)
    return set_notice(region, period, reason, actor=by.get_username())


def resume_work(notice: StopNotice, since: dt.datetime, reason: str, *, by: User, now: dt.datetime) -> None:
    """Have work go on by somebody who has no window in the notice; the arguments are those of `take_back`.

    Raises:
        NoticeRefused: They have one, or it lies in the past and they are not of the county, or `take_back` refuses it.
    """
    row = StopRecord.objects.known().filter(subject=notice, stands=True).order_by("valid_from").first()
    if row is not None:
        _refuse_past(by, row.end, now)
        # The whole of it: what is left of a notice is theirs as much as what is taken from it.
        _refuse_own(by, notice.region, row.begin, row.end)
    take_back(notice, since, reason, actor=by.get_username())


def is_past(end: dt.datetime, now: dt.datetime) -> bool:
    """Tell whether a notice that ends then ended before the present day."""
    return end <= begin_of(timezone.localdate(now))


def _refuse_past(by: User, end: dt.datetime, now: dt.datetime) -> None:
    if is_past(end, now) and not sees_county(by):
        raise NoticeRefused("今天以前的停班，只能由县里来补；请报县里")


def _refuse_own(by: User, region: Region, begin: dt.datetime, end: dt.datetime) -> None:
    theirs = own_windows(by, {0: Scope(region, begin, end)})
    if theirs:
        raise NoticeRefused(f"这里有您自己的班（{theirs[0]}），不能由您来定；请那时没有班的同事，或者县里来定")


class Scope(NamedTuple):
    """Where and when a notice stops work: ``[begin, end)``."""

    region: Region
    begin: dt.datetime
    end: dt.datetime


def own_windows[K](by: User, scopes: Mapping[K, Scope]) -> dict[K, str]:
    """Return the first window that an account's person has in each scope, in words; nothing where they have none.

    A window that a notice takes away already is theirs too. The number of queries does not grow with the scopes.
    """
    if by.person_id is None or not scopes:
        return {}
    first = timezone.localdate(min(scope.begin for scope in scopes.values()))
    last = timezone.localdate(max(scope.end for scope in scopes.values()))
    # A window of the evening before may last into a notice.
    turns = [turn for turn in turns_of([by.person_id], Asked(first - _DAY, last)) if _is_theirs(turn)]
    villages = Region.objects.filter(identity__in={turn.window.village for turn in turns})
    by_identity = {village.identity: village for village in villages}
    found = {}
    for key, scope in scopes.items():
        inside = [turn for turn in turns if _meets(turn, by_identity[turn.window.village], scope)]
        if inside:
            found[key] = _words(inside[0], by_identity[inside[0].window.village])
    return found


def _is_theirs(turn: Turn) -> bool:
    return turn.due or (bool(turn.why) and isinstance(turn.why[0], Stopped | Overlaps))


def _meets(turn: Turn, village: Region, scope: Scope) -> bool:
    starts, ends = minute_at(turn.day, turn.window.start), minute_at(turn.day, turn.window.end)
    here = village.code.startswith(subtree_prefix(scope.region.code))
    return here and starts < minute_of(scope.end) and ends > minute_of(scope.begin)


def _words(turn: Turn, village: Region) -> str:
    hours = times(turn.window.start, turn.window.end)
    return f"{turn.day.month}月{turn.day.day}日 {village.name} {turn.window.name} {hours}"
