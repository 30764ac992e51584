"""A person's page: posts, cards, windows and what is on file, from when to when, and who recorded it.

``?as_of=`` shows what the county knew at the end of that day.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from server_broker.accounts.powers import Power, may, needs
from server_broker.accounts.scope import regions_of
from server_broker.attendance.kept_people import why_kept
from server_broker.attendance.leaving import come_back, leave
from server_broker.attendance.moving import change_registration
from server_broker.attendance.timelines import card_lines, person_lines
from server_broker.console import parameters
from server_broker.console.deciding import KEPT, InputRefused, Proposal, asked_day, asked_moment, decide_on
from server_broker.console.duty_beside import DutyBeside
from server_broker.console.pin_words import ELSEWHERE, PIN_REFUSED, pin_lines
from server_broker.console.post_only import post_only
from server_broker.console.queries import cards_of, people_of, refused_pins_of, requests_of, stations_of, units_of
from server_broker.dated.days import end_of
from server_broker.people.cards import card_found, end_binding, report_lost, take_card
from server_broker.people.changes import PersonRefused
from server_broker.people.existence import gone_since, on_file_since
from server_broker.people.identity import REMEDY, identity_number_in
from server_broker.people.models import Card, Holding, HoldingState, Person, PersonType
from server_broker.people.naming import one_named
from server_broker.people.number_forms import WORDS
from server_broker.people.posts import change_holding, give_post
from server_broker.people.private_numbers import masks_of
from server_broker.pins.models import PinClaim
from server_broker.pins.voiding import void_set_since
from server_broker.requests.reading import RequestRow, request_rows
from server_broker.requests.reading import requests_of as asked_by
from server_broker.today.own_month import OneDay, own_month

PINS_SHOWN = 10
REQUESTS_SHOWN = 10
SEEN_SHOWN = 10


@require_safe
@needs(Power.SEE_PEOPLE)
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """Show a person as the county knows them now, or as it knew them at the end of ``?as_of=``."""
    found = get_object_or_404(people_of(request.user).select_related("village"), pk=pk)
    day, today = parameters.day(request.GET, "as_of"), timezone.localdate()
    known = None if day == today else end_of(day)
    may_edit = may(request.user, Power.EDIT_PEOPLE)
    context = {
        "section": "people",
        "person": found,
        "lines": person_lines(found, known=known),
        "card_lines": card_lines(found, seen=people_of(request.user), known=known),
        "as_of": day,
        "as_of_refused": parameters.day_refused(request.GET, "as_of"),
        "is_past": known is not None,
        "today": today,
        "gone_since": gone_since(found),
        "cards": found.cards.order_by("pk"),
        "holdings": _holdings(request).filter(person=found).select_related("post__unit"),
        "may_edit": may_edit and known is None,
        "may_bind": may(request.user, Power.BIND_CARDS) and known is None,
        "may_see_sheets": may(request.user, Power.SEE_SHEETS),
        "may_enter": may(request.user, Power.ENTER_REQUESTS) and not found.left,
        "refused_pins": _refused_pins(request, found) if known is None else (),
        **_numbers(request, found),
        "requests": _requests(request, found) if known is None else (),
        "own_days": _own_days(found) if known is None else (),
        "sees_results": may(request.user, Power.SEE_SHEETS),
        "seen_villages": set(regions_of(request.user).values_list("pk", flat=True)),
        "villages": regions_of(request.user).filter(ended=False) if may_edit else (),
        "units": units_of(request.user).filter(ended=False) if may_edit else (),
        "types": PersonType.choices,
        "states": HoldingState.choices,
    }
    return render(request, "console/person.html", context)


def _numbers(request: HttpRequest, found: Person) -> dict[str, object]:
    masks = masks_of(found)
    return {
        "numbers": [(kind, word, masks.get(kind, "")) for kind, word in WORDS.items()],
        "has_numbers": bool(masks),
        "may_reveal": may(request.user, Power.REVEAL_NUMBERS),
        "numbers_seen": found.numbers_seen.order_by("-at")[:SEEN_SHOWN],
    }


def _own_days(found: Person) -> list[OneDay]:
    """Return the days of the month and of the next two weeks on which there is anything, in order."""
    own = own_month(found, timezone.now())
    return [day for day in (*reversed(own.days), *own.ahead) if not day.is_empty]


def _requests(request: HttpRequest, found: Person) -> list[tuple[RequestRow, bool]]:
    """Return the newest requests of this person, and whether the viewer sees the page of each."""
    if not may(request.user, Power.SEE_REQUESTS):
        return []
    newest = asked_by([found]).select_related("station__village").order_by("-received_at", "-pk")[:REQUESTS_SHOWN]
    rows = [row for row in request_rows(newest) if row.person == found]
    seen = set(requests_of(request.user).filter(pk__in=[row.request.pk for row in rows]).values_list("pk", flat=True))
    return [(row, row.request.pk in seen) for row in rows]


def _refused_pins(request: HttpRequest, found: Person) -> list[tuple[PinClaim, str, str]]:
    """Return the newest PINs that stations told of in this person's name and that were not accepted, where and why."""
    if not may(request.user, Power.BIND_CARDS):
        return []
    claims = list(refused_pins_of(request.user).filter(person=found)[:PINS_SHOWN])
    seen = stations_of(request.user).filter(pk__in={claim.station_id for claim in claims})
    names = dict(seen.values_list("pk", "name"))
    return [(claim, names.get(claim.station_id, ELSEWHERE), PIN_REFUSED[claim.refused]) for claim in claims]


