"""工作日历: which dates are working days, by whose word, and where work stops."""

import calendar
import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Min
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, account_of, may, needs
from server_broker.accounts.scope import in_scope, regions_of, scope, sees_county
from server_broker.console import parameters
from server_broker.console.calendar_words import SOURCES, NoticeShown, source_rows
from server_broker.console.downloads import xlsx
from server_broker.console.post_only import post_only
from server_broker.console.queries import stop_notices_of, stop_notices_seen_by
from server_broker.dated.days import begin_of, end_of
from server_broker.dated.writing import Period
from server_broker.duty.stopping import Scope, is_past, own_windows, resume_work, stop_work
from server_broker.people.identity import identity_number_in
from server_broker.workdays import sheet_import
from server_broker.workdays.county_table import CountyWord, DayRefused, county_days, set_day
from server_broker.workdays.days import Workday, workdays
from server_broker.workdays.models import LibraryTable, StopRecord
from server_broker.workdays.notices import MOST_LETTERS, NoticeRefused
from server_broker.workdays.sheet import FIRST, LAST, LONGEST_NAME

MOST_NOTICES = 100
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)
_MINUTE = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_WORDS = {"work": CountyWord(True), "rest": CountyWord(False), "back": CountyWord(None)}
_NO_ID = "理由会一直留在记录里，请不要写身份证号"


@dataclass(frozen=True, slots=True)
class _Day:
    """A day of the month as the page shows it."""

    day: Workday
    source: str
    is_today: bool
    stopped: bool


@require_safe
@needs(Power.SEE_WORKDAYS)
def workday_month(request: HttpRequest) -> HttpResponse:
    """Show a month with the word for each day, the sources, and the notices that bear on the viewer's regions."""
    first = _month(request.GET.get("month", ""))
    last = first.replace(day=calendar.monthrange(first.year, first.month)[1])
    notices = _notices(request)
    may_stop = may(request.user, Power.STOP_WORK)
    now = timezone.localtime()
    context: dict[str, Any] = {
        "section": "workdays",
        "first": first,
        "weeks": _weeks(first, last, [one.holding for one in notices if one.holding is not None]),
        "before": _shown(first - dt.timedelta(days=1)),
        "after": _shown(last + dt.timedelta(days=1)),
        "is_now": (first.year, first.month) == (now.year, now.month),
        "sources": source_rows(len(county_days()), list(LibraryTable.objects.known())),
        "notices": notices,
        "may_set": may(request.user, Power.SET_CALENDAR) and sees_county(request.user),
        "may_stop": may_stop,
        "regions": regions_of(request.user).filter(ended=False) if may_stop else (),
        "now": now,
        "longest_name": LONGEST_NAME,
        "most_letters": MOST_LETTERS,
    }
    return render(request, "console/workdays.html", context)


def _month(asked: str) -> dt.date:
    match = _MONTH.fullmatch(asked)
    if match and FIRST.year <= int(match[1]) <= LAST.year and 1 <= int(match[2]) <= 12:
        return dt.date(int(match[1]), int(match[2]), 1)
    return timezone.localdate().replace(day=1)


def _shown(date: dt.date) -> str:
    return f"{date:%Y-%m}" if FIRST <= date <= LAST else ""


def _weeks(first: dt.date, last: dt.date, stopped: Iterable[StopRecord]) -> list[list[_Day | None]]:
    said = workdays(first, last)
    today = timezone.localdate()
    stops = list(stopped)

    def shown(date: dt.date) -> _Day | None:
        if date not in said:
            return None
        is_stopped = any(stop.begin < end_of(date) and stop.end > begin_of(date) for stop in stops)
        return _Day(said[date], SOURCES[said[date].source], date == today, is_stopped)

    return [[shown(date) for date in week] for week in calendar.Calendar().monthdatescalendar(first.year, first.month)]


def _notices(request: HttpRequest) -> list[NoticeShown]:
    notices = stop_notices_seen_by(request.user).select_related("region").annotate(made=Min("records__recorded_at"))
    seen = list(notices.order_by("-pk")[:MOST_NOTICES])
    of_notice: dict[int, list[StopRecord]] = {}
    for record in StopRecord.objects.known().filter(subject__in=seen).order_by("valid_from"):
        of_notice.setdefault(record.subject_id, []).append(record)
    may_stop, now = may(request.user, Power.STOP_WORK), timezone.now()
    shown = [
        NoticeShown(
            one,
            of_notice[one.pk],
            may_stop and in_scope(request.user, one.region.code),
            now,
            is_late=is_past(of_notice[one.pk][-1].end, one.made),
        )
        for one in seen
    ]
    ending = {one.notice.pk: Scope(one.notice.region, one.begin, one.end) for one in shown if one.may_end}
    for pk, words in own_windows(account_of(request), ending).items():
        next(one for one in shown if one.notice.pk == pk).own_window = words
    return sorted(shown, key=lambda one: one.begin, reverse=True)


