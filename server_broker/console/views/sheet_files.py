"""考勤表 as files: a month of a village, a township or the county to print and sign, and one person's."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, account_of, needs
from server_broker.accounts.scope import regions_of
from server_broker.audit.log import record
from server_broker.closing.month import month_of
from server_broker.console.downloads import attached, xlsx
from server_broker.console.queries import people_of
from server_broker.regions.models import COUNTY_DIGITS, TOWNSHIP_DIGITS, Region, subtree_prefix
from server_broker.settlement.times import first_of_month
from server_broker.timesheets.hiding import Seen, unseen_in
from server_broker.timesheets.person_sheet import person_book
from server_broker.timesheets.workbooks import county_book, csv_of, months_with, township_book, village_book


@require_safe
@needs(Power.SEE_SHEETS)
def sheet_export(request: HttpRequest, code: str, month: str) -> HttpResponse:
    """Respond with the month of a village, of a township with a tab for each village, or of the county in sums."""
    region = _region(request, code, month)
    _taken(request, region.pk, month, "xlsx")
    return xlsx(_book(request, region, month), f"考勤表 {region.name} {month}.xlsx")


@require_safe
@needs(Power.SEE_SHEETS)
def sheet_csv_export(request: HttpRequest, code: str, month: str) -> HttpResponse:
    """Respond with a village's month as CSV: of a closed one the very bytes that were signed."""
    village = _region(request, code, month)
    found = month_of(village.identity, month, timezone.now())
    if unseen_in(found, _seen(request)):
        # Without their names it would not be what was signed.
        messages.error(request, "这张表里有外辖区的人，原文请县里下载；Excel 里不写他们的姓名。")
        return redirect("sheet", village.pk, month)
    _taken(request, village.pk, month, "csv")
    return attached(csv_of(found), f"考勤表 {village.name} {month}.csv", "text/csv; charset=utf-8")


@require_safe
@needs(Power.SEE_SHEETS)
def person_sheet(request: HttpRequest, pk: str, month: str) -> HttpResponse:
    """Respond with a person's month in the villages that the viewer sees."""
    _refuse_to_come(month)
    person = get_object_or_404(people_of(request.user), pk=pk)
    months = months_with(person.pk, regions_of(request.user), month, timezone.now())
    _taken(request, person.number, month, "person")
    content = person_book(person.name, person.number, months, month)
    return xlsx(content, f"考勤明细 {person.name} {month}.xlsx")


def _region(request: HttpRequest, code: str, month: str) -> Region:
    _refuse_to_come(month)
    return get_object_or_404(regions_of(request.user), pk=code)


def _refuse_to_come(month: str) -> None:
    if first_of_month(month) > timezone.localdate():
        raise Http404


def _book(request: HttpRequest, region: Region, month: str) -> bytes:
    now, digits = timezone.now(), len(subtree_prefix(region.pk))
    if digits == COUNTY_DIGITS:
        return county_book(region, month, now)
    if digits == TOWNSHIP_DIGITS:
        return township_book(region, month, now, seen=_seen(request))
    return village_book(region, month, now, seen=_seen(request))


def _seen(request: HttpRequest) -> Seen:
    return lambda people: set(people_of(request.user).filter(pk__in=people).values_list("pk", flat=True))


def _taken(request: HttpRequest, subject: str, month: str, form: str) -> None:
    # Recorded first, so that no personal data leaves the county without an entry.
    record(account_of(request).get_username(), "sheet.exported", subject, {"month": month, "form": form})
