"""告警: what a person must see, and who has acknowledged it."""

import datetime as dt

from django.contrib import messages
from django.db.models import Case, Count, IntegerField, Q, Value, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, account_of, may, needs
from server_broker.console import parameters
from server_broker.console.lost_card_words import with_holders
from server_broker.console.polling import live_page
from server_broker.console.post_only import post_only
from server_broker.console.queries import alarms_of
from server_broker.console.words import alarm_name
from server_broker.fleet.alarms import acknowledge

PAGE_SIZE = 50
MOST_RESOLVED = 1000
"""Most resolved alarms that the pages list, up to the day that is asked for; earlier ones by an earlier day."""
STATES = ("open", "acknowledged", "resolved")
# The severities are words, and their alphabetical order is not the order of gravity.
_RANK = Case(
    When(severity="critical", then=Value(0)),
    When(severity="major", then=Value(1)),
    When(severity="minor", then=Value(2)),
    default=Value(3),
    output_field=IntegerField(),
)


@require_safe
@needs(Power.SEE_FLEET)
def alarms(request: HttpRequest) -> HttpResponse:
    """Show the alarms in one state, the gravest first. A poll gets only the list."""
    state = parameters.choice(request.GET, "state", STATES)
    seen = alarms_of(request.user)
    is_open = seen.filter(resolved_at=None)
    counts = is_open.order_by().aggregate(
        open=Count("pk", filter=Q(acknowledged_at=None)), acknowledged=Count("pk", filter=~Q(acknowledged_at=None))
    )
    until = parameters.day(request.GET, "until")
    resolved = seen.filter(resolved_at__isnull=False, last_at__lt=_end_of(until))
    # Resolved alarms grow without end, so no more of them are counted than the pages can show.
    counts["resolved"] = resolved.order_by("-last_at", "-id")[: MOST_RESOLVED + 1].count()
    if state == "resolved":
        # The order of the index, so that the newest are found without looking at the others.
        shown = resolved.order_by("-last_at", "-id")
    else:
        # The id comes last, so that alarms of the same second keep their places from page to page.
        acknowledged = Q(acknowledged_at=None) if state == "open" else ~Q(acknowledged_at=None)
        shown = is_open.filter(acknowledged).order_by(_RANK, "-last_at", "-id")
    page = parameters.page_of(
        request, shown.select_related("station__village"), size=PAGE_SIZE, count=min(counts[state], MOST_RESOLVED)
    )
    context = {
        "page": page,
        "rows": with_holders(request.user, page.object_list),
        "tabs": [
            ("open", "待处理", f"{counts['open']}"),
            ("acknowledged", "已确认", f"{counts['acknowledged']}"),
            ("resolved", "已解除", f"{min(counts['resolved'], MOST_RESOLVED)}"),
        ],
        "more_resolved": state == "resolved" and counts["resolved"] > MOST_RESOLVED,
        "most_resolved": MOST_RESOLVED,
        "until": until,
        "state": state,
        "may_acknowledge": may(request.user, Power.ACKNOWLEDGE_ALARMS),
    }
    return live_page(request, "alarms", context)


def _end_of(day: dt.date) -> dt.datetime:
    return timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=1), dt.time()))


@post_only("alarms")
@needs(Power.ACKNOWLEDGE_ALARMS)
def acknowledge_alarm(request: HttpRequest, pk: int) -> HttpResponse:
    """Store that the viewer has seen an alarm. Who comes second is told nothing."""
    alarm = get_object_or_404(alarms_of(request.user), pk=pk, resolved_at=None)
    if acknowledge(alarm, by=account_of(request), at=timezone.now()):
        messages.success(request, f"已确认：{alarm_name(alarm.code, alarm.origin)}")
    return redirect("alarms")
