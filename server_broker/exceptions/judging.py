"""An officer says what an exception was, and the county says which kinds it looks for."""

import datetime as dt

from django.db import transaction

from protocol.decisions import Decided
from server_broker.accounts.models import User
from server_broker.accounts.own_affairs import refuse_own_affair
from server_broker.audit.log import Detail, record
from server_broker.dated.locking import among_writers
from server_broker.dated.writing import Period, put
from server_broker.decisions.stream import decide
from server_broker.exceptions.kinds import SPECS
from server_broker.exceptions.models import Judgement, Kind, KindRecord, Notable, Verdict

LEAST_LETTERS, MOST_LETTERS = 2, 200
"""Of a note: 借卡 is one."""


class JudgementRefused(Exception):
    """Nothing was changed. The message is Chinese."""


def judge(notable: Notable, verdict: Verdict, note: str, *, by: User, now: dt.datetime) -> Judgement:
    """Say what an exception was. The first word stands.

    Raises:
        JudgementRefused: Somebody said so before, or no note says what it was.
        OwnAffair: It is about the person of the account.
    """
    note = " ".join(note.split())
    if not LEAST_LETTERS <= len(note) <= MOST_LETTERS:
        raise JudgementRefused(f"请写明怎么回事（{LEAST_LETTERS} 到 {MOST_LETTERS} 个字）")
    with transaction.atomic():
        Notable.objects.select_for_update().get(pk=notable.pk)
        earlier = Judgement.objects.filter(notable=notable).first()
        if earlier is not None:
            raise JudgementRefused(f"{earlier.by} 已经看过：{earlier.get_verdict_display()}，{earlier.note}")
        refuse_own_affair(by.get_username(), [] if notable.person_id is None else [notable.person_id])
        said = Judgement.objects.create(notable=notable, verdict=verdict, note=note, by=by.get_username(), at=now)
        detail: Detail = {"kind": notable.kind, "verdict": str(verdict), "reason": note}
        record(by.get_username(), "exception.judged", str(notable.pk), detail)
    return said


def set_kind(code: str, *, off: bool, threshold: int, seen: int, reason: str, by: User, now: dt.datetime) -> None:
    """Have the county look for a kind or not, from now on, and from which number on.

    Args:
        seen: Key of the row by which it is now, as the account saw it; 0: there was none.

    Raises:
        JudgementRefused: There is no such kind, the number is out of its bounds, it is so already, or somebody else
            changed it meanwhile.
    """
    spec = SPECS.get(code)
    if spec is None:
        raise JudgementRefused("没有这一种")
    if not spec.lowest <= threshold <= spec.highest:
        raise JudgementRefused(f"{spec.word}：{threshold} 超出范围（{spec.lowest}–{spec.highest} {spec.unit}）")
    with transaction.atomic():
        among_writers()
        Kind.objects.get_or_create(code=code)
        kind = Kind.objects.select_for_update().get(code=code)
        own = None if threshold == spec.threshold else threshold
        stands = KindRecord.objects.known().filter(subject=kind, valid_to=None).first()
        if seen != (0 if stands is None else stands.pk):
            raise JudgementRefused("刚才有别人改过，请看一看再改")
        if (off, own) == ((False, None) if stands is None else (stands.off, stands.threshold)):
            raise JudgementRefused("本来就是这样")
        content = {"off": off, "threshold": own}
        put(KindRecord, [kind.pk], Period(now), content, actor=by.get_username(), reason=reason)
        detail: Detail = {"off": off, "threshold": threshold, "reason": reason}
        entry = record(by.get_username(), "exceptions.kind_set", code, detail)
        decide(entry, Decided(action="exceptions.kind_set", subject=code), [kind])