@post_only("workdays")
@needs(Power.SET_CALENDAR)
def workday_set(request: HttpRequest) -> HttpResponse:
    """Say for the whole county what one date is, or take that back."""
    # One table for the county, so it is no township's to write.
    if not sees_county(request.user):
        raise Http404
    asked = request.POST.get("date", "")
    reason = parameters.prose(request.POST, "reason", longest=200)
    name = parameters.prose(request.POST, "name", longest=LONGEST_NAME)
    word = _WORDS[parameters.choice(request.POST, "word", ("back", "work", "rest"))]
    try:
        if not _DATE.fullmatch(asked):
            raise DayRefused("请选日期")
        if identity_number_in(f"{reason} {name}"):
            raise DayRefused(_NO_ID)
        date = dt.date.fromisoformat(asked)
        said = word if word.working is None else word._replace(name=name)
        set_day(date, said, actor=request.user.get_username(), reason=reason)
    except (DayRefused, ValueError) as refusal:
        words = str(refusal) if isinstance(refusal, DayRefused) else "没有这个日期"
        messages.error(request, f"没有改动：{words}。")
        return redirect("workdays")
    messages.success(request, f"{date} 已记录。")
    return redirect(f"{request.path.removesuffix('day/')}?month={date:%Y-%m}")


@post_only("workdays")
@needs(Power.STOP_WORK)
def stop_add(request: HttpRequest) -> HttpResponse:
    """Stop work in a region of the viewer's scope, from a minute to a minute."""
    region = get_object_or_404(regions_of(request.user).filter(ended=False), pk=parameters.text(request.POST, "region"))
    reason = parameters.prose(request.POST, "reason", longest=MOST_LETTERS + 1)
    try:
        if identity_number_in(reason):
            raise NoticeRefused(_NO_ID)
        period = Period(_minute(request, "from"), _minute(request, "to"))
        stop_work(region, period, reason, by=account_of(request), now=timezone.now())
    except NoticeRefused as refusal:
        messages.error(request, f"没有设停班：{refusal}。")
    else:
        messages.success(request, f"{region.name} 的停班已记录。")
    return redirect("workdays")


@post_only("workdays")
@needs(Power.STOP_WORK)
def stop_take_back(request: HttpRequest, pk: int) -> HttpResponse:
    """Have work go on from a minute on, where a notice of the viewer's scope stops it."""
    notice = get_object_or_404(stop_notices_of(request.user), pk=pk)
    reason = parameters.prose(request.POST, "reason", longest=MOST_LETTERS + 1)
    try:
        if identity_number_in(reason):
            raise NoticeRefused(_NO_ID)
        since = _minute(request, "from")
        if since is None:
            raise NoticeRefused("请写明从什么时候起恢复上班")
        resume_work(notice, since, reason, by=account_of(request), now=timezone.now())
    except NoticeRefused as refusal:
        messages.error(request, f"没有收回：{refusal}。")
    else:
        messages.success(request, "停班已收回，从那时起照常上班。")
    return redirect("workdays")


def _minute(request: HttpRequest, name: str) -> dt.datetime | None:
    """Return a local minute as the browser sends it; None if there is none."""
    given = request.POST.get(name, "")
    if not _MINUTE.fullmatch(given):
        return None
    try:
        local = dt.datetime.fromisoformat(given)
    except ValueError:
        return None
    # Far years would overflow where the time is turned into UTC.
    return timezone.make_aware(local) if FIRST <= local.date() <= LAST else None


@require_safe
@needs(Power.SET_CALENDAR)
def workday_template(request: HttpRequest) -> HttpResponse:
    """Respond with an empty sheet to fill in."""
    return xlsx(sheet_import.template(), "工作日历模板.xlsx")


@require_safe
@needs(Power.SEE_WORKDAYS)
def workday_export(request: HttpRequest) -> HttpResponse:
    """Respond with the county's own table as a sheet."""
    if scope(request.user) is None:
        raise Http404
    return xlsx(sheet_import.export_sheet(), f"工作日历 {timezone.localdate():%Y-%m-%d}.xlsx")
