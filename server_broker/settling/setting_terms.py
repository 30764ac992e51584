"""Set a parameter of the rules for a region from a day on, or leave it to the regions above. What stood stays there."""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone

from protocol.decisions import Decided
from server_broker.accounts.models import User
from server_broker.accounts.scope import sees_county
from server_broker.attendance.models import Marks, WindowRecord
from server_broker.attendance.times import times
from server_broker.audit.log import record
from server_broker.dated.days import begin_of
from server_broker.dated.locking import among_writers
from server_broker.dated.writing import Period, put
from server_broker.decisions.stream import decide
from server_broker.duty.own_rosters import own_stake
from server_broker.regions.models import COUNTY_DIGITS, Region, subtree_prefix
from server_broker.settlement.times import first_of_month, next_month
from server_broker.settling.models import Parameter, ParameterRecord, SettledWindow, SheetMonthRecord
from server_broker.settling.region_terms import chains_of, rows_of, turns, villages_under
from server_broker.settling.term_specs import BY_MONTHS, SPECS, TermRefused, Value, default_of, spec_of
from server_broker.settling.terms import decides

LONGEST = dt.timedelta(days=366)
"""So far back and ahead; a day beyond is more often a slip in the year than meant."""
_BESIDE: Mapping[str, str] = {"grace_in": "late_absence", "grace_out": "early_absence"}
"""A mark that is not in time by the first is 旷 beyond the second."""


class Reaches(NamedTuple):
    """Whom a change concerns."""

    villages: int
    """In so many the value holds that was set, or that was left."""
    settled: int
    """So many results of theirs are settled again."""


def set_term(
    region: Region,
    name: str,
    value: Value | None,
    *,
    since: dt.date,
    by: User,
    reason: str,
    now: dt.datetime,
    locked: bool = False,
) -> Reaches:
    """Have a parameter hold in a region from a day on, whatever was planned for later.

    Args:
        value: As `term_specs.value_of` returns it; None: the region sets none of its own.
        locked: Of the county: no region below it has another value.

    Raises:
        TermRefused: It is so already, the county locks it, the day is in a month that is closed or too far away, or
            before the next month for a parameter of `BY_MONTHS`, a window of the region would be left with an empty
            span, or the account's person has a window there, or lives there, at any time from the day on.
    """
    spec = spec_of(name)
    with transaction.atomic():
        among_writers()
        Parameter.objects.get_or_create(region=region, name=name)
        parameter = Parameter.objects.select_for_update().get(region=region, name=name)
        _refuse_day(region, since, now)
        _refuse_month(name, since, now)
        _refuse_lock(region, name, value, since, by=by, locked=locked)
        _refuse_own(by, region, since)
        if value is None and not _sets(parameter, since):
            raise TermRefused(f"从 {since} 起，{region.name} 本来就没有另设{spec.word}")
        before = _Concerned(region, parameter, since)
        content = {"value": value, "locked": locked and value is not None}
        if not put(
            ParameterRecord,
            [parameter.pk],
            Period(begin_of(since)),
            content,
            actor=by.get_username(),
            reason=reason,
        ):
            raise TermRefused(f"从 {since} 起本来就是这样")
        after = _Concerned(region, parameter, since)
        places = before.places | after.places
        _refuse_windows(after, places, name, since)
        detail = {"name": name, "value": None if value is None else str(value), "locked": locked, "day": str(since)}
        entry = record(by.get_username(), "term.set", region.code, {**detail, "reason": reason})
        decide(entry, Decided(action="term.set", subject=region.code))
    villages = {village for village, _ in places}
    settled = SettledWindow.objects.current().filter(village__in=villages, day__gte=since)
    return Reaches(len(villages), settled.count())


def _refuse_day(region: Region, since: dt.date, now: dt.datetime) -> None:
    today = timezone.localdate(now)
    if abs(since - today) > LONGEST:
        raise TermRefused("日期离今天超过一年，请核对年份")
    closed = SheetMonthRecord.objects.known().filter(
        closed_at__isnull=False,
        subject__village__code__startswith=subtree_prefix(region.code),
        subject__month__gte=f"{since:%Y-%m}",
    )
    last = closed.order_by("-subject__month").select_related("subject__village").first()
    if last is not None:
        free = next_month(first_of_month(last.subject.month))
        raise TermRefused(f"{last.subject.village.name} {last.subject.month} 的考勤表已经定稿，最早从 {free} 起改")