@post_only("person", "pk")
@needs(Power.EDIT_PEOPLE)
def person_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is on file, give a post, or record that the person leaves or comes back."""
    found = get_object_or_404(people_of(request.user), pk=pk)
    back = reverse("person", args=[found.pk])
    act = parameters.choice(request.POST, "act", ("", "delete", *_PERSON_ACTS))
    try:
        if not act:
            raise InputRefused("请选要办的事")
        if act == "delete":
            raise InputRefused(why_kept(found))
        title, do = _PERSON_ACTS[act](request, found)
    except InputRefused as refusal:
        messages.error(request, f"没有改动：{refusal}。")
        return redirect(back)
    tokens = [bytes(card.token) for card in found.cards.all()] if act == "leave" else []
    beside = DutyBeside(request.user, found.pk)
    return decide_on(
        request,
        Proposal(
            title=f"{found.name}：{title}",
            do=beside.watching(do),
            notes=beside.notes,
            done=f"{found.name}：{title}，已记录。",
            back=back,
            section="people",
            look=lambda: person_lines(found),
            tokens=tokens,
            undo=_PERSON_UNDO[act],
        ),
    )


type _Act = tuple[str, Callable[[str], object]]


def _leave(request: HttpRequest, found: Person) -> _Act:
    last, actor = asked_day(request.POST, "day"), request.user.get_username()
    return f"{last} 是最后一天，以后离开", lambda reason: leave(found, last=last, actor=actor, reason=reason)


def _return(request: HttpRequest, found: Person) -> _Act:
    since, actor = asked_day(request.POST, "day"), request.user.get_username()
    village = regions_of(request.user).filter(pk=request.POST.get("village", "")).first()
    if village is None:
        raise InputRefused("请选管辖范围内的村或镇")
    return f"{since} 起回来", lambda why: come_back(found, since=since, village=village, actor=actor, reason=why)


def _since(request: HttpRequest, found: Person) -> _Act:
    day, actor = asked_day(request.POST, "day"), request.user.get_username()

    def do(reason: str) -> None:
        if not on_file_since(found, day, actor=actor, reason=reason):
            raise PersonRefused(f"{found.name} 从 {day} 起本来就在册")

    return f"{day} 起在册", do


def _change(request: HttpRequest, found: Person) -> _Act:
    since, actor = asked_day(request.POST, "day"), request.user.get_username()
    name = parameters.text(request.POST, "name", longest=32) or None
    number = parameters.text(request.POST, "number", longest=32) or None
    if identity_number_in(f"{name or ''} {number or ''}"):
        raise InputRefused(f"填的{REMEDY}")
    code = request.POST.get("village", "")
    village = regions_of(request.user).filter(pk=code).first()
    if code and village is None:
        raise InputRefused("请选管辖范围内的村或镇")
    given = request.POST.get("type", "")
    kind = PersonType(given) if given in PersonType.values else None
    if number is None and name is None and village is None and kind is None:
        raise InputRefused("请填要改的编号、姓名、村或类别")
    return (
        f"{since} 起改登记",
        lambda why: change_registration(
            found, since=since, number=number, name=name, village=village, type=kind, actor=actor, reason=why
        ),
    )


def _post(request: HttpRequest, found: Person) -> _Act:
    since, actor = asked_day(request.POST, "day"), request.user.get_username()
    until = asked_day(request.POST, "until") if request.POST.get("until") else None
    given = request.POST.get("unit", "")
    unit = units_of(request.user).filter(pk=int(given)).first() if given.isdecimal() and len(given) < 16 else None
    title = parameters.text(request.POST, "title", longest=32)
    if unit is None or not title:
        raise InputRefused("请选单位、填职务")
    return (
        f"{since} 起任 {unit.name} {title}",
        lambda why: give_post(found, unit, title, since=since, until=until, actor=actor, reason=why),
    )


_PERSON_ACTS: dict[str, Callable[[HttpRequest, Person], _Act]] = {
    "leave": _leave,
    "return": _return,
    "since": _since,
    "change": _change,
    "post": _post,
}


def _holdings(request: HttpRequest) -> QuerySet[Holding]:
    """Return the holdings that the viewer may change: a township ends no post of a county's department."""
    return Holding.objects.filter(person__in=people_of(request.user), post__unit__in=units_of(request.user))


