"""The answers to a village's questions as a bundle for each of its stations."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import OuterRef, Subquery

from protocol.china_time import milliseconds
from protocol.feedback import MATTERS, MAX_ANSWERS, TOPICS, Answer, Answers
from protocol.units import DATED_QUALITIES
from server_broker.bundles.computed import draft_for, end_of_computed
from server_broker.bundles.drafts import Draft
from server_broker.feedback.models import Feedback, FeedbackStep
from server_broker.fleet.models import Station


def answers_drafts(station: Station, now: datetime) -> Iterable[Draft]:
    """Return the latest word about each question of the station's village; nothing while there is none."""
    answers = answers_of(station.village_id)
    if answers:
        yield draft_for(station, "answers", "群众意见的答复", Answers(answers=answers), not_after=end_of_computed(now))


def answers_of(village: str) -> list[Answer]:
    """Return the latest word about each question asked in a village, the newest first.

    An id that two stations told of is answered by the newest of the two: no kiosk could tell them apart.
    """
    newest = FeedbackStep.objects.filter(feedback=OuterRef("feedback")).order_by("-at", "-pk").values("pk")[:1]
    steps = FeedbackStep.objects.filter(feedback__station__village=village, pk=Subquery(newest))
    found: dict[bytes, Answer] = {}
    for step in steps.select_related("feedback").order_by("-at", "-pk")[:MAX_ANSWERS]:
        found.setdefault(bytes(step.feedback.feedback), _answer(step))
    return list(found.values())


def _answer(step: FeedbackStep) -> Answer:
    asked = step.feedback
    return Answer(
        feedback=bytes(asked.feedback),
        state="answered" if step.kind == "answered" else "passed_on",
        office=step.office,
        at=milliseconds(step.at),
        given=_given_ms(asked),
        text=step.text,
        topic=asked.topic if asked.topic in TOPICS else None,
        matter=asked.matter if asked.matter in MATTERS else None,
    )


def _given_ms(asked: Feedback) -> int:
    if asked.corrected_wall is not None:
        return milliseconds(asked.corrected_wall)
    return milliseconds(asked.wall) if asked.quality in DATED_QUALITIES else 0