def _refuse_month(name: str, since: dt.date, now: dt.datetime) -> None:
    if name not in BY_MONTHS:
        return
    free = next_month(timezone.localdate(now).replace(day=1))
    if since < free:
        raise TermRefused(f"{SPECS[name].word}管着审批和定稿，不能在月里改、也不能往回改，最早从 {free} 起")


def _refuse_lock(region: Region, name: str, value: Value | None, since: dt.date, *, by: User, locked: bool) -> None:
    is_county = len(subtree_prefix(region.code)) == COUNTY_DIGITS
    if locked and not (is_county and sees_county(by)):
        raise TermRefused("只有县里能锁定")
    if is_county or value is None:
        return
    county = chains_of([region])[region.identity][-1:]
    row = decides(county, rows_of(county), name, begin_of(since))
    if row is not None and row.locked:
        raise TermRefused(f"{SPECS[name].word}由县里锁定为 {SPECS[name].shown(row.value)}，下级不能另设")


def _refuse_own(by: User, region: Region, since: dt.date) -> None:
    villages = Region.objects.all().under(region.code).values_list("identity", flat=True)
    own = own_stake(by, list(villages), Period(begin_of(since)))
    if own:
        raise TermRefused(f"{own}，规则不能由您来定；请在这里没有班、也不驻村的同事，或者县里来定")


def _sets(parameter: Parameter, since: dt.date) -> bool:
    own = ParameterRecord.objects.known().filter(subject=parameter).during(begin_of(since), None)
    return any(row.value is not None for row in own)


class _Concerned:
    """The villages of a region, and when one of the region's own values is the one that holds there."""

    def __init__(self, region: Region, parameter: Parameter, since: dt.date) -> None:
        self.villages = {one.identity: one for one in villages_under(region)}
        self.chains = chains_of(list(self.villages.values()))
        self.rows = rows_of(sorted({place for chain in self.chains.values() for place in chain}))
        moments = turns(self.rows, parameter.name, since)
        self.places = {
            (identity, at)
            for identity, chain in self.chains.items()
            for at in moments
            if (row := decides(chain, self.rows, parameter.name, at)) is not None and row.subject_id == parameter.pk
        }

    def value(self, village: int, at: dt.datetime, name: str) -> int:
        """Return the value of a parameter that is a number."""
        row = decides(self.chains[village], self.rows, name, at)
        value = default_of(name) if row is None else row.value
        assert isinstance(value, int)
        return value


def _refuse_windows(now: _Concerned, places: Iterable[tuple[int, dt.datetime]], name: str, since: dt.date) -> None:
    """Check that no window is left with an empty span, and that 迟 and 早 come before 旷."""
    asked = sorted(places)
    standing = WindowRecord.objects.known().filter(village__in={village for village, _ in asked}, ended=False)
    of_village: dict[int, list[WindowRecord]] = defaultdict(list)
    for row in standing.during(begin_of(since), None).order_by("village", "start"):
        of_village[row.village_id].append(row)
    for village, at in asked:
        windows = [row for row in of_village[village] if row.valid_to is None or row.valid_to > at]
        problem = _problem(name, partial(now.value, village, at), windows)
        if problem:
            raise TermRefused(f"{now.villages[village].name}：{problem}")


def _problem(name: str, value: Callable[[str], int], windows: Iterable[WindowRecord]) -> str:
    for grace, absence in _BESIDE.items():
        if name in {grace, absence} and value(absence) <= value(grace):
            word, over = SPECS[grace].word, SPECS[absence].word
            return f"{over} {value(absence)} 分钟，要比{word} {value(grace)} 分钟长，不然一过宽限就是旷工"
    for window in windows:
        most = _most(name, window)
        if most is not None and value(name) > most:
            said = f"“{window.name}”{times(window.start, window.end)} 一共 {window.end - window.start} 分钟"
            return f"{said}，{SPECS[name].word}最多 {most} 分钟"
    return ""


def _most(name: str, window: WindowRecord) -> int | None:
    """Return the highest value that leaves a window's spans whole; None: any does.

    A time of grace ends before the middle of the window, because from there on a touch is a departure.
    """
    length, only_arrival = window.end - window.start, window.marks == Marks.ARRIVAL
    match name:
        case "grace_in":
            return max((length if only_arrival else length // 2) - 1, 0)
        case "grace_out" if not only_arrival:
            return length // 2
        case "min_rest":
            return max(length - 1, 1)
    return None
