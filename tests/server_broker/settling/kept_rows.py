"""Results as settling keeps them, for pages that show them."""

import datetime as dt
import os
from typing import Any

from django.utils import timezone

from server_broker.people.models import Person
from server_broker.regions.models import Region
from server_broker.settlement.version import RULES
from server_broker.settling.models import SettledWindow


def settled_row(person: Person, day: dt.date | None = None, result: str = "√", **fields: Any) -> SettledWindow:
    """A result that stands, of 08:30 in the person's village; without a date that of yesterday."""
    now = timezone.now()
    plain: dict[str, Any] = {
        "village": Region.objects.get(pk=person.village_id),
        "day": day or timezone.localdate(now) - dt.timedelta(days=1),
        "start": 510,
        "kind": "",
        "beside": "",
        "late": 0,
        "early": 0,
        "flags": "",
        "line": "5",
        "reason": "8:20 到；12:05 走。",
        "share_numerator": 1,
        "share_denominator": 1,
        "leave_minutes": 0,
        "facts": [],
        "awaited": [],
        "rules": RULES,
        "parameters": "0" * 16,
        "digest": os.urandom(32),
        "known_at": now,
        "settled_at": now,
        "why": "first",
    }
    return SettledWindow.objects.create(person=person, result=result, **plain | fields)
