"""题库编写: question banks in the making, as wholes: begun, filled from files, handed over and given up."""

import datetime as dt
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from protocol.packs import MAX_DRAW, MIN_DRAW
from server_broker.accounts.powers import Power, needs
from server_broker.accounts.scope import regions_of, scope
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.questions import LASTS
from server_broker.console import parameters
from server_broker.console.deciding import InputRefused, asked_day
from server_broker.console.downloads import attached, xlsx
from server_broker.console.post_only import post_only
from server_broker.console.queries import bank_drafts_of, own_bundles_of
from server_broker.content.gift_writing import gift_of
from server_broker.content.sheet import KINDS
from server_broker.content.sheet_writing import template, workbook
from server_broker.dated.days import day_written
from server_broker.editing.banks import Head, begin, begin_from, change_head, give_up, hand_over
from server_broker.editing.changing import Editor, NotChanged
from server_broker.editing.filling import Taken, take_file
from server_broker.editing.levels import add_level, change_level, drop_level, move_level_up
from server_broker.editing.looking import look
from server_broker.editing.models import BankDraft, DraftLevel
from server_broker.editing.questions import add_question, put_files
from server_broker.regions.models import Region, subtree_prefix
from server_broker.sheets.reading import MAX_FILE_BYTES, seat
from server_broker.sheets.workbook import BadWorkbook

PAGE_SIZE = 50
STATES = ("all", "mend", "look")
MOST_LOST_SHOWN = 20
MOST_FILES_AT_ONCE = 40
_LONGEST = 3 * LASTS
GIFT_TYPE = "text/plain; charset=utf-8"


def editor_of(request: HttpRequest) -> Editor:
    """Return who changes something now."""
    return Editor(request.user.get_username(), timezone.now())


def bank_of(request: HttpRequest, pk: int) -> BankDraft:
    """Return a bank of the viewer's regions; else 404."""
    return get_object_or_404(bank_drafts_of(request.user), pk=pk)


@require_safe
@needs(Power.WRITE)
def banks(request: HttpRequest) -> HttpResponse:
    """Show the banks in the making, those that were changed last going first."""
    page = parameters.page_of(request, bank_drafts_of(request.user).order_by("-changed_at", "-pk"), size=PAGE_SIZE)
    context = {
        "section": "published",
        "page": page,
        "rows": page.object_list,
        "regions": regions_of(request.user).filter(ended=False),
        "own": scope(request.user) or "",
        "review_by": timezone.localdate() + dt.timedelta(days=180),
    }
    return render(request, "console/banks.html", context)


@require_safe
@needs(Power.WRITE)
def bank_template(request: HttpRequest) -> HttpResponse:
    """Return the Excel file to fill in."""
    return xlsx(template(), "题库模板.xlsx")


@post_only("banks")
@needs(Power.WRITE)
def bank_new(request: HttpRequest) -> HttpResponse:
    """Begin a bank, with the questions of a file if one was chosen."""
    head, by = _head(request), editor_of(request)
    try:
        draft = begin(head, by)
    except NotChanged as refused:
        messages.error(request, f"没有新建：{refused}。")
        return redirect("banks")
    if isinstance(request.FILES.get("file"), UploadedFile):
        _take(request, draft, by, begins=True)
    return redirect("bank", draft.pk)


