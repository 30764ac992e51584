"""Announce a meeting, change one, cancel one. What is refused is shown again as it was typed."""

import re
from collections.abc import Sequence

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from protocol.meetings import MAX_EXPECTED
from server_broker.accounts.own_affairs import OwnAffair
from server_broker.accounts.powers import Power, account_of, needs
from server_broker.accounts.scope import regions_of
from server_broker.bundles.files import BundleFolder
from server_broker.console import parameters
from server_broker.console.meeting_changes import Changed, changed, people_in
from server_broker.console.meeting_forms import (
    Filled,
    PaperKey,
    Stays,
    empty_form,
    form_of,
    put_back,
    stays_of,
    terms_of,
    typed,
)
from server_broker.console.meeting_words import OUTSIDE
from server_broker.console.post_only import post_only
from server_broker.console.queries import bundles_of, meetings_of, people_of, posts_of, stations_of, units_of
from server_broker.fleet.models import Station
from server_broker.meetings.announcing import announce, cancel, change, standing_record
from server_broker.meetings.expected import Chosen, people_for
from server_broker.meetings.fixed import fixed_of
from server_broker.meetings.kinds import OF_BRANCHES, asked_of_kinds
from server_broker.meetings.models import Kind, Meeting, MeetingRecord, Rule
from server_broker.meetings.papers import papers_offered
from server_broker.meetings.reading import history_of
from server_broker.meetings.refused import ChangedMeanwhile, MeetingRefused
from server_broker.people.models import Person, PersonType, Unit, UnitKind
from server_broker.people.naming import Named, named_by
from server_broker.regions.models import Region, region_chain, subtree_prefix

_MOST_CHOICES = 400
_MOST_PEOPLE = MAX_EXPECTED
_LONGEST_KEY = 18
_LONGEST_NAMES, _MOST_NAMES = 400, 50
_BETWEEN_NAMES = re.compile(r"[\s、,，;；]+")
_LIST = "list"
"""The button that lists people and stores nothing: whatever was typed stays."""
_UNIT, _REGION = "u", "r"


def _for_whom(request: HttpRequest, value: str) -> tuple[Region, Unit | None] | None:
    """Return whose meeting it is by ``u12`` or ``r990101001001``, if the viewer sees it and it has not ended."""
    kind, key = value[:1], value[1:]
    if kind == _UNIT and _is_key(key):
        unit = units_of(request.user).filter(pk=int(key), ended=False).select_related("region").first()
        return (unit.region, unit) if unit is not None else None
    region = regions_of(request.user).filter(pk=key, ended=False).first() if kind == _REGION else None
    return (region, None) if region is not None else None


@require_safe
@needs(Power.HOLD_MEETINGS)
def meeting_new(request: HttpRequest) -> HttpResponse:
    """Choose whose meeting it is and who is meant, and fill in the rest."""
    value = parameters.text(request.GET, "of", longest=20)
    found = _for_whom(request, value)
    kind = parameters.choice(request.GET, "kind", tuple(Kind.values))
    if found is None:
        context = {"section": "meetings", "kind": kind, **_choices(request)}
        return render(request, "console/meeting_new.html", context)
    region, unit = found
    now = timezone.now()
    picks = request.GET.getlist("pick") or _first_picks(unit, kind)
    people = list(people_for(region, _chosen(request, picks, region), now)[: _MOST_PEOPLE + 1])
    own = [station.pk for station in _stations(request, region) if station.village_id == region.pk]
    filled = empty_form(kind, asked_of_kinds(now)[kind], [person.pk for person in people], own[:1])
    return _form(request, region, unit, filled, people, picks=picks, of=value)


def _is_key(value: str) -> bool:
    return value.isascii() and value.isdecimal() and len(value) <= _LONGEST_KEY


def _choices(request: HttpRequest) -> dict[str, object]:
    units = units_of(request.user).filter(ended=False).select_related("region").order_by("region", "name")
    return {
        "branches": list(units.filter(kind=UnitKind.BRANCH)[:_MOST_CHOICES]),
        "regions": list(regions_of(request.user).filter(ended=False)[:_MOST_CHOICES]),
        "kinds": Kind.choices,
    }


def _first_picks(unit: Unit | None, kind: str) -> list[str]:
    """Return whom a meeting is most often for: the branch, and for a congress of its members all of these."""
    if unit is not None:
        return [f"{_UNIT}{unit.pk}", *(["t" + PersonType.MEMBER] if kind in OF_BRANCHES else [])]
    return ["t" + PersonType.CADRE]


def _chosen(request: HttpRequest, picks: Sequence[str], region: Region) -> Chosen:
    keys = {sign: [int(one[1:]) for one in picks if one[:1] == sign and _is_key(one[1:])] for sign in "up"}
    units = units_of(request.user).filter(pk__in=keys["u"]).values_list("pk", flat=True)
    posts = posts_of(request.user).filter(pk__in=keys["p"]).values_list("pk", flat=True)
    named = _named(request, region)
    return Chosen(
        units=list(units),
        posts=list(posts),
        types=[one[1:] for one in picks if one[:1] == "t"],
        people=[person.pk for person in named.people],
    )