_PERSON_UNDO = {
    "leave": f"{KEPT}办错了，可以在本人页面办“回来”；卡、职务和值班要重新办。",
    "return": f"{KEPT}办错了，可以再办离开。",
    "since": f"{KEPT}在册日期只能改早，不能再改晚。",
    "change": f"{KEPT}改错了可以再改回来；上面列出结束的值班，要重新加上本人。",
    "post": f"{KEPT}办错了，可以办卸任。",
}


@post_only("people")
@needs(Power.EDIT_PEOPLE)
def holding_change(request: HttpRequest, pk: int) -> HttpResponse:
    """End a post of a person, or record that the person is away from it. Person and unit are the viewer's."""
    seen = _holdings(request).select_related("person", "post__unit")
    holding = get_object_or_404(seen, pk=pk)
    actor, back = request.user.get_username(), reverse("person", args=[holding.person_id])
    try:
        since = asked_day(request.POST, "day")
        until = asked_day(request.POST, "until") if request.POST.get("until") else None
        given = request.POST.get("state", "")
        if given not in HoldingState.values:
            raise InputRefused("请选状态")
    except InputRefused as refusal:
        messages.error(request, f"没有改动：{refusal}。")
        return redirect(back)
    state = HoldingState(given)
    title = f"{holding.person.name} {holding.post}：{since} 起{state.label}"
    beside = DutyBeside(request.user, holding.person_id)
    return decide_on(
        request,
        Proposal(
            title=title,
            do=beside.watching(
                lambda why: change_holding(holding, state, since=since, until=until, actor=actor, reason=why)
            ),
            notes=beside.notes,
            done=f"{title}，已记录。",
            back=back,
            section="people",
            look=lambda: person_lines(holding.person),
            undo=f"{KEPT}办错了，可以再任这个职务。" if state == HoldingState.ENDED else "",
        ),
    )


@post_only("people")
@needs(Power.BIND_CARDS)
def card_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Record that a card was lost earlier, was found, was handed in, or belongs to somebody else."""
    if Card.objects.filter(pk=pk, person=None).exists():
        messages.error(request, "没有改动：这张卡现在没有人用，可能刚刚停用或收回。要再用请到发卡台绑定。")
        return redirect("people")
    card = get_object_or_404(cards_of(request.user).select_related("person"), pk=pk)
    holder = card.person
    assert holder is not None  # the scope of cards goes by their people
    back = reverse("person", args=[holder.pk])
    act = parameters.choice(request.POST, "act", ("", *_CARD_ACTS))
    try:
        if not act:
            raise InputRefused("请选要办的事")
        since = asked_moment(request.POST, "since")
        if since is None and act != "take":
            since = timezone.now()
        receiver = _receiver(request) if act == "take" else None
    except InputRefused as refusal:
        messages.error(request, f"没有改动：{refusal}。")
        return redirect(back)
    actor = request.user.get_username()
    title = f"{holder.name} 的卡（尾号 {card.tail or '无'}）：{_CARD_ACTS[act]}"
    if receiver is not None:
        title = f"{title}，给 {receiver.name}"

    people = [holder] if receiver is None else [holder, receiver]
    return decide_on(
        request,
        Proposal(
            title=title,
            do=lambda why: _change_card(card, act, holder, receiver, since=since, actor=actor, reason=why),
            done=f"{title}，已记录，站点很快会知道。",
            back=back,
            section="people",
            look=lambda: [
                # Named, because what one person no longer has and another has instead would look the same.
                *(
                    replace(line, what=f"{one.name}（{one.number}）{line.what}")
                    for one in people
                    for line in person_lines(one)
                    if line.kind == "卡"
                ),
                *pin_lines(holder),
            ],
            tokens=[bytes(card.token)],
            undo=f"{KEPT}停用错了，可以到发卡台再绑定给本人。" if act == "end" else "",
            # "Now" is the moment of the first look, so that the second does what was shown.
            fixed={} if since is None else {"since": since.isoformat()},
        ),
    )


def _change_card(
    card: Card, act: str, holder: Person, receiver: Person | None, *, since: dt.datetime | None, actor: str, reason: str
) -> None:
    match act:
        case "lost":
            report_lost(card, actor=actor, reason=reason, since=since)
        case "found":
            card_found(card, actor=actor, reason=reason, since=since)
        case "end":
            end_binding(card, actor=actor, reason=reason, since=since)
        case _:
            take_card(card, actor=actor, reason=reason, since=since, give_to=receiver)
    if act in ("lost", "take"):
        void_set_since(holder, since, actor=actor, reason=reason, at=timezone.now())


_CARD_ACTS = {"lost": "挂失", "found": "找回", "end": "停用", "take": "发错了人，收回"}


def _receiver(request: HttpRequest) -> Person | None:
    """Return the person who is to get the card: one in the viewer's scope; None: nobody yet.

    Raises:
        InputRefused: There is no such person in the scope.
    """
    written = parameters.text(request.POST, "to", longest=80)
    if not written:
        return None
    if identity_number_in(written):
        raise InputRefused(f"填的{REMEDY}")
    found = one_named(people_of(request.user), written)
    if found is None:
        raise InputRefused("管辖范围内没有这个编号或姓名的人员，或不止一个；请写编号")
    return found
