"""What a person sees of their own month: each touch that the county has, and what keeps the list from being whole."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils import timezone

from server_broker.fleet.models import Station
from server_broker.ingest.held import held_facts
from server_broker.months.month_source import REQUESTS_SHOWN
from server_broker.people.models import Person
from server_broker.public.own_requests import OneRequest, own_requests
from server_broker.requests.kinds import AWAY, KINDS, kind_words
from server_broker.requests.models import Answer, Outcome, Request
from server_broker.requests.reading import OPEN, RequestRow, request_rows, requests_of
from server_broker.requests.words import CODE_WORDS, span_words
from server_broker.today.own_month import OneDay, OwnMonth, own_month
from server_broker.today.own_sheet import OwnSheet, own_months, own_sheet

_REQUEST_STATES = {
    "open": "… 等镇办答复",
    "accepted": "✓ 镇办同意",
    "refused": "× 镇办没同意",
    "withdrawn": "已撤回",
}
_KINDS = {"objection": "打卡不对", "correction": "少打的卡"}
"""As the kiosk says them."""
MOST_REQUESTS = 20
MOST_LOOKS = 50
_SHOWN_BACK = 2
"""Months before this one."""


@dataclass(frozen=True, slots=True)
class OneLook:
    """Somebody saw the person's identity or mobile number: which, when, of which office, and why."""

    word: str
    at: dt.datetime
    office: str
    reason: str


@dataclass(frozen=True, slots=True)
class Month:
    """A month of one person. ``notes`` are sentences about the stations of the person's village."""

    own: OwnMonth
    sheet: OwnSheet
    """What its windows came to so far."""
    before: list[OwnSheet]
    """The months before it that are shown now."""
    months: list[dt.date]
    """The first dates of all months before it, the latest first."""
    notes: list[str]
    requests: list[OneRequest]
    """Those of the county and then those of kiosks, each the newest first."""
    numbers_seen: list[OneLook]
    """Who had a number of the person shown in full, the newest first."""

    @property
    def days(self) -> list[OneDay]:
        """The days until today, the latest first."""
        return self.own.days

    @property
    def count(self) -> int:
        """How many touches it has."""
        return self.own.count


def month_of(person: Person, now: dt.datetime) -> Month:
    """Return the present month of a person, by the county's calendar."""
    own, requests = own_month(person, now), asked_lately(person, now)
    days = {one.day: one for one in (*own.days, *own.ahead)}
    for request in requests:
        if request.day in days:
            days[request.day].asked.append(f"{request.what}：{request.state}")
    months = own_months(person, now)
    return Month(
        own=own,
        sheet=own_sheet(person, f"{own.first:%Y-%m}", now),
        before=[sheet for sheet in _near(person, months, now) if sheet.shown_until is not None],
        months=months,
        notes=_notes(person, now),
        requests=requests,
        numbers_seen=_looks(person),
    )


def _near(person: Person, months: Sequence[dt.date], now: dt.datetime) -> Iterable[OwnSheet]:
    """Return the months that may be shown now: one is, soon after it has ended."""
    return (own_sheet(person, f"{one:%Y-%m}", now) for one in months[:_SHOWN_BACK])


def _looks(person: Person) -> list[OneLook]:
    newest = person.numbers_seen.order_by("-at")[:MOST_LOOKS]
    return [OneLook(one.get_kind_display(), one.at, one.office, one.reason) for one in newest]


def asked_lately(person: Person, now: dt.datetime) -> list[OneRequest]:
    """Return what a person asked for in the county and at kiosks."""
    lately = requests_of([person]).filter(received_at__gte=now - REQUESTS_SHOWN).order_by("-received_at", "-seq")
    at_kiosks = [_asked(row) for row in request_rows(lately[:MOST_REQUESTS]) if row.person == person]
    return own_requests(person, now - REQUESTS_SHOWN, most=MOST_REQUESTS) + at_kiosks


def _asked(row: RequestRow) -> OneRequest:
    stands = row.answer if row.answer is not None and row.state == row.answer.outcome else None
    notes = []
    if row.too_late is not None:
        begun = row.state == Outcome.ACCEPTED and row.request.kind in AWAY
        notes.append(
            "您撤回时已经开始，撤回不算；提前回来请办销假。" if begun else "您后来撤回过，答复在先，以答复为准。"
        )
    if row.state == "accepted" and row.request.kind in _KINDS:
        notes.append("同意只是答复，考勤还没改，镇办另外办。")
    return OneRequest(
        number=row.request.number,
        what=_wish(row.request),
        state=_state(row, stands),
        answer=stands.text if stands is not None else "",
        answered_at=stands.at if stands is not None else None,
        notes=notes,
        day=None if row.request.begin_at is None else timezone.localdate(row.request.begin_at),
    )


def _state(row: RequestRow, stands: Answer | None) -> str:
    """Return how far it is; of what somebody decides with the office that did."""
    if row.request.kind in AWAY and row.state == OPEN:
        return "… 等答复"
    if stands is not None and stands.office:
        return f"{'✓ 同意' if row.state == Outcome.ACCEPTED else '× 没同意'}（{stands.office}）"
    return _REQUEST_STATES.get(row.state, row.state)


def _wish(asked: Request) -> str:
    """Return what was asked for: the day, the touch or the window, and what is wrong or missing."""
    if asked.kind in KINDS and asked.kind not in _KINDS:
        when = f"{span_words(asked.begin_at, asked.end_at)} " if asked.begin_at and asked.end_at else ""
        return f"{when}{kind_words(asked.kind, asked.code)}"
    kind, code = _KINDS.get(asked.kind, asked.kind), CODE_WORDS.get(asked.code, asked.code)
    what = f"{kind}：{code}" if code else kind
    if asked.begin_at is None:
        return what
    begin = timezone.localtime(asked.begin_at)
    when = f"{begin.month}月{begin.day}日"
    if asked.kind == "objection":
        when += f" {begin:%H:%M}"
    elif asked.end_at is not None:
        when += f" {begin:%H:%M} 至 {timezone.localtime(asked.end_at):%H:%M} 的班"
    return f"{when} {what}"


def _notes(person: Person, now: dt.datetime) -> list[str]:
    notes = []
    for station in Station.objects.filter(village=person.village_id, revoked_at=None).select_related("status"):
        status = getattr(station, "status", None)
        if status is None or station.enrolled_at is None:
            continue
        if not status.online:
            heard = status.heard_at or status.changed_at
            since = f"{timezone.localtime(heard):%m月%d日 %H:%M} 起" if heard else ""
            notes.append(f"{station.name}{since}没有连上县里。这以后的打卡还没送到，不算缺卡。")
        held = held_facts().filter(stream__station=station, write_off=None).count()
        if held:
            notes.append(f"{station.name}有 {held} 条记录待审，其中可能有您的打卡。")
    return notes
