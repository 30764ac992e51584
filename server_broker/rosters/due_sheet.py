"""A sheet beside a village's month that says who is due on each date: by the week, by name, by swaps and leave.

It is for reading. An import passes over it.
"""

import datetime as dt
from collections.abc import Mapping, Sequence

from openpyxl.workbook import Workbook

from server_broker.attendance.timelines import ELSEWHERE
from server_broker.duty.due import Turn
from server_broker.duty.reading import Absent, Asked, absences_of, turns_in
from server_broker.duty.reasons import TookOver
from server_broker.duty.rest import rest_of
from server_broker.people.models import Person
from server_broker.regions.models import Region, subtree_prefix
from server_broker.sheets.declared import DUE_SHEET
from server_broker.sheets.writing import cell_text, escaped

_HEADS = ("日期", "星期", "值班", "谁该到岗")
_WIDTHS = {"A": 12, "B": 6, "C": 16, "D": 90}


def add_due_sheet(workbook: Workbook, village: Region, days: Sequence[dt.date], *, scope: str) -> None:
    """Add the sheet to a workbook.

    Args:
        scope: Region whose people may be named.
    """
    turns = [turn for turn in turns_in([village.identity], Asked(days[0], days[-1])) if turn.due]
    people = {turn.person for turn in turns}
    seen = Person.objects.filter(pk__in=people, village__code__startswith=subtree_prefix(scope))
    names = dict(seen.values_list("pk", "name"))
    away = absences_of(people, Asked(days[0] - dt.timedelta(days=1), days[-1] + dt.timedelta(days=1)))
    sheet = workbook.create_sheet(DUE_SHEET)
    sheet.append(list(_HEADS))
    for letter, width in _WIDTHS.items():
        sheet.column_dimensions[letter].width = width
    shifts: dict[tuple[dt.date, int, str], list[str]] = {}
    for turn in turns:
        key = (turn.day, turn.window.start, turn.window.name)
        shifts.setdefault(key, []).append(_told(turn, names, away))
    for number, ((day, _, window), listed) in enumerate(sorted(shifts.items()), start=2):
        texts = (day.isoformat(), "一二三四五六日"[day.weekday()], window, "、".join(listed))
        for column, text in enumerate(texts, start=1):
            cell = sheet.cell(number, column)
            # A name may begin like a formula.
            cell.value, cell.data_type = cell_text(escaped(text)), "s"
    sheet.freeze_panes = "A2"


def _told(turn: Turn, names: Mapping[int, str], away: Mapping[int, Sequence[Absent]]) -> str:
    """Return who is due, who leads, for whom they came in by a swap, and whether they are away."""
    beside = ["带班"] if turn.leads else []
    beside += [f"替{names.get(reason.giver, ELSEWHERE)}" for reason in turn.why if isinstance(reason, TookOver)]
    beside += ["请假外出"] if rest_of(turn, away.get(turn.person, ())).is_none else []
    name = names.get(turn.person, ELSEWHERE)
    return f"{name}（{'、'.join(beside)}）" if beside else name
