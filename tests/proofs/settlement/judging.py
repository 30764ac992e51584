"""What the county's own settling makes of a township's month, beside the second reckoning of the township's book.

Import it after `django.setup`.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import transaction
from django.utils import timezone

from server_broker.settlement import settle as engine
from server_broker.settlement.counting import totals
from server_broker.settlement.named_cases.answer import answer
from server_broker.settlement.results import Result
from server_broker.settling.models import SettledWindow
from server_broker.settling.rounds import settle_days
from server_broker.settling.span import Span
from server_broker.settling.windows import settle
from tests.proofs.settlement.comparing import differing
from tests.proofs.settlement.county import Township
from tests.proofs.settlement.plain_facts import judge
from tests.proofs.settlement.station import local
from tests.reckoning.answer import reckon
from tests.reckoning.reading import read_case
from tests.reckoning.toml_text import toml_of

TABLES = ("windows", "totals")


def differences_of(township: Township, days: Sequence[dt.date]) -> tuple[dict[str, Any], list[str]]:
    """Return what the county says now of a township's month, and where its book, or plain facts, say something else."""
    now = timezone.now()
    mine = answer_of(township, days, now)
    case = township.case(local(now))
    sentences = list(differing(mine, reckon(read_case(toml_of(case))), TABLES))
    sentences += [f"blamed though the record is not complete: {one}" for one in judge(case, mine).blames]
    return mine, sentences


def answer_of(township: Township, days: Sequence[dt.date], known: dt.datetime) -> dict[str, Any]:
    """Return the windows and totals of a township's month as the county settles them."""
    names = {str(person.pk): name for name, person in township.people.items()}
    settled = settle(township.villages, Span(days[0], days[-1], known))
    results = [msgspec.structs.replace(one.result, person=names[one.result.person]) for one in settled]
    results.sort(key=lambda one: one.place)
    of_person: dict[str, list[Result]] = defaultdict(list)
    for one in results:
        if one.result != "休":
            of_person[one.person].append(one)
    counted = tuple(totals(person, some) for person, some in sorted(of_person.items()))
    return answer(township.name, engine.Settled(windows=tuple(results), totals=counted))


def village_months(township: Township, days: Sequence[dt.date]) -> int:
    """Return in how many of the township's villages somebody has windows in the month."""
    settled = settle(township.villages, Span(days[0], days[-1], timezone.now()))
    return len({one.village for one in settled if one.result.result != "休"})


def incremental_differences(township: Township, days: Sequence[dt.date]) -> list[str]:
    """Return where results that were kept piece by piece differ from those of the whole month at one go."""
    now = timezone.now()
    past = [day for day in days if day <= timezone.localdate(now)]
    with transaction.atomic():
        kept = _standing(township, past)
        settle_days({(village, day): "whole" for village in township.villages for day in past}, now)
        whole = _standing(township, past)
        transaction.set_rollback(True)
    return [
        f"{' '.join(key)} is kept as {kept.get(key)}, and is as a whole {whole.get(key)}"
        for key in sorted({*kept, *whole})
        if kept.get(key) != whole.get(key)
    ]


def _standing(township: Township, days: Sequence[dt.date]) -> dict[tuple[str, ...], list[Any]]:
    """Return the results that stand, by person, date and start, with all that is compared."""
    names = {person.pk: name for name, person in township.people.items()}
    rows = SettledWindow.objects.current().filter(village__in=township.villages, day__in=days)
    found: dict[tuple[str, ...], list[Any]] = defaultdict(list)
    for row in rows.order_by("place"):
        said = (row.result, row.line, row.beside, row.reason, row.facts, row.awaited, row.parameters)
        key = (names[row.person_id], row.day.isoformat(), f"{row.start // 60:02}:{row.start % 60:02}")
        found[key].append(said)
    return found
