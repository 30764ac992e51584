"""The answer to a case, in the form of the format, with its differences from what is expected."""

from datetime import date, datetime
from typing import Any

from tests.reckoning.case import Case
from tests.reckoning.closing import closings, slips, state
from tests.reckoning.counting import totals
from tests.reckoning.differences import differences
from tests.reckoning.exceptions import exceptions
from tests.reckoning.knowing import as_known
from tests.reckoning.meetings import meeting_row
from tests.reckoning.minutes import dates_of_month, month_of
from tests.reckoning.reasons import reason
from tests.reckoning.residency import resident_row
from tests.reckoning.sheet import Sheet
from tests.reckoning.table import Settled

RULES = "2.7"
BESIDE_ORDER = ("迟", "早", "停", "假", "出", "会")


def reckon(case: Case, as_of: datetime | None = None) -> dict[str, Any]:
    """Return what a case comes to, at the time for which it is asked."""
    known = as_known(case, as_of or case.as_of)
    answer = reckoned(known)
    answer["differences"] = differences(case, answer)
    return answer


def reckoned(case: Case) -> dict[str, Any]:
    """Return the answer to a case of which only what was known is left."""
    closed_months = closings(case)
    closed = {month: closing.at for month, closing in closed_months.items()}
    now = Sheet(case, case.days, closed)
    if now.overlaps:
        return empty_answer(case, "overlap")
    settled, changed = [one for one in now.settled if month_of(one.window.date) not in closed], []
    for month, closing in sorted(closed_months.items()):
        settled += closing.signed
        changed += slips(closing.signed, [one for one in now.settled if month_of(one.window.date) == month])
    settled.sort(key=lambda one: (one.window.start, one.window.person))
    months = sorted({month_of(day) for day in case.days} | {row.month for row in case.months})
    answer = empty_answer(case, None)
    answer["windows"] = [window_row(one) for one in settled]
    answer["totals"] = [
        totals(person, [one for one in settled if one.window.person == person])
        for person in sorted({one.window.person for one in settled})
    ]
    answer["resident"] = resident_rows(case, months, closed)
    answer["meetings"] = [meeting_row(now.county, meeting) for meeting in case.meetings]
    answer["months"] = [{"month": month, "state": state(case, month, closed, settled)} for month in months]
    answer["slips"] = [
        {**window_key(slip.window.person, slip.window.date, slip.window.start), "was": slip.was, "now": slip.now}
        for slip in changed
    ]
    answer["exceptions"] = exceptions(now)
    return answer


def empty_answer(case: Case, refused: str | None) -> dict[str, Any]:
    names = ("windows", "totals", "resident", "meetings", "months", "slips", "exceptions")
    return {"name": case.name, "rules": RULES, "refused": refused, **{name: [] for name in names}}


def window_key(person: str, day: date, start: datetime) -> dict[str, Any]:
    return {"person": person, "date": day.isoformat(), "start": f"{start:%H:%M}"}


def window_row(one: Settled) -> dict[str, Any]:
    """Return a settled window as the answer writes it."""
    return {
        **window_key(one.window.person, one.window.date, one.window.start),
        "result": one.result,
        "kind": one.kind,
        "beside": [word for word in BESIDE_ORDER if word in one.beside],
        "late": one.late,
        "early": one.early,
        "flags": list(one.flags),
        "line": one.line,
        "reason": reason(one),
    }


def resident_rows(case: Case, months: list[str], closed: dict[str, datetime]) -> list[dict[str, Any]]:
    """Return each resident's days and nights of each month that is asked for.

    Their windows are settled for this on all dates of the month.
    """
    if not case.residencies:
        return []
    rows = []
    for month in sorted({*months, *(row["month"] for row in case.expectations.get("expect_resident", []))}):
        people = {residency.person for residency in case.residencies}
        sheet = Sheet(case, dates_of_month(month), closed, people)
        rows += [resident_row(case, residency, month, sheet.settled) for residency in case.residencies]
    return rows
