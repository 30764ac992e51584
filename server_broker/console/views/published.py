"""下发内容: what was published for stations, which villages have it, what waits, and how something is withdrawn."""

import logging

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, may, needs
from server_broker.attendance.timelines import Line
from server_broker.audit.log import MOST_REASON
from server_broker.bundles.models import Bundle
from server_broker.bundles.publishing import withdraw
from server_broker.bundles.spread import coverage, places_of, spread_of
from server_broker.console import parameters
from server_broker.console.deciding import InputRefused, Proposal, asked_day, decide_on
from server_broker.console.post_only import post_only
from server_broker.console.queries import bundles_of, own_bundles_of, stations_of
from server_broker.console.shelf_words import BUNDLE_KINDS
from server_broker.console.views.written import waiting
from server_broker.learning.keepers import KeeperRefused, keepers, keepers_past, say_keeper

log = logging.getLogger(__name__)

PAGE_SIZE = 50
TABS = ("lasting", "notices", "questions", "over")


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
        "may_write": may(user, Power.WRITE),
        "past": keepers_past({row.bundle for row in shown if row.kind == "questions"}, timezone.localdate(now)),
        "waiting": waiting(request, most=PAGE_SIZE),
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
        "has_questions": row.kind == "questions" and may(user, Power.WRITE),
        "keeper": keepers().filter(pack=row.bundle).first() if row.kind == "questions" else None,
        "today": timezone.localdate(),
        "may_edit": row.kind == "questions" and may(user, Power.WRITE) and _may_change(request, row),
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


@post_only("published-bundle", "pk")
@needs(Power.PUBLISH)
def pack_keeper(request: HttpRequest, pk: int) -> HttpResponse:
    """State who answers for a pack and by when it is looked at again, as after a look that found nothing to change."""
    rows = own_bundles_of(request.user).newest().filter(kind="questions")
    row = get_object_or_404(rows, pk=pk)
    try:
        say_keeper(
            row.bundle,
            parameters.prose(request.POST, "owner", longest=65),
            asked_day(request.POST, "review_by"),
            reason=parameters.prose(request.POST, "reason", longest=MOST_REASON + 1),
            actor=request.user.get_username(),
            at=timezone.now(),
        )
    except (KeeperRefused, InputRefused) as refused:
        messages.error(request, f"没有改动：{refused}。")
    else:
        messages.success(request, "已记录。")
    return redirect("published-bundle", pk)


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
