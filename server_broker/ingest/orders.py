"""Orders whose stations are connected: read from the tables, sent, and only then noted as sent.

A crash in between sends an order once more, which its station knows and passes over.
"""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec

from server_broker.commands.models import StationOrder
from server_broker.commands.services import command_of, due_orders, note_sent
from server_broker.ingest.answers import Answer

_log = logging.getLogger(__name__)


def send_due_orders(*, shard: int, now: datetime, publish: Callable[[Sequence[Answer]], None]) -> None:
    """Send what is due.

    Raises:
        django.db.Error: The database is away; what was not noted is sent again.
    """
    orders = due_orders(shard=shard, now=now)
    if not orders:
        return
    publish([answer for order in orders if (answer := _answer(order)) is not None])
    note_sent(orders, now=now)


def _answer(order: StationOrder) -> Answer | None:
    try:
        return Answer(order.station.shard, command_of(order))
    except msgspec.ValidationError:
        _log.exception("order %s is none that a station could read", order.pk)
        return None
