"""写公示或资料: an Excel file is read, shown as people will read it, and handed to another person who publishes it."""

import logging
import tempfile
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import get_args

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from protocol.documents import pictures_of
from server_broker.accounts.powers import Power, account_of, needs
from server_broker.accounts.scope import regions_of, scope
from server_broker.bundles.document_sheets import BOOK, DocumentsPlan
from server_broker.bundles.document_template import template
from server_broker.bundles.documents import DocumentsDraft, DocumentsKind, check_before_publishing, scaled
from server_broker.bundles.drafts import NotPublished
from server_broker.bundles.models import BundleQuerySet
from server_broker.bundles.written_documents import new_id, write_documents
from server_broker.console import parameters
from server_broker.console.documents_alike import alike
from server_broker.console.documents_shown import counted, shown
from server_broker.console.downloads import xlsx
from server_broker.console.queries import own_bundles_of
from server_broker.console.views.notices import midnight
from server_broker.console.views.written import reached
from server_broker.regions.models import Region, subtree_prefix
from server_broker.sheets import pending
from server_broker.sheets.reading import MAX_FILE_BYTES, read_file, seat
from server_broker.sheets.row_errors import RowError
from server_broker.sheets.workbook import BadWorkbook

log = logging.getLogger(__name__)

MOST_ERRORS_SHOWN = 200
MOST_PICTURES = 40
KINDS: dict[DocumentsKind, str] = {"disclosure": "公示", "library": "资料"}


@dataclass(frozen=True, slots=True)
class Typed:
    """What was chosen beside the file, so that the form shows it again."""

    kind: str
    region: str
    first_day: str
    last_day: str
    replaces: str
    """The id of a bundle of which this is the next version; empty: it is a bundle of its own."""


@require_safe
@needs(Power.WRITE)
def documents_template(request: HttpRequest) -> HttpResponse:
    """Return a file to fill in."""
    return xlsx(template(), "公示和资料模板.xlsx")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.WRITE)
def new_documents(request: HttpRequest) -> HttpResponse:
    """Take a file and show what it holds. Only the second button hands over exactly that."""
    if request.method != "POST":
        today = timezone.localdate()
        own = scope(request.user) or ""
        return _page(request, Typed("disclosure", own, str(today), str(today + timedelta(days=90)), ""))
    typed = Typed(
        kind=request.POST.get("kind", "")[:16],
        region=parameters.text(request.POST, "region", longest=12),
        first_day=request.POST.get("first_day", "")[:10],
        last_day=request.POST.get("last_day", "")[:10],
        replaces=request.POST.get("replaces", "")[:64],
    )
    try:
        # What was chosen is judged before a file is read, because that costs more.
        region, addressed = _addressed(request, typed)
        if request.POST.get("step") == "submit":
            return _hand_over(request, region, addressed)
        with seat():
            plan = _plan_of(request)
        if plan.errors:
            return _page(request, typed, errors=plan.errors)
        draft = replace(addressed, documents=plan.documents, pictures=plan.pictures)
        check_before_publishing(draft, author=request.user.get_username(), at=timezone.now())
    except (NotPublished, BadWorkbook) as refused:
        messages.error(request, f"还不能交：{str(refused).removesuffix('。')}。")
        return _page(request, typed, status=422)
    except OSError as error:
        log.error("the county's disk takes no documents: %s", error)
        messages.error(request, "没有交：县里的磁盘写不进去，可能满了。请告诉县运维，磁盘好了再交。")
        return _page(request, typed, status=503)
    token = pending.keep(BOOK, plan, account=account_of(request), now=timezone.now())
    return _page(request, typed, draft=draft, token=token)


