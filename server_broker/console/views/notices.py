"""A notice for the kiosks: one person writes it and looks at it, another one publishes it or sends it back."""

import datetime as dt
import logging
from dataclasses import dataclass, fields

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from protocol.plain_text import lines, one_line
from server_broker.accounts.own_affairs import OwnAffair, is_own_affair
from server_broker.accounts.powers import Power, may, needs
from server_broker.accounts.scope import regions_of, scope
from server_broker.bundles.drafts import NotPublished
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.notices import MAX_ABOUT, MAX_LINE, MAX_TEXT, NoticeDraft, check_notice
from server_broker.bundles.written_notices import draft_of, end_written, publish_written, write_notice
from server_broker.console.post_only import post_only
from server_broker.console.queries import stations_of, written_notices_of
from server_broker.console.shelf_words import NOTICE_KIND_WORDS
from server_broker.regions.models import Region, subtree_prefix

log = logging.getLogger(__name__)

NO_DISK = "没有发布：县里的磁盘写不进去，可能满了。请告诉县运维。写好的通知还在，磁盘好了再发布。"


@dataclass(frozen=True, slots=True)
class Typed:
    """A notice as it was typed, so that the form shows it again."""

    line: str = ""
    text: str = ""
    kind: str = ""
    source: str = ""
    owner: str = ""
    region: str = ""
    first_day: str = ""
    last_day: str = ""
    urgent: bool = False

    def hidden(self) -> list[tuple[str, str]]:
        """Return what the second form sends along, by the names of its fields."""
        texts = [(one.name, str(getattr(self, one.name))) for one in fields(self) if one.name != "urgent"]
        return [*texts, ("urgent", "yes")] if self.urgent else texts


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.WRITE_NOTICE)
def new_notice(request: HttpRequest) -> HttpResponse:
    """Write a notice. The first button shows it as the kiosk will; the second one hands it to another person."""
    if request.method != "POST":
        today = timezone.localdate()
        last = str(today + dt.timedelta(days=7))
        return _notice_page(request, Typed(region=scope(request.user) or "", first_day=str(today), last_day=last))
    typed = _typed(request)
    try:
        region, draft = _draft_of(request, typed)
        if request.POST.get("step") != "submit":
            return _notice_page(request, typed, draft=draft)
        notice = write_notice(draft, region=region, actor=request.user.get_username(), at=timezone.now())
    except NotPublished as refused:
        messages.error(request, f"还不能交：{refused}。")
        return _notice_page(request, typed, status=422)
    messages.success(request, "已交。请另一个人看过以后发布；发布之前大屏上没有。")
    return redirect("written-notice", notice.pk)


def _typed(request: HttpRequest) -> Typed:
    def said(name: str, most: int) -> str:
        # Not brought into a common form, as a search is: that would turn the Chinese comma into another one.
        return one_line(request.POST.get(name, "")).strip()[:most]

    return Typed(
        line=said("line", MAX_LINE + 1),
        text=lines(request.POST.get("text", "")).strip()[: MAX_TEXT + 1],
        kind=said("kind", 16),
        source=said("source", MAX_ABOUT + 1),
        owner=said("owner", MAX_ABOUT + 1),
        region=said("region", 12),
        first_day=said("first_day", 10),
        last_day=said("last_day", 10),
        urgent=request.POST.get("urgent") == "yes",
    )


def _draft_of(request: HttpRequest, typed: Typed) -> tuple[Region, NoticeDraft]:
    """Return what was typed as a notice, and for which region.

    Raises:
        NotPublished: It can't be published.
    """
    region = regions_of(request.user).filter(pk=typed.region, ended=False).first()
    if region is None:
        raise NotPublished("请选择发给哪里")
    days = [midnight(typed.first_day), midnight(typed.last_day)]
    if days[0] is None or days[1] is None:
        raise NotPublished("请写明从哪天到哪天")
    draft = NoticeDraft(
        line=typed.line,
        text=typed.text,
        region=subtree_prefix(region.code),
        not_before=days[0],
        not_after=days[1] + dt.timedelta(days=1),
        urgent=typed.urgent,
        kind=typed.kind,
        source=typed.source,
        owner=typed.owner,
    )
    check_notice(draft, at=timezone.now())
    return region, draft


