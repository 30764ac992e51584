"""Whose card an alarm of a lost card is about, for whoever may see people."""

from collections.abc import Iterable

from protocol.alarm_codes import LOST_CARD
from server_broker.accounts.powers import Power, may
from server_broker.accounts.scope import Viewer
from server_broker.attendance.lost_cards import lost_cards
from server_broker.console.queries import cards_of
from server_broker.fleet.models import Alarm


def with_holders(user: Viewer, alarms: Iterable[Alarm]) -> list[tuple[Alarm, str]]:
    """Return each alarm with a sentence about whose card it is; empty with any other alarm and for whom it is not."""
    sees_people = may(user, Power.SEE_PEOPLE)
    # Of the county's alarms only: whoever has a station's keys may say that a lost card was used, and no touch says so.
    return [
        (alarm, _said(user, alarm) if sees_people and (alarm.origin, alarm.code) == ("county", LOST_CARD) else "")
        for alarm in alarms
    ]


def _said(user: Viewer, alarm: Alarm) -> str:
    cards = cards_of(user).filter(token__in=lost_cards(alarm)).select_related("person").order_by("pk")
    holders = dict.fromkeys(f"{card.person.name}（{card.person.number}）" for card in cards if card.person is not None)
    if not holders:
        return ""
    return f"{'这张卡' if len(holders) == 1 else '这些卡'}是 {'、'.join(holders)}的"
