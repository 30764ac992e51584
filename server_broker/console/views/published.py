"""下发内容: what was published for stations, which villages have it, and notices: write, preview, publish, withdraw."""

import datetime as dt
import logging
from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from protocol.plain_text import lines, one_line
from server_broker.accounts.powers import Power, may, needs
from server_broker.accounts.scope import regions_of, scope
from server_broker.attendance.timelines import Line
from server_broker.bundles.drafts import NotPublished
from server_broker.bundles.files import BundleFolder
from server_broker.bundles.models import Bundle
from server_broker.bundles.notices import MAX_LINE, MAX_TEXT, NoticeDraft, check_notice, publish_notice
from server_broker.bundles.publishing import withdraw
from server_broker.bundles.spread import coverage, places_of, spread_of
from server_broker.console import parameters
from server_broker.console.deciding import Proposal, decide_on
from server_broker.console.post_only import post_only
from server_broker.console.queries import bundles_of, own_bundles_of, stations_of
from server_broker.console.shelf_words import BUNDLE_KINDS
from server_broker.regions.models import subtree_prefix

log = logging.getLogger(__name__)

PAGE_SIZE = 50
TABS = ("lasting", "notices", "questions", "over")


@dataclass(frozen=True, slots=True)
class Typed:
    """A notice as it was typed, so that the form shows it again."""

    line: str
    text: str
    region: str
    first_day: str
    last_day: str
    urgent: bool


@require_safe
@needs(Power.SEE_CONTENT)
def published(request: HttpRequest) -> HttpResponse:
    """Show the newest version of each bundle that somebody has published for a place that the viewer sees."""
    user, now = request.user, timezone.now()
    state = parameters.choice(request.GET, "state", TABS)
    rows = bundles_of(user).exclude(author="").newest()
    if state == "over":
        rows = rows.exclude(pk__in=Bundle.objects.lasting(now).values("pk"))
    else:
        rows = rows.lasting(now) if state == "lasting" else rows.lasting(now).filter(kind=state)
    page = parameters.page_of(request, rows.order_by("-published_at", "-pk"), size=PAGE_SIZE)
    shown = list(page.object_list)
    places, counted = places_of(shown), coverage(shown, stations_of(user))
    context = {
        "section": "published",
        "page": page,
        "rows": [(row, places[row.pk], counted[row.pk]) for row in shown],
        "state": state,
        "tabs": zip(TABS, ("在用", "通知", "题库", "已撤回或到期"), strict=True),
        "may_publish": may(user, Power.PUBLISH),
    }
    return render(request, "console/published.html", context)


