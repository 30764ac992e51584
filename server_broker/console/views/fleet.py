"""站点: the stations in the viewer's scope, each with its last report."""

from dataclasses import dataclass

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce, Concat, Substr
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, may, needs
from server_broker.accounts.scope import Viewer
from server_broker.console import parameters
from server_broker.console.first_hour import first_hour
from server_broker.console.polling import live_page
from server_broker.console.queries import stations_of, to_review_of
from server_broker.fleet.models import Alarm, Station
from server_broker.regions.models import TOWNSHIP_DIGITS, Region

PAGE_SIZE = 50
ALWAYS = ("all", "online", "offline", "alarms", "new")
"""Tabs that are shown even if no station is in that state."""
STATES = (*ALWAYS, "doubted")

# Each station is in exactly one of ONLINE, DOUBTED, OFFLINE and NEW, or it is revoked.
_LIVE = Q(revoked_at=None, enrolled_at__isnull=False)
_ONLINE = _LIVE & Q(status__online=True, status__doubted_at=None)
_DOUBTED = _LIVE & Q(status__online=True, status__doubted_at__isnull=False)
_OFFLINE = _LIVE & (Q(status__online=False) | Q(status=None))
_NEW = Q(enrolled_at=None, revoked_at=None)
_ALARMS = Q(open_alarms__gt=0)


@dataclass(frozen=True, slots=True)
class Tab:
    """A filter of the list, and how many stations it shows."""

    state: str
    word: str
    count: int


@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """Show the first page of the viewer's role: the audit log, what needs somebody, or the stations."""
    if request.user.is_authenticated and may(request.user, Power.READ_AUDIT):
        return redirect("audit")
    # Whoever sends commands to stations is here to mend them, once there are some. A filter is one of the stations.
    if request.user.is_authenticated and may(request.user, Power.COMMAND_STATION) and not request.GET:
        begins = first_hour(request.user, now=timezone.now())
        if begins is None or begins.is_done:
            return redirect("attention")
    return fleet(request)


@needs(Power.SEE_FLEET)
def fleet(request: HttpRequest) -> HttpResponse:
    """Show the list of stations. A poll gets only its live part."""
    state = parameters.choice(request.GET, "state", STATES)
    search = parameters.text(request.GET, "q")
    stations = listed(request.user)
    if search:
        stations = stations.filter(
            Q(id__icontains=search) | Q(name__icontains=search) | Q(village__name__icontains=search)
        )
    tabs, waiting = _tabs(stations)
    conditions = {"online": _ONLINE, "doubted": _DOUBTED, "offline": _OFFLINE, "alarms": _ALARMS, "new": _NEW}
    in_state = stations.filter(conditions[state]) if state in conditions else stations
    context = {
        "section": "fleet",
        "page": parameters.page_of(request, in_state, size=PAGE_SIZE),
        "tabs": [tab for tab in tabs if tab.count or tab.state in (state, *ALWAYS)],
        "waiting": waiting,
        "to_review": to_review_of(request.user).count(),
        "state": state,
        "search": search,
        "first_hour": first_hour(request.user, now=timezone.now()),
    }
    return live_page(request, "fleet", context)


def listed(user: Viewer) -> QuerySet[Station]:
    """Return the viewer's stations, each with everything that its row shows, in one query."""
    # A region has no parent column: a township's code is its villages' code with the last digits set to zero.
    township = Region.objects.filter(
        code=Concat(Substr(OuterRef("village_id"), 1, TOWNSHIP_DIGITS), Value("0" * (12 - TOWNSHIP_DIGITS)))
    )
    alarms = Alarm.objects.filter(station=OuterRef("pk"), resolved_at=None, acknowledged_at=None).order_by()
    # Counted in a subquery: a JOIN to the alarms would multiply the rows, and with them the counts of the tabs.
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


def _tabs(stations: QuerySet[Station]) -> tuple[list[Tab], int]:
    """Return the tabs with their counts, and how many facts wait at these stations. All come from one query."""
    counts = stations.order_by().aggregate(
        all=Count("pk"),
        online=Count("pk", filter=_ONLINE),
        doubted=Count("pk", filter=_DOUBTED),
        offline=Count("pk", filter=_OFFLINE),
        alarms=Count("pk", filter=_ALARMS),
        new=Count("pk", filter=_NEW),
        waiting=Coalesce(Sum("status__waiting"), 0),
    )
    words = ("全部", "在线", "离线", "有告警", "未接入", "待确认")
    tabs = [Tab(state, word, counts[state]) for state, word in zip(STATES, words, strict=True)]
    return tabs, counts["waiting"]