def _names(request: HttpRequest) -> str:
    return parameters.text(request.POST or request.GET, "names", longest=_LONGEST_NAMES)


def _named(request: HttpRequest, region: Region) -> Named:
    """Return whom the names and numbers mean that were typed, among the region's people whom the viewer sees."""
    words = _BETWEEN_NAMES.split(_names(request))
    here = people_of(request.user).filter(village__code__startswith=subtree_prefix(region.pk))
    return named_by(here, [word for word in words if word][:_MOST_NAMES])


def _stations(request: HttpRequest, region: Region) -> list[Station]:
    """Return the stations of a region and of its township at which its people may sign in."""
    around = region_chain(region.pk)[1:] or [region.pk]
    rows = stations_of(request.user).filter(village__code__startswith=subtree_prefix(around[0]), revoked_at=None)
    return list(rows.select_related("village").order_by("village", "pk")[:_MOST_CHOICES])


def _papers(request: HttpRequest, region: Region, row: MeetingRecord | None) -> dict[PaperKey, str]:
    """Return the documents that may be named: those on the region's shelves, and those that are named already."""
    seen = bundles_of(request.user).touching(region.pk)
    offered = papers_offered(seen, BundleFolder(settings.HOME.bundles), timezone.now())
    found = {f"{bundle}|{document}": title for (bundle, document), title in offered.items()}
    return {f"{bundle}|{document}": title for bundle, document, title in (row.papers if row else [])} | found


def _form(
    request: HttpRequest,
    region: Region,
    unit: Unit | None,
    filled: Filled,
    people: Sequence[Person],
    *,
    meeting: Meeting | None = None,
    row: MeetingRecord | None = None,
    picks: Sequence[str] = (),
    of: str = "",
    wrong: str = "",
    news: Sequence[Changed] = (),
) -> HttpResponse:
    stays = Stays()
    if meeting is not None and row is not None:
        chair = next((one.name for one in people if one.pk == row.chair), OUTSIDE)
        stays = stays_of(fixed_of(meeting, timezone.now()), row, account_of(request).person_id, chair)
        put_back(filled, stays, row)
    units = units_of(request.user).filter(region__code__startswith=subtree_prefix(region.pk), ended=False)
    context = {
        "section": "meetings",
        "region": region,
        "unit": unit,
        "of": of,
        "filled": filled,
        "people": people[:_MOST_PEOPLE],
        "left_out": _MOST_PEOPLE if len(people) > _MOST_PEOPLE else 0,
        "picks": picks,
        "names": _names(request),
        "names_wrong": _named(request, region).wrong,
        "units": list(units.select_related("region")[:_MOST_CHOICES]),
        "posts": list(posts_of(request.user).filter(unit__in=units)[:_MOST_CHOICES]),
        "types": PersonType.choices,
        "stations": _stations(request, region),
        "papers": _papers(request, region, row).items(),
        "kinds": Kind.choices,
        "rules": Rule.choices,
        "meeting": meeting,
        "row": row,
        "stays": stays,
        "wrong": wrong,
        "news": news,
    }
    return render(request, "console/meeting_form.html", context, status=422 if wrong else 200)


@post_only("meeting-new")
@needs(Power.HOLD_MEETINGS)
def meeting_add(request: HttpRequest) -> HttpResponse:
    """Announce a meeting."""
    value = parameters.text(request.POST, "of", longest=20)
    found = _for_whom(request, value)
    if found is None:
        raise Http404
    region, unit = found
    filled, now = typed(request.POST), timezone.now()
    people = _people_in(request, region, request.POST.getlist("listed"))
    picks = request.POST.getlist("pick")
    if _LIST in request.POST:
        people = _listed(request, region, filled, people, picks)
        return _form(request, region, unit, filled, people, picks=picks, of=value)
    try:
        _refuse_other_stations(request, filled, ())
        terms = terms_of(filled, [person.pk for person in people], _papers(request, region, None))
        made = announce(region, unit, terms, actor=request.user.get_username(), now=now)
    except MeetingRefused as refused:
        return _form(request, region, unit, filled, people, picks=picks, of=value, wrong=str(refused))
    messages.success(request, "会议通知已发，站点联网后就能看到。")
    return redirect("meeting", made.pk)


def _listed(
    request: HttpRequest, region: Region, filled: Filled, before: Sequence[Person], picks: Sequence[str]
) -> list[Person]:
    """Return whom the form means now. Who was not listed before is expected, and votes where the meeting is new."""
    chosen = list(people_for(region, _chosen(request, picks, region), timezone.now())[: _MOST_PEOPLE + 1])
    added = {person.pk for person in chosen} - {person.pk for person in before}
    filled.expected |= added
    filled.voters |= added
    return chosen