@require_safe
@needs(Power.SEE_CONTENT)
def published_bundle(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one bundle: where it is, where it is not, and why."""
    user = request.user
    row = get_object_or_404(bundles_of(user).exclude(author=""), pk=pk)
    context = {
        "section": "published",
        "bundle": row,
        "places": places_of([row])[row.pk],
        "items": row.items.count(),
        "spread": spread_of(row, stations_of(user)),
        "may_withdraw": may(user, Power.PUBLISH) and row.withdrawn_at is None and _may_change(request, row),
    }
    return render(request, "console/published_bundle.html", context)


def _may_change(request: HttpRequest, row: Bundle) -> bool:
    # A withdrawal goes for the bundle, so it is the newest version's places that count.
    return own_bundles_of(request.user).newest().filter(pk=row.pk).exists()


@post_only("published-bundle", "pk")
@needs(Power.PUBLISH)
def withdraw_bundle(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw a bundle with a reason, if it is for nobody outside of what the person sees."""
    row = get_object_or_404(own_bundles_of(request.user).newest().exclude(author=""), pk=pk)
    actor = request.user.get_username()
    return decide_on(
        request,
        Proposal(
            title=f"撤回“{row.title}”",
            do=lambda reason: withdraw(row.bundle, reason=reason, actor=actor, at=timezone.now()),
            done="已撤回。站点一连上就不再显示；离线的站点要等连上以后。",
            back=reverse("published-bundle", args=[pk]),
            section="published",
            look=lambda: _shown_lines(row),
            undo="站点连上以后不再显示它，谁也不能再下载。发布过的记录保留；撤回不能取消，要用就再发布一次。",
        ),
    )


def _shown_lines(row: Bundle) -> list[Line]:
    """Return the versions of a bundle that stations get until it is withdrawn, and for which places."""
    rows = list(Bundle.objects.filter(bundle=row.bundle, withdrawn_at=None).order_by("version"))
    places = places_of(rows)
    return [
        Line(
            kind=BUNDLE_KINDS.get(one.kind, one.kind),
            what=f"{one.title}，第 {one.version} 版，发给{places[one.pk]}",
            since=one.not_before or one.published_at,
            until=one.not_after,
            recorded_at=one.published_at,
            recorded_by=one.author,
            reason="",
        )
        for one in rows
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Power.PUBLISH)
def new_notice(request: HttpRequest) -> HttpResponse:
    """Write a notice. The first button shows it as the kiosk will; only the second one publishes it."""
    if request.method != "POST":
        today = timezone.localdate()
        blank = Typed("", "", scope(request.user) or "", str(today), str(today + dt.timedelta(days=7)), False)
        return _notice_page(request, blank)
    typed = Typed(
        # Not brought into a common form, as a search is: that would turn the Chinese comma into another one.
        line=one_line(request.POST.get("line", "")).strip()[: MAX_LINE + 1],
        text=lines(request.POST.get("text", "")).strip()[: MAX_TEXT + 1],
        region=request.POST.get("region", "")[:12],
        first_day=request.POST.get("first_day", "")[:10],
        last_day=request.POST.get("last_day", "")[:10],
        urgent=request.POST.get("urgent") == "yes",
    )
    try:
        draft = _draft_of(request, typed)
        if request.POST.get("step") != "publish":
            return _notice_page(request, typed, draft=draft)
        folder = BundleFolder(settings.HOME.bundles)
        row = publish_notice(draft, folder=folder, author=request.user.get_username(), at=timezone.now())
    except NotPublished as refused:
        messages.error(request, f"还不能发布：{refused}。")
        return _notice_page(request, typed, status=422)
    except OSError as error:
        log.error("the county's disk takes no notice: %s", error)
        words = "没有发布：县里的磁盘写不进去，可能满了。请告诉县运维。写的内容还在下面，磁盘好了再发布。"
        messages.error(request, words)
        return _notice_page(request, typed, status=503)
    messages.success(request, "已发布。在线的站点几分钟内就会显示，离线的连上以后显示。")
    return redirect("published-bundle", row.pk)


def _draft_of(request: HttpRequest, typed: Typed) -> NoticeDraft:
    """Return what was typed as a notice.

    Raises:
        NotPublished: It can't be published.
    """
    region = regions_of(request.user).filter(pk=typed.region, ended=False).first()
    if region is None:
        raise NotPublished("请选择发给哪里")
    days = [_midnight(typed.first_day), _midnight(typed.last_day)]
    if days[0] is None or days[1] is None:
        raise NotPublished("请写明从哪天到哪天")
    draft = NoticeDraft(
        line=typed.line,
        text=typed.text,
        region=subtree_prefix(region.code),
        not_before=days[0],
        not_after=days[1] + dt.timedelta(days=1),
        urgent=typed.urgent,
    )
    check_notice(draft, at=timezone.now())
    return draft


def _midnight(day: str) -> dt.datetime | None:
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
    stations = stations_of(request.user).filter(enrolled_at__isnull=False, revoked_at=None)
    reached = (
        stations.filter(village__code__startswith=draft.region).select_related("village") if draft else stations.none()
    )
    context = {
        "section": "published",
        "typed": typed,
        "regions": regions_of(request.user).filter(ended=False),
        "max_line": MAX_LINE,
        "max_text": MAX_TEXT,
        "draft": draft,
        "reached": reached.count(),
        "sample": reached.order_by("village_id", "pk").first(),
    }
    return render(request, "console/notice.html", context, status=status)
