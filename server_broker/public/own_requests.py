"""A person's requests of the county in the words of their telephone, with the office that decided."""

import datetime as dt
from dataclasses import dataclass, field

from django.db.models import Q
from django.utils import timezone

from server_broker.people.models import Person
from server_broker.requests.cases import Case, cases_here, of_county
from server_broker.requests.kinds import BACK, SWAP, done_words
from server_broker.requests.models import Mark
from server_broker.requests.ranks import Rank
from server_broker.requests.words import span_words

_STATES = {
    "open": "… 等答复",
    "second": "… 一个人已同意，还要镇办另一个人同意",
    "partner": "… 等对方答应",
    "accepted": "✓ 同意",
    "refused": "× 没同意",
    "withdrawn": "已撤回",
}
_WHO = {Rank.VILLAGE: "村书记", Rank.TOWNSHIP: "镇办", Rank.COUNTY: "县里"}


@dataclass(frozen=True, slots=True)
class OneRequest:
    """What the person asked for, how far it is, and what was said to it."""

    number: str
    what: str
    state: str
    answer: str
    answered_at: dt.datetime | None
    notes: list[str] = field(default_factory=list)
    day: dt.date | None = None
    """The first date that it is about."""
    page: int | None = None
    """By which its own page is found; None: it was made at a kiosk and has none."""


def own_requests(person: Person, since: dt.datetime, *, most: int) -> list[OneRequest]:
    """Return what was asked in the county by or for a person since a moment, and swaps asked of them; newest first."""
    found = of_county().filter(_own(person), asked_at__gte=since).order_by("-asked_at", "-pk")
    return [one_of(case, person) for case in cases_here(found[:most])]


def own_case(person: Person, pk: int) -> Case | None:
    """Return a request of a person's own, or a swap that was asked of them; None: there is no such one of theirs."""
    found = cases_here(of_county().filter(_own(person), pk=pk))
    return found[0] if found else None


def _own(person: Person) -> Q:
    return Q(person=person) | Q(substitute=person, withdrawn_at=None)


def one_of(case: Case, person: Person) -> OneRequest:
    """Return a request in words. Of the other person of a swap it says the name, because the two know one another."""
    here, answer = case.here, case.answer
    assert here is not None
    when = ""
    if here.begin_at is not None and here.end_at is not None:
        when = f"{span_words(here.begin_at, here.end_at)} "
    state = _STATES.get(case.state, case.state)
    if case.state == "open" and here.needed:
        state = f"… 等{_WHO.get(Rank(here.needed), '')}答复"
    if case.state in ("accepted", "refused") and (done := done_words(here.kind, case.state)):
        state = f"{'✓' if case.state == 'accepted' else '×'} {done}"
    notes = []
    if case.is_late:
        notes.append("补报：开始以后才提的。")
    if case.asked_by:
        notes.append("由镇村代您提的。不是您的意思，请撤回。" if case.is_waiting else "由镇村代您提的。")
    if here.kind == BACK and case.asked_by:
        notes.append(f"{case.asked_by} 替您销的假。不是您的意思，请问{_WHO[Rank.TOWNSHIP]}。")
    if here.withdrawn_at is not None and here.withdrawn_why:
        at = f"{timezone.localtime(here.withdrawn_at):%m月%d日 %H:%M}"
        notes.append(f"{at} {here.withdrawn_by} 替您撤回的，理由：{here.withdrawn_why}")
    if here.mark:
        at = f"{timezone.localtime(here.mark_at):%H:%M}" if here.mark_at is not None else "没有到"
        notes.append(f"{Mark(here.mark).label}：{at}")
    if here.kind == SWAP and here.substitute is not None:
        mine = here.person_id == person.pk
        notes.append(f"换给{here.substitute.name}" if mine else f"{here.person.name}想换给您")
        if here.agreed_by:
            word = "答应" if here.agrees else "没答应"
            whose = "对方" if mine else "您"
            notes.append(f"{whose}{word}，是 {here.agreed_by} 记的。")
    if here.note and here.person_id == person.pk:
        notes.append(f"说明：{here.note}")
    said = answer if case.state in ("accepted", "refused", "second") else None
    return OneRequest(
        number=here.number,
        what=f"{when}{case.what}",
        state=f"{state}（{said.office}）" if said is not None and said.office else state,
        answer=said.text if said is not None else "",
        answered_at=said.at if said is not None else None,
        notes=notes,
        day=timezone.localdate(here.begin_at) if here.begin_at is not None else here.day,
        page=here.pk,
    )
