"""今日打卡: a day's touches, newest first, each with its time's quality and whose it is."""

import datetime as dt

from django.core.paginator import Page
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, needs
from server_broker.accounts.scope import Viewer, regions_of
from server_broker.attendance.models import Touch
from server_broker.console import parameters
from server_broker.console.polling import live_page
from server_broker.console.queries import touches_on, unbound
from server_broker.console.touch_rows import ShownTouch, shown_touches
from server_broker.regions.models import Region

PAGE_SIZE = 50


@require_safe
@needs(Power.SEE_PEOPLE)
def today(request: HttpRequest) -> HttpResponse:
    """Show a day, the present one by default; a poll gets the live part alone."""
    day = parameters.day(request.GET)
    villages = _villages(request.user)
    asked = parameters.text(request.GET, "village", longest=12)
    village = asked if villages.filter(pk=asked).exists() else ""
    touches = touches_on(request.user, day)
    if village:
        touches = touches.filter(station__village=village)
    counts = _counts(touches)
    listed = touches.select_related("station__village")
    page = parameters.page_of(request, listed, size=PAGE_SIZE, count=counts["touches"])
    context = {
        "page": page,
        "rows": _rows(request.user, page),
        "counts": counts,
        "villages": villages,
        "village": village,
        "day": day,
        "day_refused": parameters.day_refused(request.GET),
        **_neighbours(day),
    }
    return live_page(request, "today", context)


def _counts(touches: QuerySet[Touch]) -> dict[str, int]:
    """Count touches by the outcome that the list shows beside each.

    A touch of a card that was unknown then and has its person now counts like one that was recorded.
    """
    counts = touches.order_by().aggregate(
        touches=Count("pk"),
        cards=Count("card_token", distinct=True),
        stations=Count("station", distinct=True),
        **{answer: Count("pk", filter=Q(answer=answer)) for answer in ("recorded", "repeat", "unknown", "lost")},
    )
    nobodys = (
        unbound(touches)
        .order_by()
        .aggregate(cards=Count("card_token", distinct=True), unknown=Count("pk", filter=Q(answer="unknown")))
    )
    return counts | {
        "recorded": counts["recorded"] + counts["unknown"] - nobodys["unknown"],
        "unknown": nobodys["unknown"],
        "to_check": nobodys["cards"],
    }


def _villages(user: Viewer) -> QuerySet[Region]:
    """Return those to choose from; only the whole page asks the database for all of them."""
    return regions_of(user).exclude(code__endswith="000").filter(stations__isnull=False).distinct()


def _rows(user: Viewer, page: Page[Touch]) -> list[ShownTouch]:
    return shown_touches(user, page.object_list)


def _neighbours(day: dt.date) -> dict[str, dt.date | bool | None]:
    today = timezone.localdate()
    return {
        "is_today": day == today,
        "before": day - dt.timedelta(days=1),
        "after": day + dt.timedelta(days=1) if day < today else None,
    }
