"""站点: every station of the viewer's part of the county, with what it said last."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Concat, Substr
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, may, needs
from server_broker.accounts.scope import Viewer
from server_broker.console import parameters
from server_broker.console.polling import live_page
from server_broker.console.queries import stations_of, to_review_of
from server_broker.fleet.models import Alarm, Station
from server_broker.regions.models import TOWNSHIP_DIGITS, Region

PAGE_SIZE = 50
ALWAYS = ("all", "online", "offline", "alarms", "new")
"""The tabs that are there also while no station is in that state."""
STATES = (*ALWAYS, "doubted")

_LIVE = Q(revoked_at=None, enrolled_at__isnull=False)
_ONLINE = _LIVE & Q(status__online=True, status__doubted_at=None)
_DOUBTED = _LIVE & Q(status__online=True, status__doubted_at__isnull=False)
_OFFLINE = _LIVE & (Q(status__online=False) | Q(status=None))
_NEW = Q(enrolled_at=None, revoked_at=None)


@dataclass(frozen=True, slots=True)
class Tab:
    """A filter of the list with how many stations it shows."""

    state: str
    word: str
    count: int


@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """Open the first page that the viewer's role has."""
    if request.user.is_authenticated and may(request.user, Power.READ_AUDIT):
        return redirect("audit")
    return fleet(request)


@needs(Power.SEE_FLEET)
def fleet(request: HttpRequest) -> HttpResponse:
    """Show the list; a poll gets its live part alone."""
    state = parameters.choice(request.GET, "state", STATES)
    search = parameters.text(request.GET, "q")
    stations = _found(listed(request.user), search)
    tabs, waiting = _tabs(stations)
    context = {
        "section": "home",
        "page": parameters.page_of(request, _in_state(stations, state), size=PAGE_SIZE),
        "tabs": [tab for tab in tabs if tab.count or tab.state in (state, *ALWAYS)],
        "waiting": waiting,
        "to_review": to_review_of(request.user).count(),
        "state": state,
        "search": search,
    }
    return live_page(request, "fleet", context)


def listed(user: Viewer) -> QuerySet[Station]:
    """Return the viewer's stations, each with all that a row shows, in one query."""
    township = Region.objects.filter(
        code=Concat(Substr(OuterRef("village_id"), 1, TOWNSHIP_DIGITS), Value("0" * (12 - TOWNSHIP_DIGITS)))
    )
    alarms = Alarm.objects.filter(station=OuterRef("pk"), resolved_at=None, acknowledged_at=None).order_by()
    counted = alarms.values("station").annotate(n=Count("pk")).values("n")
    return (
        stations_of(user)
        .select_related("village", "status")
        .annotate(
            township=Subquery(township.values("name")[:1]),
            open_alarms=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
        )
        .order_by("village_id", "id")
    )


def _found(stations: QuerySet[Station], search: str) -> QuerySet[Station]:
    if not search:
        return stations
    return stations.filter(Q(id__icontains=search) | Q(name__icontains=search) | Q(village__name__icontains=search))


def _in_state(stations: QuerySet[Any], state: str) -> QuerySet[Any]:
    if state == "alarms":
        return stations.filter(open_alarms__gt=0)
    conditions = {"online": _ONLINE, "doubted": _DOUBTED, "offline": _OFFLINE, "new": _NEW}
    return stations.filter(conditions[state]) if state in conditions else stations


def _tabs(stations: QuerySet[Station]) -> tuple[list[Tab], int]:
    counts = stations.order_by().aggregate(
        all=Count("pk"),
        online=Count("pk", filter=_ONLINE),
        doubted=Count("pk", filter=_DOUBTED),
        offline=Count("pk", filter=_OFFLINE),
        alarms=Count("pk", filter=Q(open_alarms__gt=0)),
        new=Count("pk", filter=_NEW),
        waiting=Coalesce(Sum("status__waiting"), 0),
    )
    words = ("全部", "在线", "离线", "有告警", "未接入", "待确认")
    tabs = [Tab(state, word, counts[state]) for state, word in zip(STATES, words, strict=True)]
    return tabs, counts["waiting"]