def _people_in(request: HttpRequest, region: Region, listed: Sequence[str]) -> list[Person]:
    """Return those of the people listed whom the viewer sees in the region, in the order of lists."""
    keys = [int(one) for one in listed[: 2 * _MOST_PEOPLE] if _is_key(one)]
    here = people_of(request.user).filter(pk__in=keys, village__code__startswith=subtree_prefix(region.pk))
    return list(here.select_related("village").order_by("village", "number"))


def _refuse_other_stations(request: HttpRequest, filled: Filled, stood: Sequence[str]) -> None:
    seen = set(stations_of(request.user).filter(pk__in=filled.stations).values_list("pk", flat=True))
    if filled.stations - seen - set(stood):
        raise MeetingRefused("请选在哪个站点签到")


@require_safe
@needs(Power.HOLD_MEETINGS)
def meeting_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is announced of a meeting as a form."""
    meeting = get_object_or_404(meetings_of(request.user), pk=pk)
    row = standing_record(meeting)
    picks = request.GET.getlist("pick")
    chosen = people_for(meeting.region, _chosen(request, picks, meeting.region), timezone.now())[: _MOST_PEOPLE + 1]
    people = [*_visible(request, row), *chosen]
    people = sorted({person.pk: person for person in people}.values(), key=lambda one: (one.village_id, one.number))
    filled = form_of(row)
    filled.expected |= {person.pk for person in chosen}
    return _form(request, meeting.region, meeting.unit, filled, people, meeting=meeting, row=row, picks=picks)


def _visible(request: HttpRequest, row: MeetingRecord) -> list[Person]:
    return list(people_of(request.user).filter(pk__in=row.expected).select_related("village"))


@post_only("meeting", "pk")
@needs(Power.HOLD_MEETINGS)
def meeting_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is announced, with a reason."""
    meeting = get_object_or_404(meetings_of(request.user), pk=pk)
    row = standing_record(meeting)
    filled = typed(request.POST)
    seen = [*_people_in(request, meeting.region, request.POST.getlist("listed")), *_visible(request, row)]
    picks, is_listing = request.POST.getlist("pick"), _LIST in request.POST
    if is_listing:
        voters = set(filled.voters)
        seen += _listed(request, meeting.region, filled, seen, picks)
        # Whoever is added later votes only if somebody says so.
        filled.voters = voters
    people = sorted({person.pk: person for person in seen}.values(), key=lambda one: (one.village_id, one.number))
    # Whom the officer does not see, because they have moved away, stay as they are.
    unseen = [key for key in row.expected if key not in {person.pk for person in people}]
    filled.expected |= set(unseen)
    filled.voters |= set(unseen) & set(row.voters)
    place = (meeting.region, meeting.unit)
    if is_listing:
        # The form is made from the row of now: whoever reads it is told what is other than before.
        news = _news(request, meeting) if _made_from(request) not in (None, row.pk) else []
        return _form(request, *place, filled, people, meeting=meeting, row=row, picks=picks, news=news)
    try:
        _refuse_other_stations(request, filled, row.stations)
        papers = _papers(request, meeting.region, row)
        stood = {item: tuple(options) for item, _, options in row.agenda}
        ever = {item for old in history_of(meeting) for item, _, _ in old.agenda}
        terms = terms_of(filled, [*(person.pk for person in people), *unseen], papers, ever, stood)
        reason = parameters.prose(request.POST, "reason", longest=200)
        actor, made_from = account_of(request).username, _made_from(request)
        change(meeting, terms, actor=actor, reason=reason, now=timezone.now(), made_from=made_from)
    except (MeetingRefused, OwnAffair) as refused:
        news = _news(request, meeting) if isinstance(refused, ChangedMeanwhile) else []
        wrong = str(refused).rstrip("。")
        return _form(request, *place, filled, people, meeting=meeting, row=row, wrong=wrong, news=news)
    messages.success(request, "会议已改，站点联网后就能看到。")
    return redirect("meeting", pk)


def _made_from(request: HttpRequest) -> int | None:
    """Return the key of the row that the form showed."""
    key = request.POST.get("made_from", "")
    return int(key) if _is_key(key) else None


def _news(request: HttpRequest, meeting: Meeting) -> list[Changed]:
    """Return what was changed since the row that the form showed, the newest first."""
    history, shown = list(history_of(meeting)), _made_from(request)
    since = next((place for place, row in enumerate(history) if row.pk == shown), 0)
    people = people_of(request.user).filter(pk__in=people_in(history))
    return changed(history[since:], {person.pk: person for person in people})


@post_only("meeting", "pk")
@needs(Power.HOLD_MEETINGS)
def meeting_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Cancel a meeting, with a reason."""
    meeting = get_object_or_404(meetings_of(request.user), pk=pk)
    reason = parameters.prose(request.POST, "reason", longest=200)
    try:
        cancel(meeting, actor=account_of(request).username, reason=reason, now=timezone.now())
    except (MeetingRefused, OwnAffair) as refused:
        messages.error(request, f"没有取消：{str(refused).rstrip('。')}。")
    else:
        messages.success(request, "会议已取消，站点联网后就能看到。")
    return redirect("meeting", pk)
