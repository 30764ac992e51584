"""换届: upload a sheet of posts, see by unit who goes, stays and comes, and confirm exactly that."""

import datetime as dt
import uuid
from dataclasses import dataclass, field
from itertools import groupby

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from server_broker.accounts.powers import Power, account_of, needs
from server_broker.accounts.scope import scope
from server_broker.audit.log import record
from server_broker.console import parameters
from server_broker.console.deciding import InputRefused, asked_day
from server_broker.console.downloads import xlsx
from server_broker.sheets import pending
from server_broker.sheets.changes import Changes
from server_broker.sheets.importing import ImportRefused, OtherThanShown, import_seat, preview, read_import, take
from server_broker.sheets.reading import MAX_FILE_BYTES
from server_broker.sheets.row_errors import RowError
from server_broker.term_change.known import load_known
from server_broker.term_change.rows import BOOK, TermPlan
from server_broker.term_change.term_export import export_posts
from server_broker.term_change.term_import import TERM_IMPORT
from server_broker.term_change.turnover import Turn, turnover

UNITS_A_PAGE = 50
MOST_ERRORS_SHOWN = 500
_GONE = "这份预览已经用过、过期或被新的文件代替，请重新上传文件。"


@dataclass(slots=True)
class _UnitTurn:
    """One unit on the page of the preview."""

    name: str
    region: str
    turns: list[Turn] = field(default_factory=list)

    @property
    def counts(self) -> str:
        """How many go, stay and come, and how many posts nobody will hold."""
        goes, stays, comes = (
            sum(len(people) for people in lists)
            for lists in (
                [turn.goes for turn in self.turns],
                [turn.stays for turn in self.turns],
                [turn.comes for turn in self.turns],
            )
        )
        empty = sum(not turn.wanted for turn in self.turns)
        return f"卸任 {goes}，留任 {stays}，就任 {comes}，空缺 {empty}"


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.EDIT_PEOPLE)
def term_file(request: HttpRequest) -> HttpResponse:
    """Show the form. Take a sheet, and lead on to the preview, or show all its errors at once."""
    if request.method != "POST":
        return _form(request)
    own, file = scope(request.user), request.FILES.get("file")
    if own is None or not isinstance(file, UploadedFile):
        messages.error(request, "请先选择一个 .xlsx 或 .csv 文件。")
        return redirect("term-change")
    try:
        day = asked_day(request.POST, "day") if request.POST.get("day") else None
        with import_seat():
            plan = read_import(BOOK, file.read(MAX_FILE_BYTES + 1))
            plan.day, plan.scope = day, own
            preview(TERM_IMPORT, plan, scope=own)
    except InputRefused as refusal:
        return _form(request, (RowError("", 0, str(refusal)),))
    except ImportRefused as refusal:
        return _form(request, refusal.errors)
    token = pending.keep(BOOK, plan, account=account_of(request), now=timezone.now())
    return redirect("term-change-confirm", token=token)


def _form(request: HttpRequest, errors: tuple[RowError, ...] = ()) -> HttpResponse:
    context = {
        "section": "people",
        "errors": errors[:MOST_ERRORS_SHOWN],
        "error_count": len(errors),
        "day": parameters.plain(request.POST.get("day", ""), longest=10),
    }
    return render(request, "console/term_change.html", context, status=422 if errors else 200)


@require_safe
@needs(Power.EDIT_PEOPLE)
def term_sheet(request: HttpRequest) -> HttpResponse:
    """Respond with the posts of the viewer's scope as a sheet to change. It is recorded in the audit log."""
    own = scope(request.user)
    if own is None:
        return redirect("units")
    # Recorded first, so that no personal data leaves the county without an entry.
    record(actor=request.user.get_username(), action="people.exported", subject=own)
    day: dt.date = timezone.localdate()
    return xlsx(export_posts(own), f"村慧职务 {day:%Y-%m-%d}.xlsx")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.EDIT_PEOPLE)
def term_confirm(request: HttpRequest, token: uuid.UUID) -> HttpResponse:
    """Show by unit what the sheet would change. The button changes exactly this, or nothing."""
    own, account = scope(request.user), account_of(request)
    plan = pending.kept(BOOK, token, account=account, now=timezone.now())
    if plan is None or own is None:
        messages.error(request, _GONE)
        return redirect("term-change")
    try:
        with import_seat():
            if request.method == "POST":
                try:
                    take(
                        TERM_IMPORT,
                        plan,
                        scope=own,
                        actor=account.get_username(),
                        account=account,
                        shown=request.POST.get("shown", ""),
                        renames_confirmed=True,
                    )
                except OtherThanShown:
                    messages.error(request, "没有改动：核对期间有了变化。下面是现在会改的内容，请再核对一次。")
                else:
                    pending.drop(account)
                    messages.success(request, "换届已记录。以后的日期，到那天自动生效。")
                    return redirect("units")
            changes = preview(TERM_IMPORT, plan, scope=own)
    except ImportRefused as refusal:
        return _form(request, refusal.errors)
    return _preview_page(request, plan, changes)


def _preview_page(request: HttpRequest, plan: TermPlan, changes: Changes) -> HttpResponse:
    turns = sorted(turnover(plan, load_known(plan)).turns, key=lambda turn: (turn.unit.region, turn.unit.pk))
    units = [
        _UnitTurn(unit.name, unit.region_name, list(some)) for unit, some in groupby(turns, key=lambda turn: turn.unit)
    ]
    context = {
        "section": "people",
        "page": Paginator(units, UNITS_A_PAGE).get_page(parameters.page_number(request.GET)),
        "total": _UnitTurn("", "", turns).counts,
        "notes": [*plan.notes, *changes.warnings],
        "shown": changes.digest(),
        "nothing": not changes.changed,
    }
    return render(request, "console/term_confirm.html", context)