def midnight(day: str) -> dt.datetime | None:
    """Return the beginning of a local day, or None if ``day`` is none within a hundred years."""
    try:
        date = dt.date.fromisoformat(day)
    except ValueError:
        return None
    if not 2020 <= date.year < 2120:
        return None
    return timezone.make_aware(dt.datetime.combine(date, dt.time()))


def _notice_page(
    request: HttpRequest, typed: Typed, *, draft: NoticeDraft | None = None, status: int = 200
) -> HttpResponse:
    context = {
        "section": "published",
        "typed": typed,
        "regions": regions_of(request.user).filter(ended=False),
        "kinds": list(NOTICE_KIND_WORDS.items()),
        "max_line": MAX_LINE,
        "max_text": MAX_TEXT,
        "max_about": MAX_ABOUT,
        "draft": draft,
        **(_reached(request, draft) if draft else {}),
    }
    return render(request, "console/notice.html", context, status=status)


def _reached(request: HttpRequest, draft: NoticeDraft) -> dict[str, object]:
    """Return how many stations will show it, and one of them for the preview."""
    stations = stations_of(request.user).filter(enrolled_at__isnull=False, revoked_at=None)
    reached = stations.filter(village__code__startswith=draft.region).select_related("village")
    return {"reached": reached.count(), "sample": reached.order_by("village_id", "pk").first()}


@require_safe
@needs(Power.SEE_CONTENT)
def written_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a notice that somebody has written, as the kiosk will, and what may be done with it."""
    user = request.user
    notice = get_object_or_404(written_notices_of(user), pk=pk)
    waits = notice.published_at is None and notice.ended_at is None
    own = is_own_affair(user.get_username(), asked_by=notice.written_by)
    draft = draft_of(notice)
    context = {
        "section": "published",
        "notice": notice,
        "draft": draft,
        "waits": waits,
        "own": own,
        "may_publish": waits and not own and may(user, Power.PUBLISH),
        "may_end": waits and (own or may(user, Power.PUBLISH)) and may(user, Power.WRITE_NOTICE),
        **_reached(request, draft),
    }
    return render(request, "console/written_notice.html", context)


@post_only("written-notice", "pk")
@needs(Power.PUBLISH)
def publish_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Publish what another person has written."""
    notice = get_object_or_404(written_notices_of(request.user), pk=pk)
    folder = BundleFolder(settings.HOME.bundles)
    try:
        publish_written(notice, folder=folder, actor=request.user.get_username(), at=timezone.now())
    except NotPublished as refused:
        messages.error(request, f"没有发布：{refused}。")
    except OwnAffair:
        messages.error(request, "没有发布：这是您自己写的，要由另一个人看过再发布。")
    except OSError as error:
        log.error("the county's disk takes no notice: %s", error)
        messages.error(request, NO_DISK)
    else:
        messages.success(request, "已发布。在线的站点几分钟内就会显示，离线的连上以后显示。")
    return redirect("written-notice", pk)


@post_only("written-notice", "pk")
@needs(Power.WRITE_NOTICE)
def end_notice(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a notice back to whoever wrote it, or take back one's own."""
    notices = written_notices_of(request.user)
    if not may(request.user, Power.PUBLISH):
        notices = notices.filter(written_by__iexact=request.user.get_username())
    notice = get_object_or_404(notices, pk=pk)
    actor, reason = request.user.get_username(), request.POST.get("reason", "")
    try:
        end_written(notice, reason=reason, actor=actor, at=timezone.now())
    except NotPublished as refused:
        messages.error(request, f"没有退回：{refused}。")
    else:
        messages.success(request, "已退回，没有发布。")
    return redirect("written-notice", pk)
