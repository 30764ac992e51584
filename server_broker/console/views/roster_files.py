"""排班表 in Excel: a village's month or a region's out, a clerk's table in, and an empty table to fill in."""

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_safe

from server_broker.accounts.powers import Power, needs
from server_broker.accounts.scope import scope
from server_broker.audit.log import record
from server_broker.console import parameters
from server_broker.console.downloads import xlsx
from server_broker.console.importing import ImportPages
from server_broker.console.views.rosters import asked_month, villages_with_windows
from server_broker.regions.models import Region
from server_broker.rosters.month_export import export_month, export_region
from server_broker.rosters.month_import import MONTH_IMPORT
from server_broker.rosters.month_rows import MONTH_BOOK, MonthPlan
from server_broker.sheets.importing import read_import


def _read(request: HttpRequest, _name: str, content: bytes) -> MonthPlan:
    plan = read_import(MONTH_BOOK, content, choice=request.POST.get("month", ""))
    plan.scope = scope(request.user) or ""
    plan.village = parameters.text(request.POST, "village", longest=12)
    return plan


def _context(request: HttpRequest) -> dict[str, Any]:
    values = request.POST if request.method == "POST" else request.GET
    return {
        "villages": [one for one in villages_with_windows(request) if not one.ended],
        "village": parameters.text(values, "village", longest=12),
        "month": asked_month(values.get("month", "")),
        "no_month": request.method == "POST" and not values.get("month"),
    }


_PAGES = ImportPages(
    of=MONTH_IMPORT,
    read=_read,
    form="rosters-import",
    done="rosters",
    section="rosters",
    templates=("console/rosters_import.html", "console/rosters_import_confirm.html"),
    context=_context,
)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.EDIT_PEOPLE)
def roster_import(request: HttpRequest) -> HttpResponse:
    """Show the form, or take a file and lead on to the preview of its changes."""
    return _PAGES.upload(request)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.EDIT_PEOPLE)
def roster_import_confirm(request: HttpRequest, token: uuid.UUID) -> HttpResponse:
    """Show which cells a file would change, or change exactly these."""
    return _PAGES.confirm(request, token)


def _village(request: HttpRequest) -> Region | None:
    asked = parameters.text(request.GET, "village", longest=12)
    return next((one for one in villages_with_windows(request) if one.pk == asked), None)


@require_safe
@needs(Power.EDIT_PEOPLE)
def roster_template(request: HttpRequest) -> HttpResponse:
    """Respond with an empty table of a village's month, which offers its people in lists."""
    own, village = scope(request.user), _village(request)
    if own is None or village is None:
        messages.error(request, "请先选一个有值班的村，再下载空表。")
        return redirect("rosters-import")
    month = asked_month(request.GET.get("month", ""))
    # It names the village's people.
    record(actor=request.user.get_username(), action="roster.exported", subject=village.pk)
    return xlsx(export_month(village, month, scope=own, filled=False), f"排班表 {village.name} {month:%Y-%m}.xlsx")


@require_safe
@needs(Power.EDIT_PEOPLE)
def roster_export(request: HttpRequest) -> HttpResponse:
    """Respond with a village's month, or with that of the viewer's whole region. It is recorded in the audit log."""
    own, village = scope(request.user), _village(request)
    if own is None:
        return redirect("rosters")
    month = asked_month(request.GET.get("month", ""))
    # Recorded first, so that no personal data leaves the county without an entry.
    record(actor=request.user.get_username(), action="roster.exported", subject=village.pk if village else own)
    data = export_region(own, month) if village is None else export_month(village, month, scope=own)
    name = village.name if village else "全部村"
    return xlsx(data, f"排班表 {name} {month:%Y-%m}.xlsx")
