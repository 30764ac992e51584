"""Answer a request. The person reads the answer at the kiosk; what follows for their pay is the settlement's to say."""

from datetime import datetime

from django.db import transaction

from protocol.decisions import RequestAnswered
from server_broker.accounts.own_affairs import refuse_own_affair
from server_broker.audit.log import Detail, record
from server_broker.decisions.stream import decide
from server_broker.fleet.shelf_changes import shelf_changed_under
from server_broker.guard.answers import reason_against
from server_broker.requests.kinds import AWAY
from server_broker.requests.models import Answer, Outcome, Request
from server_broker.requests.reading import WITHDRAWN, RequestRow, request_rows

ANSWERED = "request.answered"
"""The action of the audit log."""


class NotAnswered(Exception):
    """Nothing was recorded. The message is Chinese, for the officer."""


def answer(request: Request, outcome: Outcome, *, text: str, actor: str, at: datetime) -> Answer:
    """Record an answer. An earlier one stays, and the later one counts.

    Args:
        text: What the person reads.

    Raises:
        NotAnswered: The person has taken the request back, nobody knows whose it is, it has just this answer, the
            text can't be shown, or it is to be decided (`server_broker.requests.deciding`).
        OwnAffair: It is the officer's own request.
    """
    with transaction.atomic():
        locked = Request.objects.select_for_update().get(pk=request.pk)
        (row,) = request_rows([locked])
        _check(row, outcome, text)
        assert row.person is not None
        refuse_own_affair(actor, [row.person.pk])
        villages = sorted({row.person.village_id, locked.station.village_id})
        if against := reason_against(text, villages):
            raise NotAnswered(against)
        made = Answer.objects.create(request=locked, outcome=outcome, text=text, at=at, actor=actor)
        detail: Detail = {"station": locked.station_id, "kind": locked.kind, "outcome": outcome.value, "reason": text}
        entry = record(actor, ANSWERED, locked.number, detail)
        decide(entry, RequestAnswered(request=locked.pk, outcome=outcome.value), [made])
        for village in villages:
            shelf_changed_under(village, at=at)
    return made


def _check(row: RequestRow, outcome: Outcome, text: str) -> None:
    if row.request.kind in AWAY:
        raise NotAnswered("请假、外出、驻村在“待办”里定")
    if row.state == WITHDRAWN:
        raise NotAnswered("本人已经撤回，不用答复")
    if row.person is None:
        raise NotAnswered("还不知道是谁提的：先把卡绑定给人，再答复")
    if row.answer is not None and (row.answer.outcome, row.answer.text) == (outcome, text):
        raise NotAnswered("已经这样答复过了")
