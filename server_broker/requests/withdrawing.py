"""Take a request back, or agree to a swap: what a person does with a request that exists."""

import datetime as dt

from django.db import transaction
from django.db.models import Model

from protocol.decisions import Decided
from server_broker.accounts.models import User
from server_broker.accounts.own_affairs import refuse_own_affair
from server_broker.accounts.scope import in_scope
from server_broker.audit.log import Detail, record
from server_broker.dated.writing import Period, put
from server_broker.decisions.stream import decide
from server_broker.duty.models import Absence, AbsenceRecord
from server_broker.duty.overlaps import lock_people
from server_broker.fleet.shelf_changes import shelf_changed_under
from server_broker.requests.cases import PARTNER, Case, cases_here, of_county
from server_broker.requests.effects import away_in, swap, undo_swap
from server_broker.requests.kinds import AWAY, SWAP
from server_broker.requests.models import CountyRequest
from server_broker.requests.refused import RequestRefused
from server_broker.requests.undoing import refuse_taking_back, refuse_undoing

WITHDREW, AGREED = "request.withdrawn", "request.agreed"
TIME_TO_DENY = dt.timedelta(hours=2)
"""So long before a window an officer may still write down that the other person agreed: they can deny it until then."""


def withdraw(asked: CountyRequest, *, now: dt.datetime, officer: str = "", reason: str = "") -> None:
    """Take a request back for its person: before somebody has decided, or what was approved before it begins.

    Args:
        officer: The account that does it for them; empty: they do so themselves.
        reason: Of an officer: the person and the approver read it.

    Raises:
        RequestRefused: It has begun, was refused, or is taken back already, or the officer may not undo it.
        OwnAffair: The officer would undo their own leave at the console.
    """
    with transaction.atomic():
        case = _locked(asked)
        locked = case.here
        assert locked is not None
        if not may_withdraw(case, now):
            raise RequestRefused("这一条不能再撤回：已经定了或已经开始，提前回来请办销假")
        why = ""
        if officer:
            if case.is_waiting:
                refuse_taking_back(locked.kind, locked.person, reason)
            else:
                refuse_undoing(officer, f"request:{case.key}", locked.person, reason, now)
            why = reason.strip()
        actor = officer or f"person:{locked.person.number}"
        locked.withdrawn_at, locked.withdrawn_by, locked.withdrawn_why = now, actor, why
        locked.is_over = True
        locked.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_why", "is_over"])
        end_absence(case, actor=actor, reason=why)
        _say(locked, actor, WITHDREW, [], now)


def end_absence(case: Case, *, actor: str, reason: str = "") -> None:
    """End whole what came of an approved request. The caller has locked its person."""
    for absence in Absence.objects.filter(source=f"request:{case.key}"):
        for begin, end in away_in(absence):
            put(AbsenceRecord, [absence.pk], Period(begin, end), {"ended": True}, actor=actor, reason=reason)


def may_withdraw(case: Case, now: dt.datetime) -> bool:
    """Tell whether the person may still take a request back."""
    begin = case.asked.begin_at
    approved = case.state == "accepted" and case.asked.kind in AWAY and begin is not None and now < begin
    return case.here is not None and (case.is_waiting or approved)


def agree(
    asked: CountyRequest, agrees: bool, *, now: dt.datetime, officer: str = "", said_at: dt.datetime | None = None
) -> None:
    """Have the other person of a swap agree, or not. If they do, the window is theirs.

    What an officer wrote down of them they may deny by their own word until the window's start: that undoes the swap.

    Args:
        officer: The account that writes it down for them; empty: they say so themselves.
        said_at: When they said so at a station; None: now.

    Raises:
        RequestRefused: It is no longer to be agreed to, the window can't be theirs, or the officer does not see them.
        OwnAffair: The officer who writes it down is one of the two.
    """
    with transaction.atomic():
        case = _locked(asked)
        locked = case.here
        assert locked is not None
        said_at = said_at or now
        denies = not officer and not agrees and may_deny(case, said_at)
        if not denies and (case.state != PARTNER or locked.substitute is None):
            raise RequestRefused("这一条不用再答应")
        if locked.begin_at is None or said_at >= locked.begin_at:
            raise RequestRefused("这个班已经开始，不能再换")
        assert locked.substitute is not None
        if officer:
            refuse_own_affair(officer, [locked.person_id, locked.substitute.pk])
            if said_at > locked.begin_at - TIME_TO_DENY:
                raise RequestRefused("离班开始不到两小时了：请对方自己在手机或大屏上答应")
            if not sees_other(User.objects.get(username=officer), case):
                raise RequestRefused("对方不归您这里：请对方自己答应，或由对方那里的人记")
        actor = officer or f"person:{locked.substitute.number}"
        if denies:
            undo_swap(locked, actor=actor)
        locked.agrees, locked.agreed_at, locked.agreed_by = agrees, said_at, officer
        locked.is_over = True
        locked.save(update_fields=["agrees", "agreed_at", "agreed_by", "is_over"])
        _say(locked, actor, AGREED, swap(locked, actor=actor, at=said_at) if agrees else [], now)
        if (agrees or denies) and locked.window is not None:
            # Its station may be another than the person's own.
            shelf_changed_under(locked.window.village_id, at=now)


def may_deny(case: Case, at: dt.datetime) -> bool:
    """Tell whether the other person of a swap may still say that they did not agree: an officer says that they did."""
    here = case.here
    if here is None or here.kind != SWAP or not here.agrees or not here.agreed_by or here.agreed_at is None:
        return False
    return case.state == "accepted" and here.begin_at is not None and here.agreed_at <= at < here.begin_at


def sees_other(user: User, case: Case) -> bool:
    """Tell whether an officer sees the other person of a swap, and so may write down what they say."""
    other = case.here.substitute if case.here is not None else None
    return other is not None and in_scope(user, other.village_id)


def _locked(asked: CountyRequest) -> Case:
    # People first, as a decision does; both of a swap at once, because another swap may be the other way round.
    lock_people({pk for pk in (asked.person_id, asked.substitute_id) if pk is not None})
    CountyRequest.objects.select_for_update(no_key=True, of=("self",)).get(pk=asked.pk)
    (case,) = cases_here(of_county().filter(pk=asked.pk))
    return case


def _say(locked: CountyRequest, actor: str, action: str, rows: list[Model], now: dt.datetime) -> None:
    detail: Detail = {"kind": locked.kind, "number": locked.number}
    if action == WITHDREW and locked.withdrawn_why:
        detail["reason"] = locked.withdrawn_why
    entry = record(actor, action, str(locked.pk), detail)
    decide(entry, Decided(action=action, subject=str(locked.pk)), [locked, *rows])
    shelf_changed_under(locked.person.village_id, at=now)
    if locked.substitute is not None:
        shelf_changed_under(locked.substitute.village_id, at=now)
