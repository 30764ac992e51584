"""What one person has written and another one publishes or sends back: notices, documents, learning packs."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.own_affairs import OwnAffair, is_own_affair
from server_broker.accounts.powers import Power, may, needs
from server_broker.bundles import written_documents, written_notices, written_packs
from server_broker.bundles.drafts import NotPublished
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle, Written, WrittenDocuments, WrittenNotice, WrittenPack, WrittenQuerySet
from server_broker.bundles.written import end_written
from server_broker.console.documents_alike import alike
from server_broker.console.documents_shown import shown
from server_broker.console.pack_shown import pack_shown
from server_broker.console.post_only import post_only
from server_broker.console.queries import own_bundles_of, stations_of, written_of
from server_broker.regions.models import subtree_prefix
from server_broker.trust.keys import county_keys

log = logging.getLogger(__name__)

NO_DISK = "没有发布：县里的磁盘写不进去，可能满了。请告诉县运维。交来的内容还在，磁盘好了再发布。"


@dataclass(frozen=True, slots=True)
class _Form[W: Written]:
    """One kind of what is written: how a page shows it, and how it is published."""

    model: type[W]
    word: str
    preview: str
    """The template that shows it as people will read it."""
    shown: Callable[[HttpRequest, W], Mapping[str, object]]
    publish: Callable[[HttpRequest, W], Bundle]

    def rows(self, request: HttpRequest) -> WrittenQuerySet[W]:
        """Return those that the person sees."""
        return written_of(self.model, request.user)


def _publish_notice(request: HttpRequest, row: WrittenNotice) -> Bundle:
    return written_notices.publish_written_notice(
        row, folder=BundleFolder(settings.HOME.bundles), actor=request.user.get_username(), at=timezone.now()
    )


def _publish_documents(request: HttpRequest, row: WrittenDocuments) -> Bundle:
    return written_documents.publish_written_documents(
        row,
        own=own_bundles_of(request.user),
        folder=BundleFolder(settings.HOME.bundles),
        actor=request.user.get_username(),
        at=timezone.now(),
    )


def _publish_pack(request: HttpRequest, row: WrittenPack) -> Bundle:
    return written_packs.publish_written_pack(
        row,
        own=own_bundles_of(request.user),
        key=county_keys(settings.HOME).signing_key,
        folder=BundleFolder(settings.HOME.bundles),
        actor=request.user.get_username(),
        at=timezone.now(),
    )


def _shown_pack(request: HttpRequest, row: WrittenPack) -> Mapping[str, object]:
    # A published bundle has the content, and what was sent back is kept no longer.
    return {"pack": pack_shown(row)} if row.waits else {}


def _shown_documents(request: HttpRequest, row: WrittenDocuments) -> Mapping[str, object]:
    if not row.waits:
        # A published bundle has the content, and what was sent back is kept no longer.
        return {"documents": []}
    draft = written_documents.draft_of(row)
    return {"documents": shown(draft.documents), "alike": alike(request.user, draft)}


_FORMS: dict[str, _Form[Any]] = {
    WrittenNotice.called: _Form(
        WrittenNotice,
        "通知",
        "console/_notice_preview.html",
        lambda _, row: {"draft": written_notices.draft_of(row)},
        _publish_notice,
    ),
    WrittenDocuments.called: _Form(
        WrittenDocuments, "公示或资料", "console/_documents_preview.html", _shown_documents, _publish_documents
    ),
    WrittenPack.called: _Form(WrittenPack, "题库", "console/_pack_preview.html", _shown_pack, _publish_pack),
}


def _form(what: str) -> _Form[Any]:
    if what not in _FORMS:
        raise Http404
    return _FORMS[what]


def waiting(request: HttpRequest, *, most: int) -> list[Written]:
    """Return what waits for a second person, the oldest first."""
    rows: list[Written] = []
    for form in _FORMS.values():
        rows += form.rows(request).waiting().defer(*form.model.emptied).order_by("written_at", "pk")[:most]
    return sorted(rows, key=lambda row: row.written_at)[:most]


def reached(request: HttpRequest, prefix: str) -> dict[str, object]:
    """Return how many stations will show what is for a region, and one of them for the preview."""
    stations = stations_of(request.user).filter(enrolled_at__isnull=False, revoked_at=None)
    stations = stations.filter(village__code__startswith=prefix).select_related("village")
    return {"reached": stations.count(), "sample": stations.order_by("village_id", "pk").first()}


@require_safe
@needs(Power.SEE_CONTENT)
def written(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    """Show what somebody has written, as people will read it, and what may be done with it."""
    form, user = _form(what), request.user
    row = get_object_or_404(form.rows(request), pk=pk)
    own = any(is_own_affair(user.get_username(), asked_by=writer) for writer in row.writers)
    handed_over = is_own_affair(user.get_username(), asked_by=row.written_by)
    context = {
        "section": "published",
        "row": row,
        "word": form.word,
        "preview": form.preview,
        "own": own,
        "may_publish": row.waits and not own and may(user, Power.PUBLISH),
        "may_end": row.waits and (handed_over or may(user, Power.PUBLISH)) and may(user, Power.WRITE),
        "published": Bundle.objects.filter(bundle=row.bundle).newest().first() if row.bundle else None,
        **reached(request, subtree_prefix(row.region.code)),
    }
    try:
        context |= form.shown(request, row)
    except NotPublished as refused:
        messages.error(request, f"不能发布：{refused}。")
        context["may_publish"] = False
    return render(request, "console/written.html", context)


@post_only("written", "what", "pk")
@needs(Power.PUBLISH)
def publish_written(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    """Publish what another person has written."""
    form = _form(what)
    row = get_object_or_404(form.rows(request), pk=pk)
    try:
        form.publish(request, row)
    except NotPublished as refused:
        messages.error(request, f"没有发布：{str(refused).removesuffix('。')}。")
    except OwnAffair:
        messages.error(request, "没有发布：这是您自己写的或者改过的，要由另一个人看过再发布。")
    except OSError as error:
        log.error("the county's disk takes nothing that is published: %s", error)
        messages.error(request, NO_DISK)
    else:
        messages.success(request, "已发布。在线的站点几分钟内就会显示，离线的连上以后显示。")
    return redirect("written", what, pk)


@post_only("written", "what", "pk")
@needs(Power.WRITE)
def end(request: HttpRequest, what: str, pk: int) -> HttpResponse:
    """Send something back to whoever wrote it, or take back one's own."""
    rows = _form(what).rows(request)
    actor = request.user.get_username()
    if not may(request.user, Power.PUBLISH):
        rows = rows.filter(written_by__iexact=actor)
    row = get_object_or_404(rows, pk=pk)
    try:
        end_written(row, reason=request.POST.get("reason", ""), actor=actor, at=timezone.now())
    except NotPublished as refused:
        messages.error(request, f"没有退回：{refused}。")
    else:
        messages.success(request, "已退回，没有发布。")
    return redirect("written", what, pk)
