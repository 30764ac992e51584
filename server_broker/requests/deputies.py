"""Name somebody who decides while an account is away, for a few days, so that nobody waits."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from protocol.decisions import Decided
from server_broker.accounts.models import User
from server_broker.audit.log import Detail, record
from server_broker.decisions.stream import decide
from server_broker.regions.models import subtree_prefix
from server_broker.requests.models import Deputy
from server_broker.requests.ranks import Rank, rank_of

NAMED, ENDED = "deputy.named", "deputy.ended"
MOST_DAYS = 31
"""Longer than any leave that the same officer could take unseen. Whoever is away longer names somebody again."""


class DeputyRefused(Exception):
    """Nobody was named. The message is Chinese, for the officer."""


def name_deputy(lender: User, deputy: User, *, first: dt.date, last: dt.date, reason: str, now: dt.datetime) -> Deputy:
    """Have ``deputy`` decide with the power of ``lender`` on the dates from ``first`` to ``last``.

    Raises:
        DeputyRefused: The dates make no sense, somebody else is named for them, or the deputy is not of the same
            region and of equal or lower rank.
    """
    with transaction.atomic():
        # One naming of an account at a time, because each is checked against the others.
        lender = User.objects.select_for_update(no_key=True, of=("self",)).get(pk=lender.pk)
        _check(lender, deputy, first, last, timezone.localdate(now))
        made = Deputy.objects.create(lender=lender, deputy=deputy, first=first, last=last, reason=reason, named_at=now)
        detail: Detail = {"deputy": deputy.username, "first": str(first), "last": str(last), "reason": reason}
        entry = record(lender.username, NAMED, str(made.pk), detail)
        decide(entry, Decided(action=NAMED, subject=str(made.pk)), [made])
    return made


def end_deputy(named: Deputy, *, actor: User, now: dt.datetime) -> None:
    """End it before its last date. Only the account that is back does so.

    Raises:
        DeputyRefused: It is another's, or has ended.
    """
    with transaction.atomic():
        locked = Deputy.objects.select_for_update(of=("self",)).get(pk=named.pk)
        if locked.lender_id != actor.pk or locked.ended_at is not None:
            raise DeputyRefused("这一条不是您定的，或已经结束")
        locked.ended_at = now
        locked.save(update_fields=["ended_at"])
        decide(record(actor.username, ENDED, str(locked.pk)), Decided(action=ENDED, subject=str(locked.pk)), [locked])


def _check(lender: User, deputy: User, first: dt.date, last: dt.date, today: dt.date) -> None:
    if lender.pk == deputy.pk or (lender.person_id is not None and lender.person_id == deputy.person_id):
        raise DeputyRefused("代办要定给另一个人")
    if not today <= first <= last < first + dt.timedelta(days=MOST_DAYS):
        raise DeputyRefused(f"日期不对：从今天或以后起，最多 {MOST_DAYS} 天")
    rank = rank_of(lender)
    if rank == Rank.NONE or rank_of(deputy) == Rank.NONE:
        raise DeputyRefused("您和代办的人都要是能审批的账号")
    assert lender.region_id is not None
    assert deputy.region_id is not None
    if rank_of(deputy) > rank or not deputy.region_id.startswith(subtree_prefix(lender.region_id)):
        raise DeputyRefused("代办的人要在您的区划里，级别不高于您")
    if Deputy.objects.filter(lender=lender, ended_at=None, first__lte=last, last__gte=first).exists():
        raise DeputyRefused("这几天已经定了代办的人，请先结束那一条")
