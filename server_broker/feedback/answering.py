"""Answer questions of villagers, or pass them on to the township. What was said stays; a later answer is added."""

from datetime import datetime

from django.db import transaction

from protocol.decisions import Decided
from protocol.units import MAX_LONG_TEXT
from server_broker.accounts.models import User
from server_broker.audit.log import record
from server_broker.decisions.stream import decide
from server_broker.feedback.models import Feedback, FeedbackStep, StepKind
from server_broker.fleet.shelf_changes import shelf_changed_under
from server_broker.guard.answers import reason_against
from server_broker.regions.models import TOWNSHIP_DIGITS, Region, subtree_prefix

MAX_TEXT = MAX_LONG_TEXT
MIN_TEXT = 4
"""Letters of the shortest answer that says anything."""


class NotAnswered(Exception):
    """Nothing was changed. The message is Chinese, for the person who tries."""


def answer(feedback: Feedback, text: str, *, actor: User, at: datetime) -> FeedbackStep:
    """Answer a question. The stations of its village show the newest answer.

    Raises:
        NotAnswered: The text can't be shown, or the village has passed the question on and the account is the
            village's.
    """
    if not MIN_TEXT <= len(text) <= MAX_TEXT:
        raise NotAnswered(f"答复须是 {MIN_TEXT} 至 {MAX_TEXT} 个字")
    # Whoever has the receipt's number reads it at the kiosk, so it is published.
    if against := reason_against(text, [feedback.station.village_id]):
        raise NotAnswered(against)
    with transaction.atomic():
        locked = _locked(feedback)
        if _is_village(actor) and locked.steps.filter(kind=StepKind.PASSED_ON).exists():
            raise NotAnswered("这一条已转镇办，由镇办答复")
        return _add(locked, StepKind.ANSWERED, text, office=_office(actor), actor=actor, at=at)


def pass_on(feedback: Feedback, *, actor: User, at: datetime) -> FeedbackStep:
    """Have the township answer a question that the village does not answer itself.

    Raises:
        NotAnswered: The account is no village's, or the question was passed on or answered before.
    """
    if not _is_village(actor):
        raise NotAnswered("只有村里的账号能转镇办")
    with transaction.atomic():
        locked = _locked(feedback)
        if locked.steps.exists():
            raise NotAnswered("这一条已经答复或转过镇办")
        prefix = locked.station.village_id[:TOWNSHIP_DIGITS]
        township = Region.objects.filter(pk=prefix.ljust(12, "0")).first()
        return _add(locked, StepKind.PASSED_ON, "", office=township.name if township else "镇办", actor=actor, at=at)


def _locked(feedback: Feedback) -> Feedback:
    # The station itself stays free: whoever computes its shelf needs it to end.
    return Feedback.objects.select_for_update(of=("self",)).select_related("station").get(pk=feedback.pk)


def _is_village(actor: User) -> bool:
    return actor.region_id is not None and len(subtree_prefix(actor.region_id)) > TOWNSHIP_DIGITS


def _office(actor: User) -> str:
    return actor.region.name if actor.region else actor.role_word


def _add(feedback: Feedback, kind: StepKind, text: str, *, office: str, actor: User, at: datetime) -> FeedbackStep:
    by = actor.get_username()
    step = FeedbackStep.objects.create(feedback=feedback, kind=kind, text=text, office=office[:64], actor=by, at=at)
    subject = f"{feedback.station_id}:{feedback.number}"
    action = f"feedback.{kind.value}"
    entry = record(by, action, subject, {"station": feedback.station_id})
    decide(entry, Decided(action=action, subject=subject), [step])
    shelf_changed_under(feedback.station.village_id, at=at)
    return step