@post_only("published-bundle", "pk")
@needs(Power.WRITE)
def bank_from(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin the next version of a pack that is for nobody outside of what the viewer sees."""
    bundle = get_object_or_404(own_bundles_of(request.user).newest().filter(kind="questions"), pk=pk)
    there = bank_drafts_of(request.user).filter(pack=bundle.bundle).first()
    if there is not None:
        return redirect("bank", there.pk)
    region = _region_of(request, bundle.regions)
    try:
        if region is None:
            raise NotChanged("它发给了几个地方，请由县里重新导入再发布")
        folder = BundleFolder(settings.HOME.bundles)
        draft = begin_from(bundle, region, editor_of(request), folder=folder)
    except NotChanged as refused:
        messages.error(request, f"没有打开：{refused}。")
        return redirect("published-bundle", pk)
    return redirect("bank", draft.pk)


def _region_of(request: HttpRequest, prefixes: list[str]) -> Region | None:
    """Return the one region that a bundle is for, by the beginning of its code; the county is for every code."""
    if len(prefixes) != 1:
        return None
    own = regions_of(request.user).filter(ended=False, code__startswith=prefixes[0]).order_by("code")
    whole = (one for one in own if subtree_prefix(one.code) == prefixes[0] or not prefixes[0])
    return next(whole, None)


@require_safe
@needs(Power.WRITE)
def bank(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a bank: its questions, what must be mended, and how it goes on."""
    draft = bank_of(request, pk)
    today = timezone.localdate()
    looked = look(draft, today=today)
    state = parameters.choice(request.GET, "state", STATES)
    rows = []
    for level, questions in looked.levels:
        for row in questions:
            judged = looked.judged[row.pk]
            why_not = looked.why_not(judged)
            findings = [] if judged.question is None else looked.of(judged.question)
            warns = [one for one in findings if one.severity == "warns"]
            if state == "all" or (state == "mend" and why_not) or (state == "look" and warns):
                rows.append((level, row, why_not, warns))
    page = Paginator(rows, PAGE_SIZE).get_page(parameters.page_number(request.GET))
    context = {
        "section": "published",
        "draft": draft,
        "looked": looked,
        "levels": [(level, len(questions)) for level, questions in looked.levels],
        "state": state,
        "page": page,
        "rows": page.object_list,
        "count": len(looked.judged),
        "kinds": KINDS,
        "warns": [one.says for one in looked.findings if one.severity == "warns" and not one.question],
        "last_day": today + LASTS,
        "draws": range(MIN_DRAW, MAX_DRAW + 1),
        "regions": regions_of(request.user).filter(ended=False),
    }
    return render(request, "console/bank.html", context)


@post_only("bank", "pk")
@needs(Power.WRITE)
def bank_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what a bank says of itself."""
    draft, head = bank_of(request, pk), _head(request)
    return _done(request, draft, lambda by: change_head(draft, head, by), "已保存")


@post_only("bank", "pk")
@needs(Power.WRITE)
def bank_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the questions of a file."""
    draft = bank_of(request, pk)
    if not isinstance(request.FILES.get("file"), UploadedFile):
        messages.error(request, "没有导入：请先选一个文件。")
    else:
        _take(request, draft, editor_of(request))
    return redirect("bank", pk)


@post_only("bank", "pk")
@needs(Power.WRITE)
def level_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add a level."""
    draft = bank_of(request, pk)
    name = parameters.prose(request.POST, "name", longest=65)
    return _done(request, draft, lambda by: add_level(draft, name, by), "已加一关")


@post_only("bank", "pk")
@needs(Power.WRITE)
def level_change(request: HttpRequest, pk: int, level: int) -> HttpResponse:
    """Rename a level and say how many questions a run asks, move it up, or take an empty level away."""
    draft, row = _level(request, pk, level)
    step = request.POST.get("step")
    if step == "drop":
        return _done(request, draft, lambda by: drop_level(row, by), "已删掉这一关")
    if step == "up":
        return _done(request, draft, lambda by: move_level_up(row, by), "已上移")
    name, draw = parameters.prose(request.POST, "name", longest=65), parameters.number(request.POST, "draw")
    return _done(request, draft, lambda by: change_level(row, name, draw, by), "已保存")


@post_only("bank", "pk")
@needs(Power.WRITE)
def question_add(request: HttpRequest, pk: int, level: int) -> HttpResponse:
    """Add an empty question to a level, and open it."""
    draft, row = _level(request, pk, level)
    try:
        made = add_question(row, editor_of(request))
    except NotChanged as refused:
        messages.error(request, f"没有加：{refused}。")
        return redirect("bank", pk)
    return redirect("bank-question", draft.pk, made.pk)


@post_only("bank", "pk")
@needs(Power.WRITE)
def bank_hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand a bank over to a second person."""
    draft = bank_of(request, pk)
    try:
        last_day = asked_day(request.POST, "last_day")
        if not timezone.localdate() <= last_day <= timezone.localdate() + _LONGEST:
            raise InputRefused("大屏上最早用到今天，最晚用三年")
        row = hand_over(draft, last_day=last_day, by=editor_of(request))
    except (NotChanged, InputRefused) as refused:
        messages.error(request, f"还不能交：{str(refused).removesuffix('。')}。")
        return redirect("bank", pk)
    messages.success(request, "已交。请没有写过它的人看过以后发布；发布之前大屏上没有。")
    return redirect("written", row.called, row.pk)


@post_only("bank", "pk")
@needs(Power.WRITE)
def bank_give_up(request: HttpRequest, pk: int) -> HttpResponse:
    """Delete a bank in the making."""
    draft = bank_of(request, pk)
    try:
        give_up(draft, editor_of(request))
    except NotChanged as refused:
        messages.error(request, f"没有删：{refused}。")
        return redirect("bank", pk)
    messages.success(request, f"已删掉草稿“{draft.title}”。发布过的还在。")
    return redirect("banks")


@require_safe
@needs(Power.WRITE)
def bank_file(request: HttpRequest, pk: str, form: str) -> HttpResponse:
    """Send a bank as an Excel file or as GIFT. Only when each question is good, so that nothing is left out."""
    draft = bank_of(request, int(pk))
    looked = look(draft, today=timezone.localdate())
    if looked.to_mend:
        messages.error(request, f"还有 {looked.to_mend} 题要改，改好了才能导出，免得少了题。")
        return redirect("bank", draft.pk)
    if form == "xlsx":
        return xlsx(workbook(looked.bank), f"{draft.title}.xlsx")
    return attached(gift_of(looked.bank), f"{draft.title}.gift", GIFT_TYPE)


def _level(request: HttpRequest, pk: int, level: int) -> tuple[BankDraft, DraftLevel]:
    draft = bank_of(request, pk)
    return draft, get_object_or_404(draft.levels.select_related("draft"), pk=level)


def _head(request: HttpRequest) -> Head:
    code = parameters.text(request.POST, "region")
    return Head(
        region=get_object_or_404(regions_of(request.user).filter(ended=False), pk=code),
        title=parameters.prose(request.POST, "title", longest=65),
        owner=parameters.prose(request.POST, "owner", longest=65),
        review_by=day_written(request.POST.get("review_by", "")),
        sample=request.POST.get("sample") == "yes",
    )


def _take(request: HttpRequest, draft: BankDraft, by: Editor, *, begins: bool = False) -> None:
    file = request.FILES["file"]
    assert isinstance(file, UploadedFile)
    try:
        with seat():
            # One byte more than allowed tells that the file is too large, without the rest in memory.
            taken = take_file(draft, file.name or "", file.read(MAX_FILE_BYTES + 1), by, begins=begins)
    except (NotChanged, BadWorkbook) as refused:
        messages.error(request, f"没有导入：{str(refused).removesuffix('。')}。")
    else:
        _take_files(request, draft, by, taken)
        _say_taken(request, taken, to_mend=look(draft, today=timezone.localdate()).to_mend)


def _take_files(request: HttpRequest, draft: BankDraft, by: Editor, taken: Taken) -> None:
    """Take the pictures and sounds that were chosen beside a file of questions."""
    chosen = [one for one in request.FILES.getlist("files") if isinstance(one, UploadedFile)]
    files = {one.name or "": one.read() for one in chosen[:MOST_FILES_AT_ONCE]}
    if len(chosen) > MOST_FILES_AT_ONCE:
        taken.lost.append(f"图片和录音一次最多 {MOST_FILES_AT_ONCE} 个，其余的没有进来")
    if files:
        try:
            taken.lost += put_files(draft, files, by)
        except NotChanged as refused:
            taken.lost.append(str(refused))


def _say_taken(request: HttpRequest, taken: Taken, *, to_mend: int) -> None:
    mend = f"；现在有 {to_mend} 题要改，改好才能交" if to_mend else ""
    mend += f"；{taken.renewed} 题原来就有，换成了文件里的" if taken.renewed else ""
    say = messages.warning if to_mend or taken.lost else messages.success
    say(request, f"导入了 {taken.good + taken.to_mend} 题{mend}。")
    if taken.lost:
        more = f"；另有 {len(taken.lost) - MOST_LOST_SHOWN} 处" if len(taken.lost) > MOST_LOST_SHOWN else ""
        messages.error(request, f"没有进来的：{'；'.join(taken.lost[:MOST_LOST_SHOWN])}{more}。")


def _done(request: HttpRequest, draft: BankDraft, do: Callable[[Editor], object], done: str) -> HttpResponse:
    try:
        do(editor_of(request))
    except NotChanged as refused:
        messages.error(request, f"没有改动：{refused}。")
    else:
        messages.success(request, f"{done}。")
    return redirect("bank", draft.pk)
