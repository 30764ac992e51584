"""The engine's answer to plain values of the case format, without the text between."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from server_broker.settlement.index import Index
from server_broker.settlement.named_cases import rows
from server_broker.settlement.named_cases.answer import answer, of_day
from server_broker.settlement.named_cases.reading import Case, world_of
from server_broker.settlement.settle import Sheet, settle

type Values = Mapping[str, Any]


def case_of(values: Values) -> Case:
    """Return the case that plain values are."""
    file = msgspec.convert(values, rows.CaseFile)
    return Case(file, world_of(file))


def answer_of(case: Case) -> dict[str, Any]:
    """Return what the engine makes of a case."""
    return answer(case.file.name, settle(case.world, case.file.days, case.at))


def lines_of(case: Case, answered: Mapping[str, Any]) -> Counter[str]:
    """Return how many windows each line decided, as the engine names it.

    A window of which a part is covered counts for ``4.12`` and for ``12``. One that has ``arrival`` or ``ends`` counts
    for ``arrival 12`` or ``ends 12`` too, and one between the first and the last of ``ends`` for ``between 5``.
    """
    schedule = Sheet(Index(case.world), case.file.days, case.at, {}).lines.schedule
    found: Counter[str] = Counter()
    kinds: dict[tuple[str, str, str], str] = {}
    for person in sorted({row["person"] for row in answered["windows"]}):
        for day in case.file.days:
            for unit in schedule.units(person, day):
                for share in unit.shares:
                    marks = share.values.marks
                    between = share not in (unit.first, unit.last)
                    kinds[person, day.isoformat(), of_day(share.turn.window.start)] = "between" if between else marks
    for row in answered["windows"]:
        line = row["line"].removeprefix("4.")
        kind = kinds.get((row["person"], row["date"], row["start"]), "each")
        found[line] += 1
        if row["line"] != line:
            found[row["line"]] += 1
        if kind != "each":
            found[f"{kind} {line}"] += 1
    return found
