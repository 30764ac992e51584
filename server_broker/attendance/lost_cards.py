"""Whose lost cards an alarm is about, and when it is over: once none of these cards is lost any more."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from protocol.alarm_codes import LOST_CARD
from server_broker.attendance.models import Touch
from server_broker.fleet.alarms import resolve
from server_broker.fleet.models import Alarm
from server_broker.people.models import Card

_SAME_BATCH = timedelta(seconds=5)
"""A touch is received a moment before the alarm is opened of which it is the cause."""


def lost_cards(alarm: Alarm) -> Sequence[bytes]:
    """Return the tokens of the cards whose touches raised an alarm."""
    touches = Touch.objects.filter(
        station=alarm.station_id, answer="lost", received_at__gte=alarm.opened_at - _SAME_BATCH
    )
    until = alarm.resolved_at
    if until is not None:
        touches = touches.filter(received_at__lte=until)
    return [bytes(token) for token in touches.order_by().values_list("card_token", flat=True).distinct()]


def close_found(at: datetime) -> int:
    """Close the alarms of cards that are not lost any more, and return how many these were."""
    closed = 0
    for alarm in Alarm.objects.filter(code=LOST_CARD, origin="county", resolved_at=None):
        tokens = lost_cards(alarm)
        if tokens and not Card.objects.filter(token__in=tokens, lost_at__isnull=False).exists():
            closed += resolve(station=alarm.station_id, code=LOST_CARD, at=at)
    return closed