def _hand_over(request: HttpRequest, region: Region, addressed: DocumentsDraft) -> HttpResponse:
    account = account_of(request)
    plan = None
    if (token := _token(request.POST.get("token", ""))) is not None:
        plan = pending.kept(BOOK, token, account=account, now=timezone.now())
    if plan is None:
        raise NotPublished("这份预览已经用过、过期或被新的文件代替，请重新上传文件")
    draft = replace(addressed, documents=plan.documents, pictures=plan.pictures)
    row = write_documents(draft, region=region, actor=account.get_username(), at=timezone.now())
    pending.drop(account)
    messages.success(request, "已交。请另一个人看过以后发布；发布之前大屏上没有。")
    return redirect("written", row.called, row.pk)


def _plan_of(request: HttpRequest) -> DocumentsPlan:
    """Read the file and the pictures that its documents show.

    Raises:
        BadWorkbook: It can't be read.
        NotPublished: A picture can't be used.
    """
    file = request.FILES.get("file")
    if not isinstance(file, UploadedFile):
        raise NotPublished("请先选择一个 .xlsx 文件")
    # One byte more than allowed tells that the file is too large, without the rest in memory.
    plan = read_file(BOOK, file.read(MAX_FILE_BYTES + 1))
    wanted = {name for one in plan.documents for name in pictures_of(one)}
    uploaded = [one for one in request.FILES.getlist("pictures") if isinstance(one, UploadedFile)]
    if len(uploaded) > MOST_PICTURES:
        raise NotPublished(f"图片有 {len(uploaded)} 张，一次最多 {MOST_PICTURES} 张")
    with tempfile.TemporaryDirectory() as folder:
        sources: dict[str, Path] = {}
        for number, one in enumerate(uploaded):
            if one.name in wanted:
                path = sources[one.name] = Path(folder) / str(number)
                with path.open("wb") as to:
                    to.writelines(one.chunks())
        plan.pictures |= scaled(sources)
    return plan


def _addressed(request: HttpRequest, typed: Typed) -> tuple[Region, DocumentsDraft]:
    """Return what was chosen, without what the file holds, and for which region.

    Raises:
        NotPublished: It can't be published.
    """
    region = regions_of(request.user).filter(pk=typed.region, ended=False).first()
    if region is None:
        raise NotPublished("请选择发给哪里")
    kind = next((kind for kind in KINDS if kind == typed.kind), None)
    if kind is None:
        raise NotPublished("请选择是公示还是资料")
    first, last = midnight(typed.first_day), midnight(typed.last_day)
    if first is None or last is None:
        raise NotPublished("请写明从哪天到哪天")
    ident = new_id(kind)
    if typed.replaces:
        before = _replaceable(request).filter(bundle=typed.replaces, kind=kind).first()
        if before is None:
            raise NotPublished("要换掉的那一份现在没有，或者种类不同，请重新选择")
        ident = before.bundle
    return region, DocumentsDraft(
        id=ident,
        kind=kind,
        documents=[],
        regions=[subtree_prefix(region.code)],
        not_before=first,
        not_after=last + timedelta(days=1),
    )


def _replaceable(request: HttpRequest) -> BundleQuerySet:
    """Return the newest versions of documents that are for nothing but what the person sees."""
    own = own_bundles_of(request.user).exclude(author="").newest().lasting(timezone.now())
    return own.filter(kind__in=get_args(DocumentsKind.__value__)).order_by("title")


def _token(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _page(
    request: HttpRequest,
    typed: Typed,
    *,
    draft: DocumentsDraft | None = None,
    token: uuid.UUID | None = None,
    errors: list[RowError] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "section": "published",
        "typed": typed,
        "kinds": KINDS.items(),
        "regions": regions_of(request.user).filter(ended=False),
        "replaceable": _replaceable(request),
        "errors": (errors or [])[:MOST_ERRORS_SHOWN],
        "error_count": len(errors or []),
        "token": token,
        "documents": shown(draft.documents) if draft else [],
        "counted": counted(draft.documents) if draft else "",
        "alike": alike(request.user, draft) if draft else [],
        **(reached(request, draft.regions[0]) if draft else {}),
    }
    return render(request, "console/documents.html", context, status=422 if errors else status)
