"""The same facts and decisions in three orders of arrival (docs/rules.md, section 6)."""

from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from datetime import datetime, timedelta
from random import Random
from typing import Any

type Values = dict[str, Any]

ORDERS = 3
IN_ORDER = ("votes",)
"""A meeting's votes are a list in an order."""
_LATEST = timedelta(days=60)
_MINUTE = timedelta(minutes=1)


def orders(values: Values, random: Random) -> Iterator[Values]:
    """Yield a case as it is, with everything as late and backwards as can be, and with everything shuffled.

    What the county had at the time for which is asked, and when it closed a month, is the same in all: dated facts
    come at other times between these. An undated fact, or one that is not read at once, keeps the time at which it
    came, because it lies before that.
    """
    yield values
    yield shuffled(_arriving(values, _backwards), random)
    yield shuffled(_arriving(values, lambda first, last, _: first + (last - first) * random.random()), random)


def shuffled(value: Any, random: Random) -> Any:
    """Return a case with every list in another order, but for those in which the order means something."""
    if isinstance(value, dict):
        return {key: one if key in IN_ORDER else shuffled(one, random) for key, one in value.items()}
    if isinstance(value, list):
        return random.sample([shuffled(one, random) for one in value], len(value))
    return value


def _arriving(values: Values, choose: Callable[[datetime, datetime, datetime], datetime]) -> Values:
    moved = deepcopy(values)
    asked = [values.get("as_of"), *(row.get(key) for row in values["months"] for key in ("shown", "closed"))]
    turns = sorted(at for at in asked if at is not None)
    for station in moved["stations"]:
        for fact in station["facts"]:
            if _is_free(fact):
                came = fact.get("received", fact["at"] + _MINUTE)
                after = max((turn for turn in turns if turn < came), default=datetime.min)  # noqa: DTZ901 - local
                before = min((turn for turn in turns if turn >= came), default=max(came, fact["at"]) + _LATEST)
                first = max(after + timedelta(seconds=1), min(fact["at"], came))
                fact["received"] = choose(first, max(before, first), fact["at"]).replace(microsecond=0)
    return moved


def _is_free(fact: Mapping[str, Any]) -> bool:
    dated = fact.get("quality", "synced") in {"synced", "holdover"}
    return dated and fact["kind"] != "held" and not {"held_until", "written_off"} & set(fact)


def _backwards(first: datetime, last: datetime, at: datetime) -> datetime:
    """Return the later a time, the earlier something was."""
    return max(first, last - (at - first) / 1000) if at > first else last
