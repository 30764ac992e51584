"""导入工作日历: the county's own table from a sheet, or from a file that another county has signed."""

import uuid
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods, require_safe

from server_broker.accounts.powers import Power, needs
from server_broker.accounts.scope import sees_county
from server_broker.console.importing import ImportPages
from server_broker.sheets.importing import read_import
from server_broker.workdays.sheet import CALENDAR_BOOK, YEARS, CalendarPlan
from server_broker.workdays.sheet_import import CALENDAR_IMPORT
from server_broker.workdays.signed_table import ENDING, export_signed, read_signed


def _read(request: HttpRequest, name: str, content: bytes) -> CalendarPlan:
    if name.endswith(ENDING):
        return read_signed(content)
    return read_import(CALENDAR_BOOK, content, choice=request.POST.get("year", ""))


def _context(request: HttpRequest) -> dict[str, Any]:
    this = timezone.localdate().year
    return {"years": [year for year in YEARS if abs(int(year) - this) <= 2], "year": request.POST.get("year", "")}


_PAGES = ImportPages(
    of=CALENDAR_IMPORT,
    read=_read,
    form="workdays-import",
    done="workdays",
    section="workdays",
    templates=("console/workdays_import.html", "console/workdays_import_confirm.html"),
    context=_context,
)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.SET_CALENDAR)
def workday_import(request: HttpRequest) -> HttpResponse:
    """Show the form, or take a file and lead on to the preview of its changes."""
    _county_only(request)
    return _PAGES.upload(request)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.SET_CALENDAR)
def workday_import_confirm(request: HttpRequest, token: uuid.UUID) -> HttpResponse:
    """Show which dates a file would change, or change exactly these."""
    _county_only(request)
    return _PAGES.confirm(request, token)


@require_safe
@needs(Power.SET_CALENDAR)
def workday_signed(request: HttpRequest) -> HttpResponse:
    """Respond with the county's own table as a file that the county has signed."""
    _county_only(request)
    name = f"工作日历 {timezone.localdate():%Y-%m-%d}{ENDING}"
    disposition = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    content = export_signed(now=timezone.now())
    return HttpResponse(content, content_type="application/octet-stream", headers={"Content-Disposition": disposition})


def _county_only(request: HttpRequest) -> None:
    # One table for the county, so it is no township's to write or to sign.
    if not sees_county(request.user):
        raise Http404
