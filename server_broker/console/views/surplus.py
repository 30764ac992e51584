"""太多的申请和答题: what one station reported beyond a day's measure, and the one decision about all of it."""

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, may, needs
from server_broker.console import parameters
from server_broker.console.post_only import post_only
from server_broker.console.queries import learning_too_much, stations_of
from server_broker.console.reasons import ReasonField
from server_broker.console.request_words import asker_name
from server_broker.progress.surplus import A_DAY as LEARNING
from server_broker.progress.surplus import decide_surplus as decide_learning
from server_broker.progress.surplus import waiting_of
from server_broker.requests.models import Request
from server_broker.requests.reading import request_rows
from server_broker.requests.surplus import A_DAY, OF_ONE, decide_surplus, undecided

PAGE_SIZE = 50


@require_safe
@needs(Power.SEE_REQUESTS)
def surplus(request: HttpRequest, station_id: str) -> HttpResponse:
    """List what is too much of one station, the newest first, with the form for whoever may decide."""
    station = get_object_or_404(stations_of(request.user).select_related("village"), pk=station_id)
    waiting = undecided().filter(station=station)
    last = waiting.order_by("-pk").values_list("pk", flat=True).first() or 0
    learning = waiting_of(learning_too_much(request.user).filter(station=station))
    asked = Request.objects.filter(surplus__in=waiting).select_related("station__village").order_by("-pk")
    page = parameters.page_of(request, asked, size=PAGE_SIZE)
    context = {
        "section": "requests",
        "station": station,
        "page": page,
        "rows": [(row, asker_name(row, request.user)) for row in request_rows(page.object_list)],
        "others": waiting.filter(request=None).count(),
        "last": last,
        "learning": learning.count,
        "last_learning": learning.through,
        "a_day": A_DAY,
        "of_one": OF_ONE,
        "may_decide": may(request.user, Power.DECIDE_SURPLUS),
    }
    return render(request, "console/surplus.html", context)


@post_only("surplus", "station_id")
@needs(Power.DECIDE_SURPLUS)
def surplus_decide(request: HttpRequest, station_id: str) -> HttpResponse:
    """Take up or throw away all that the page showed."""
    station = get_object_or_404(stations_of(request.user), pk=station_id)
    take_up = parameters.choice(request.POST, "what", ("drop", "take_up")) == "take_up"
    through = parameters.number(request.POST, "through")
    try:
        reason = "" if take_up else ReasonField().clean(request.POST.get("reason", ""))
    except ValidationError:
        messages.error(request, "没有作废：请写明理由（4 到 200 个字，不写身份证号）。")
        return redirect("surplus", station_id)
    actor = request.user.get_username()
    of_learning = {table: last for table in LEARNING if (last := parameters.number(request.POST, table))}
    now = timezone.now()
    with transaction.atomic():
        count = decide_surplus(station, take_up=take_up, through=through, reason=reason, actor=actor, at=now)
        count += decide_learning(station, take_up=take_up, through=of_learning, reason=reason, actor=actor, at=now)
    if not count:
        messages.warning(request, f"{station.name} 没有先不办的了：别人已经定了。")
    elif take_up:
        messages.success(request, f"{station.name} 的 {count} 条已照常办理：要批的几秒后在“待办”里。")
    else:
        messages.success(request, f"{station.name} 的 {count} 条已一起作废，原话都留着。")
    return redirect("requests")
