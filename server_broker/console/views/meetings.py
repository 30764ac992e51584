"""会议: the meetings of a month, and one meeting with who came, its votes, minutes and papers."""

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, account_of, may, needs
from server_broker.accounts.scope import Viewer, regions_of
from server_broker.audit.log import record
from server_broker.console import parameters
from server_broker.console.downloads import xlsx
from server_broker.console.meeting_changes import changed, people_in
from server_broker.console.meeting_words import (
    OUTSIDE,
    VOUCHING,
    WRITTEN_AFTER,
    counts,
    kind_word,
    phase,
    quorum_sentence,
    state_word,
    wrong_words,
)
from server_broker.console.queries import bundles_of, meetings_of, people_of
from server_broker.console.words import Word
from server_broker.dated.days import begin_of
from server_broker.fleet.models import Station
from server_broker.meetings.announcing import NOT_BY_THOSE_EXPECTED
from server_broker.meetings.fixed import fixed_of
from server_broker.meetings.kinds import quorum_words
from server_broker.meetings.models import Kind, Meeting, MeetingRecord, MeetingStep
from server_broker.meetings.month_table import month_of
from server_broker.meetings.reading import Look, history_of, looks, minutes_of, stated
from server_broker.meetings.recording import MOST_LETTERS
from server_broker.meetings.signing import Standing, words_judged
from server_broker.meetings.votes import Vote, Voted, votes_of
from server_broker.people.models import Person
from server_broker.regions.models import Region, subtree_prefix
from server_broker.sheets.writing import free_workbook

_A_PAGE = 50
_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])", re.ASCII)
_DAY = dt.timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Attendee:
    """One of those expected, as the page shows them."""

    person: Person | None
    """None: the viewer does not see them."""
    name: str
    village: str
    number: str
    votes: bool
    leads: bool
    standing: Standing
    word: Word
    voucher: str

    @property
    def excuse(self) -> str:
        """What the person was away for though they came."""
        return "本来请了假" if self.standing.away and self.standing.at is not None else ""


def month_asked(request: HttpRequest) -> dt.date:
    """Return the first day of ``?month=``, or of the present month."""
    asked = request.GET.get("month", "")
    return dt.date.fromisoformat(f"{asked}-01") if _MONTH.fullmatch(asked) else timezone.localdate().replace(day=1)


def around(first: dt.date) -> dict[str, object]:
    """Return what a page of a month shows of it: its first day, and the months beside it."""
    return {
        "first": first,
        "before": f"{first - _DAY:%Y-%m}",
        "after": f"{month_of(first, 1)[1] + _DAY:%Y-%m}",
        "is_now": first == timezone.localdate().replace(day=1),
    }


def place_asked(request: HttpRequest, user: Viewer) -> tuple[list[Region], Region | None]:
    """Return the regions that the viewer may choose from, and the one of ``?place=``; None: all of them."""
    places = list(regions_of(user))
    asked = parameters.text(request.GET, "place", longest=12)
    return places, next((one for one in places if one.pk == asked), None)


@require_safe
@needs(Power.SEE_MEETINGS)
def meetings(request: HttpRequest) -> HttpResponse:
    """Show the meetings of a month in the viewer's regions, or in one of them."""
    first = month_asked(request)
    after = month_of(first, 1)[1] + _DAY
    places, place = place_asked(request, request.user)
    kind = parameters.choice(request.GET, "kind", ("", *Kind.values))
    rows = MeetingRecord.objects.known().filter(
        subject__in=meetings_of(request.user), begin__gte=begin_of(first), begin__lt=begin_of(after)
    )
    if place is not None:
        rows = rows.filter(subject__region__code__startswith=subtree_prefix(place.pk))
    if kind:
        rows = rows.filter(kind=kind)
    rows = rows.select_related("subject__region", "subject__unit").order_by("begin", "pk")
    page = parameters.page_of(request, rows, size=_A_PAGE)
    now = timezone.now()
    shown = [(look, kind_word(look.row.kind), phase(look, now), counts(look)) for look in looks(page, now)]
    context = {
        "section": "meetings",
        **around(first),
        "places": places,
        "place": place,
        "kinds": Kind.choices,
        "kind": kind,
        "page": page,
        "found": [
            (look, word, state, found, quorum_sentence(look.quorum, now)[0]) for look, word, state, found in shown
        ],
        "may_hold": may(request.user, Power.HOLD_MEETINGS),
    }
    return render(request, "console/meetings.html", context)


