"""A month's state, when it was closed, and what changed after that (§6)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from tests.reckoning.case import Case
from tests.reckoning.due import Window
from tests.reckoning.knowing import as_known
from tests.reckoning.minutes import first_of_month, first_of_next_month, midnight, month_of
from tests.reckoning.sheet import Sheet
from tests.reckoning.table import Settled

UNFINISHED = ("未", "待", "")


@dataclass(frozen=True)
class Closing:
    """When a month was closed, and the sheet that was signed."""

    at: datetime
    signed: list[Settled]


@dataclass(frozen=True)
class Slip:
    """A window of a signed sheet that has come to something else since."""

    window: Window
    was: str
    now: str


def days_of(case: Case, month: str) -> list[date]:
    """Return the dates of a month that the case settles: these are its sheet."""
    return [day for day in case.days if month_of(day) == month]


def has_ended(case: Case, month: str) -> bool:
    """Return whether a month has ended at the time for which the case is asked (§6)."""
    return case.as_of >= midnight(first_of_next_month(first_of_month(month)))


def is_unfinished(settled: list[Settled]) -> bool:
    """Return whether a sheet still has 未, 待 or blank (§6)."""
    return any(one.result in UNFINISHED for one in settled)


def closings(case: Case) -> dict[str, Closing]:
    """Return how each month was closed; a closing while the sheet was 进行中 or 未定稿 is none (§6).

    What was signed is what came of what the county had then.
    """
    found = {}
    for row in case.months:
        if row.closed is None:
            continue
        then = as_known(case, row.closed)
        if not has_ended(then, row.month):
            continue
        signed = Sheet(then, days_of(case, row.month), {row.month: row.closed}).settled
        if not is_unfinished(signed):
            found[row.month] = Closing(row.closed, signed)
    return found


def state(case: Case, month: str, closed: Collection[str], settled: list[Settled]) -> str:
    """Return the state of a month's sheet (§6)."""
    if month in closed:
        return "定稿"
    if not has_ended(case, month):
        return "进行中"
    if is_unfinished([one for one in settled if month_of(one.window.date) == month]):
        return "未定稿"
    return "公示" if any(row.month == month and row.shown is not None for row in case.months) else "可公示"


def what_counts(one: Settled) -> tuple[object, ...]:
    """Return what of a settled window is somebody's pay: a change of it goes on a slip."""
    return one.result, one.kind, tuple(sorted(one.beside)), one.late, one.early, one.leave_minutes


def slips(signed: list[Settled], now: list[Settled]) -> list[Slip]:
    """Return the windows whose result has changed since the sheet was signed (§6).

    A window that is on one of the two sheets alone was, or is, 休.
    """
    before = {(one.window.person, one.window.start): one for one in signed}
    after = {(one.window.person, one.window.start): one for one in now}
    found = []
    for key in sorted({*before, *after}, key=lambda key: (key[1], key[0])):
        was, is_now = before.get(key), after.get(key)
        some = was or is_now
        if some is None or (was and is_now and what_counts(was) == what_counts(is_now)):
            continue
        words = was.result if was else "休", is_now.result if is_now else "休"
        if words != ("休", "休"):
            found.append(Slip(some.window, *words))
    return found
