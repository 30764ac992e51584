"""今日打卡: a day's touches, newest first, each with its person and the quality of its time."""

import datetime as dt
from collections import Counter

from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, needs
from server_broker.accounts.scope import regions_of
from server_broker.attendance.models import Touch
from server_broker.attendance.outcomes import Outcome, outcome_of
from server_broker.attendance.touches import touch_rows
from server_broker.console import parameters
from server_broker.console.polling import live_page
from server_broker.console.queries import held_so, not_connected, touches_on
from server_broker.console.touch_rows import shown_touches
from server_broker.people.models import BindingState

PAGE_SIZE = 50
_NOT_COUNTED: dict[Outcome, str] = {
    "repeat": "重复",
    "unknown": "待核对",
    "lost": "挂失卡",
    "no_person": "编号对不上人",
}
UNHEARD_NAMED = 6
"""Stations without a line that the page names; it counts the others."""


@require_safe
@needs(Power.SEE_PEOPLE)
def today(request: HttpRequest) -> HttpResponse:
    """Show the touches of today or of ``?date=``. A poll gets only the live part."""
    day, this_day = parameters.day(request.GET), timezone.localdate()
    # Not evaluated here: only the whole page lists all villages, and a poll needs none of them.
    in_scope = regions_of(request.user)
    villages = in_scope.exclude(code__endswith="000").filter(stations__isnull=False).distinct()
    asked = parameters.text(request.GET, "village", longest=12)
    village = asked if villages.filter(pk=asked).exists() else ""
    touches = touches_on(request.user, day)
    if village:
        touches = touches.filter(station__village=village)
    counts = _counts(touches)  # also tells the paginator how many there are, which saves it a query
    listed = touches.select_related("station__village")
    unheard = not_connected(request.user)
    if village:
        unheard = unheard.filter(village=village)
    page = parameters.page_of(request, listed, size=PAGE_SIZE, count=counts["touches"])
    context = {
        "page": page,
        "rows": shown_touches(request.user, page.object_list),
        "counts": counts,
        "not_counted": "、".join(f"{counts[name]} 次{word}" for name, word in _NOT_COUNTED.items() if counts[name]),
        "unheard": list(unheard[:UNHEARD_NAMED]),
        "unheard_count": unheard.count(),
        "villages": villages,
        "village": village,
        "day": day,
        "day_refused": parameters.day_refused(request.GET),
        "is_today": day == this_day,
        "before": day - dt.timedelta(days=1),
        "after": day + dt.timedelta(days=1) if day < this_day else None,
    }
    return live_page(request, "today", context)


def _counts(touches: QuerySet[Touch]) -> dict[str, int]:
    """Count touches by the outcome that the list shows, with the number of cards that wait for a person.

    The list's own rule judges, so that a sum never says other than its rows.
    """
    found = _told_apart(touches, touches=Count("pk"), stations=Count("station", distinct=True))
    # PostgreSQL counts, because a county has thousands of touches a day. Most are of cards that somebody holds.
    nobodys, lost = (_told_apart(held_so(touches, holds)) for holds in (None, BindingState.LOST))
    counts = Counter({name: found[name] for name in ("touches", "stations", "cards")})
    counts["to_check"] = nobodys["cards"]
    for answer in _ANSWERS:
        held = found[answer] - nobodys[answer] - lost[answer]
        for holds, count in ((None, nobodys[answer]), (BindingState.LOST, lost[answer]), (BindingState.HELD, held)):
            counts[outcome_of(answer, by_card=True, holds=holds)] += count
    if found["touches"] > sum(found[answer] for answer in _ANSWERS):
        counts.update(row.outcome for row in touch_rows(list(touches.filter(card_token=b""))))
    return counts


_BY_CARD = ~Q(card_token=b"")
_ANSWERS = {"repeat": _BY_CARD & Q(answer="repeat"), "recorded": _BY_CARD & ~Q(answer="repeat")}
"""What a station said of a card's touch, as far as `outcome_of` asks for it: a repeat, or anything else."""


def _told_apart(touches: QuerySet[Touch], /, **more: Count) -> dict[str, int]:
    """Count the touches of cards by what their stations said, and the cards."""
    answers = {answer: Count("pk", filter=condition) for answer, condition in _ANSWERS.items()}
    cards = Count("card_token", distinct=True, filter=_BY_CARD)
    return touches.order_by().aggregate(cards=cards, **answers, **more)