def look_of(request: HttpRequest, pk: int) -> Look:
    """Return a meeting of the viewer's regions as it stands now, or 404."""
    found = get_object_or_404(meetings_of(request.user), pk=pk)
    rows = MeetingRecord.objects.known().filter(subject=found).select_related("subject__region", "subject__unit")
    [look] = looks(rows, timezone.now())
    return look


@require_safe
@needs(Power.SEE_MEETINGS)
def meeting(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one meeting: who is expected and who came, the quorum, votes, minutes, papers, and how it was changed."""
    look, now = look_of(request, pk), timezone.now()
    history = history_of(look.meeting)
    names = names_for(request.user, look, people_in(history))
    minutes = minutes_of(look.meeting)
    user = request.user
    context = {
        "section": "meetings",
        "look": look,
        "row": look.row,
        "kind": kind_word(look.row.kind),
        "phase": phase(look, now),
        "written_after": WRITTEN_AFTER if look.announced_at > look.row.begin else None,
        "stations": list(Station.objects.filter(pk__in=look.row.stations).select_related("village")),
        "counts": counts(look),
        "attendees": attendees(look, names),
        "quorum": quorum_sentence(look.quorum, now),
        "rule": quorum_words(look.row.rule, look.row.numerator, look.row.denominator),
        "agenda": look.row.agenda,
        "votes": [_shown_vote(look.meeting, one, names, now) for one in votes_of(look)],
        "steps": _steps(look, names),
        "words": [
            (one.at, name_of(names, one.person), name_of(names, one.by), VOUCHING[word])
            for one, word in sorted(
                words_judged(look.plan, look.vouched), key=lambda judged: judged[0].at or look.row.end
            )
        ],
        "papers": _papers(user, look, now),
        "minutes": minutes[-1] if minutes else None,
        "versions": minutes[:-1][::-1],
        "most_letters": MOST_LETTERS,
        "history": changed(history, names),
        "announced": history[0],
        "is_over": now >= look.row.end,
        "has_begun": now >= look.row.begin,
        "not_to_cancel": _not_to_cancel(account_of(request).person_id, look, now),
        "may_hold": may(user, Power.HOLD_MEETINGS),
        "elsewhere": elsewhere(user, look) if may(user, Power.ENTER_REQUESTS) and now < look.row.end else [],
        "now": timezone.localtime(now),
    }
    return render(request, "console/meeting.html", context)


def _not_to_cancel(viewer: int | None, look: Look, now: dt.datetime) -> str:
    """Return why a viewer (key of a person) can't cancel a meeting that could still be cancelled; empty if they can."""
    expected = viewer in look.row.expected
    return NOT_BY_THOSE_EXPECTED if expected and fixed_of(look.meeting, now).has_begun else ""


def names_for(user: Viewer, look: Look, more: Iterable[int] = ()) -> dict[int, Person]:
    """Return the people of a meeting whom the viewer sees, and ``more``, by key."""
    keys = {*more, *look.plan.expected, *(one.by for one in look.vouched), *(one.person for one in look.vouched)}
    return people_of(user).select_related("village").in_bulk(keys)


def attendees(look: Look, names: dict[int, Person]) -> list[Attendee]:
    """Return those expected for a page, in their order."""
    return [
        Attendee(
            person=names.get(one.person),
            name=name_of(names, one.person),
            village=names[one.person].village.name if one.person in names else "",
            number=names[one.person].number if one.person in names else "",
            votes=one.person in look.plan.voters,
            leads=one.person == look.plan.chair,
            standing=one,
            word=state_word(one),
            voucher=name_of(names, one.vouched_by) if one.vouched_by is not None else "",
        )
        for one in look.standings
    ]


def name_of(names: dict[int, Person], key: int | None) -> str:
    """Return a name that the viewer may read."""
    return names[key].name if key in names else OUTSIDE


def elsewhere(user: Viewer, look: Look) -> list[Person]:
    """Return those expected whom a meeting takes to another village than their own, as far as the viewer sees them."""
    villages = Station.objects.filter(pk__in=look.row.stations).values_list("village", flat=True)
    here = people_of(user).filter(pk__in=look.plan.expected, left=False)
    return list(here.exclude(village__in=villages).order_by("number"))


def _shown_vote(meeting: Meeting, voted: Voted, names: dict[int, Person], now: dt.datetime) -> dict[str, object]:
    counts = [
        {
            "vote": one,
            "by": one.entered_by or (name_of(names, one.person) if one.person is not None else "认不出是谁"),
            "where": "县里填的" if one.entered_by else "站点上填的",
            "wrong": wrong_words(one.wrong),
            "quorum": _vote_quorum(one, now),
            "shown": list(zip(one.ballot.options, one.votes, strict=False)) or [("票", count) for count in one.votes],
        }
        for one in voted.counts
    ]
    return {"voted": voted, "holds": counts[-1] if counts else None, "earlier": counts[:-1][::-1]}


def _vote_quorum(vote: Vote, now: dt.datetime) -> tuple[Word, str] | None:
    return None if vote.quorum is None else quorum_sentence(vote.quorum, now)


def _steps(look: Look, names: dict[int, Person]) -> list[tuple[str, dt.datetime | None, str]]:
    """Return what the station says of the meeting's course: the first opening and the last end, and the items."""
    words = {"opened": "开会", "item": "议题", "sign_in_closed": "停止签到", "closed": "散会", "cancelled": "取消"}
    titles = {item: title for item, title, _ in look.row.agenda}
    found = []
    for one in stated(MeetingStep.objects.filter(meeting=look.meeting.code)):
        assert isinstance(one.row, MeetingStep)
        word = words.get(one.row.step, one.row.step)
        if one.row.step == "item":
            word = f"议题：{titles.get(one.row.item, one.row.item)}"
        by = "" if one.person == look.plan.chair else "（不是主持人按的）"
        found.append((f"{word}{by}", one.at, one.row.note))
    return found


def _papers(user: Viewer, look: Look, now: dt.datetime) -> list[tuple[str, int | None]]:
    """Return the title of each paper, with the key of the bundle that has it if it is still on shelves."""
    named = [bundle for bundle, _, _ in look.row.papers]
    found = dict(bundles_of(user).lasting(now).newest().filter(bundle__in=named).values_list("bundle", "pk"))
    return [(title, found.get(bundle)) for bundle, _, title in look.row.papers]


@require_safe
@needs(Power.SEE_MEETINGS)
def meeting_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the attendance sheet as it is printed."""
    look, now = look_of(request, pk), timezone.now()
    context = {
        "section": "meetings",
        "look": look,
        "row": look.row,
        "kind": kind_word(look.row.kind),
        "counts": counts(look),
        "attendees": attendees(look, names_for(request.user, look)),
        "quorum": quorum_sentence(look.quorum, now),
        "now": timezone.localtime(now),
    }
    return render(request, "console/meeting_sheet.html", context)


@require_safe
@needs(Power.SEE_MEETINGS)
def meeting_export(request: HttpRequest, pk: int) -> HttpResponse:
    """Respond with the attendance sheet as an Excel file. Who took it along is on record."""
    look, now = look_of(request, pk), timezone.now()
    head = ("序号", "姓名", "编号", "村", "表决权", "情况", "签到时间", "说明")
    rows = [
        (
            str(number),
            one.name,
            one.number,
            one.village,
            "有" if one.votes else "",
            one.word.word,
            f"{timezone.localtime(one.standing.at):%H:%M}" if one.standing.at is not None else "",
            f"{one.voucher} 作证" if one.voucher else one.excuse,
        )
        for number, one in enumerate(attendees(look, names_for(request.user, look)), 1)
    ]
    row = look.row
    reached, sentence = quorum_sentence(look.quorum, now)
    notes = [
        *(["已取消"] if row.cancelled else []),
        f"{kind_word(row.kind)}：{row.title}",
        f"{timezone.localtime(row.begin):%Y-%m-%d %H:%M} 至 {timezone.localtime(row.end):%H:%M}，{row.place}",
        "，".join(f"{word} {number} 人{f'（{note}）' if note else ''}" for word, number, note in counts(look)),
        f"{reached.word}：{sentence}",
        f"{timezone.localtime(now):%Y-%m-%d %H:%M} 导出，以后补到的数据不在里面",
    ]
    record(request.user.get_username(), "meeting.sheet_taken", look.meeting.code)
    return xlsx(
        free_workbook({"签到": [head, *rows]}, notes), f"会议签到 {timezone.localtime(row.begin):%Y-%m-%d}.xlsx"
    )
