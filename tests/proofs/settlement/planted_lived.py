"""Faults that a lived month must show, by name. Import it after `django.setup`."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any
from unittest.mock import patch

from server_broker.ingest.messages import Incoming
from server_broker.ingest.tables import FACTS
from server_broker.platform.sql import execute
from server_broker.settling import rounds
from tests.proofs.settlement.living import Living
from tests.proofs.settlement.station import Station

type Plant = Callable[[], AbstractContextManager[Any]]

_send = Station.send
_ask_again = Living._ask_again


def _an_envelope_is_lost() -> AbstractContextManager[Any]:
    """The last envelope of each day's sending does not come, and nobody sends it again."""

    def send(self: Station, until: datetime, now: datetime) -> Iterator[tuple[Incoming, str]]:
        envelopes = list(_send(self, until, now))
        yield from envelopes[: len(envelopes) - (now.day % 5 == 0)]

    return patch.object(Station, "send", send)


def _nobody_looks_at_facts() -> AbstractContextManager[Any]:
    """What stations tell has nothing settled again."""
    return patch.object(rounds, "look_at_facts", lambda *_: None)


def _facts_came_earlier_than_they_did() -> AbstractContextManager[Any]:
    """Somebody writes an earlier time of receipt to facts, after the sheets were kept."""

    def ask_again(self: Living) -> None:
        execute(f"ALTER TABLE {FACTS} DISABLE TRIGGER USER", [])
        execute(f"UPDATE {FACTS} SET received_at = received_at - interval '2 days'", [])
        _ask_again(self)

    return patch.object(Living, "_ask_again", ask_again)


PLANTED: dict[str, Plant] = {
    "an envelope is lost": _an_envelope_is_lost,
    "nobody looks at facts": _nobody_looks_at_facts,
    "facts came earlier than they did": _facts_came_earlier_than_they_did,
}
