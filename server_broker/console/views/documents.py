"""发布公示或资料: an Excel file is read, shown as people will read it, and published by a second button."""

import logging
import secrets
import tempfile
import uuid
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import get_args

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from protocol.documents import Document, Table, pictures_of
from server_broker.accounts.models import User
from server_broker.accounts.powers import Power, needs
from server_broker.accounts.scope import regions_of, scope
from server_broker.bundles.document_sheets import BOOK, DocumentsPlan
from server_broker.bundles.document_template import template
from server_broker.bundles.documents import (
    DocumentsDraft,
    DocumentsKind,
    check_documents,
    figure,
    publish_documents,
    scaled,
)
from server_broker.bundles.drafts import NotPublished
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import BundleQuerySet
from server_broker.console.downloads import xlsx
from server_broker.console.queries import own_bundles_of, stations_of
from server_broker.console.views.notices import midnight
from server_broker.regions.models import subtree_prefix
from server_broker.sheets import pending
from server_broker.sheets.reading import MAX_FILE_BYTES, read_file, seat
from server_broker.sheets.row_errors import RowError
from server_broker.sheets.workbook import BadWorkbook

log = logging.getLogger(__name__)

ROWS_SHOWN = 20
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
@needs(Power.PUBLISH)
def documents_template(request: HttpRequest) -> HttpResponse:
    """Return a file to fill in."""
    return xlsx(template(), "公示和资料模板.xlsx")


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.PUBLISH)
def new_documents(request: HttpRequest) -> HttpResponse:
    """Take a file and show what it holds. Only the second button publishes exactly that."""
    if request.method != "POST":
        today = timezone.localdate()
        own = scope(request.user) or ""
        return _page(request, Typed("disclosure", own, str(today), str(today + timedelta(days=90)), ""))
    typed = Typed(
        kind=request.POST.get("kind", "")[:16],
        region=request.POST.get("region", "")[:12],
        first_day=request.POST.get("first_day", "")[:10],
        last_day=request.POST.get("last_day", "")[:10],
        replaces=request.POST.get("replaces", "")[:64],
    )
    try:
        # What was chosen is judged before a file is read, because that costs more.
        addressed = _addressed(request, typed)
        if request.POST.get("step") == "publish":
            return _publish(request, addressed)
        with seat():
            plan = _plan_of(request)
        if plan.errors:
            return _page(request, typed, errors=plan.errors)
        draft = replace(addressed, documents=plan.documents, pictures=plan.pictures)
        check_documents(draft)
    except (NotPublished, BadWorkbook) as refused:
        messages.error(request, f"还不能发布：{str(refused).removesuffix('。')}。")
        return _page(request, typed, status=422)
    except OSError as error:
        log.error("the county's disk takes no documents: %s", error)
        messages.error(request, "没有发布：县里的磁盘写不进去，可能满了。请告诉县运维，磁盘好了再发布。")
        return _page(request, typed, status=503)
    token = pending.keep(BOOK, plan, account=_account(request), now=timezone.now())
    return _page(request, typed, draft=draft, token=token)


def _publish(request: HttpRequest, addressed: DocumentsDraft) -> HttpResponse:
    account = _account(request)
    plan = None
    if (token := _token(request.POST.get("token", ""))) is not None:
        plan = pending.kept(BOOK, token, account=account, now=timezone.now())
    if plan is None:
        raise NotPublished("这份预览已经用过、过期或被新的文件代替，请重新上传文件")
    draft = replace(addressed, documents=plan.documents, pictures=plan.pictures)
    folder = BundleFolder(settings.HOME.bundles)
    row, new = publish_documents(draft, folder=folder, author=account.get_username(), at=timezone.now())
    pending.drop(account)
    if new:
        messages.success(request, "已发布。在线的站点几分钟内就能看，离线的连上以后能看。")
    else:
        messages.success(request, "和已经发布的一样，没有变化。")
    return redirect("published-bundle", row.pk)


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
        for one in uploaded:
            if one.name in wanted:
                path = Path(folder) / "picture"
                with path.open("wb") as to:
                    to.writelines(one.chunks())
                plan.pictures[one.name] = scaled(one.name, path)
    return plan


def _addressed(request: HttpRequest, typed: Typed) -> DocumentsDraft:
    """Return what was chosen, without what the file holds.

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
    ident = f"{kind}-{secrets.token_hex(6)}"
    if typed.replaces:
        before = _replaceable(request).filter(bundle=typed.replaces, kind=kind).first()
        if before is None:
            raise NotPublished("要换掉的那一份现在没有，或者种类不同，请重新选择")
        ident = before.bundle
    return DocumentsDraft(
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


def _account(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # `needs` lets nobody else in
    return request.user


@dataclass(frozen=True, slots=True)
class ShownTable:
    """A table as the page shows it: its first rows, and how many there are."""

    heads: list[str]
    rows: list[list[str]]
    count: int
    sums: list[str]


def _shown_table(table: Table, titles: dict[str, str]) -> ShownTable:
    rows = []
    for row in table.rows[:ROWS_SHOWN]:
        written = [
            figure(cell, column.kind) if isinstance(cell, int) else cell
            for cell, column in zip(row.cells, table.columns, strict=True)
        ]
        rows.append([*written, f"› {titles[row.opens]}" if row.opens else ""])
    sums = [
        "" if total is None else figure(total, column.kind)
        for total, column in zip(table.sums, table.columns, strict=False)
    ]
    return ShownTable([column.title for column in table.columns], rows, len(table.rows), sums)


def _shown(document: Document, titles: dict[str, str]) -> dict[str, object]:
    """Return a document for the page."""
    blocks = [_shown_table(block, titles) if isinstance(block, Table) else block for block in document.blocks]
    return {"document": document, "above": titles.get(document.part_of, ""), "blocks": blocks}


def _page(
    request: HttpRequest,
    typed: Typed,
    *,
    draft: DocumentsDraft | None = None,
    token: uuid.UUID | None = None,
    errors: list[RowError] | None = None,
    status: int = 200,
) -> HttpResponse:
    stations = stations_of(request.user).filter(enrolled_at__isnull=False, revoked_at=None)
    titles = {one.id: one.title for one in draft.documents} if draft else {}
    context = {
        "section": "published",
        "typed": typed,
        "kinds": KINDS.items(),
        "regions": regions_of(request.user).filter(ended=False),
        "replaceable": _replaceable(request),
        "errors": (errors or [])[:MOST_ERRORS_SHOWN],
        "error_count": len(errors or []),
        "token": token,
        "documents": [_shown(one, titles) for one in draft.documents] if draft else [],
        "reached": stations.filter(village__code__startswith=draft.regions[0]).count() if draft else 0,
    }
    return render(request, "console/documents.html", context, status=422 if errors else status)
