"""Show the person of a visit what their windows came to, as the county's list says, with or without a line.

The county alone settles. This station adds what it knows of the window, and whether a missing touch was reported.
"""

from collections.abc import Callable

from msgspec import UNSET

from agent.clocking.desk import KioskScreens
from agent.kiosk.own_month import OwnMonth, day_of, minute_of
from agent.kiosk.request_book import KnownRequest, RequestBook
from agent.kiosk.table import Rows
from agent.kiosk.visits import Visit, Visits
from protocol.bundle_contents import Month
from protocol.facts_requests import request_number
from protocol.kiosk_months import RESULT_LINES, OpenResults, ResultLine, ResultsShown
from protocol.months import MonthResult, MonthResults
from protocol.units import DayText, PersonId

_MISSING = "correction"


class OwnResults:
    """Answers `OpenResults`. Used on the core thread only."""

    def __init__(
        self,
        *,
        month: Callable[[PersonId], Month | None],
        touches: OwnMonth,
        book: RequestBook,
        screens: KioskScreens,
        visits: Visits,
    ) -> None:
        """
        Args:
            month: Returns the county's list for a person, or None.
            touches: Says for which days and windows a missing touch can be reported.
        """
        self._month = month
        self._touches = touches
        self._book = book
        self._screens = screens
        self._visits = visits

    def rows(self) -> Rows:
        """Return the messages that this room deals with."""
        return {OpenResults: self.asked}

    def can(self, visit: Visit) -> list[str]:
        """Return what can be opened here: nothing while the county has said nothing."""
        return ["results"] if _settled(self._month(visit.person)) is not None else []

    def asked(self, kiosk: int, asked: OpenResults) -> None:
        """Show a page, and note that it was opened."""
        visit = self._visits.asked(kiosk, asked, asked.visit)
        if visit is None:
            return
        visit.note("results")
        month = self._month(visit.person)
        settled = _settled(month)
        results = [] if settled is None else settled.results
        pages = max(1, -(-len(results) // RESULT_LINES))
        page = min(asked.page, pages - 1)
        shown = results[page * RESULT_LINES : (page + 1) * RESULT_LINES]
        reports = [one for one in self._book.of(visit.person, month=month) if one.kind == _MISSING]
        days = self._touches.days()
        answer = ResultsShown(
            visit=visit.id,
            page=page,
            pages=pages,
            through=None if settled is None else settled.through,
            told=None if settled is None else day_of(settled.told),
            lines=[self._line(visit.person, one, days, reports) for one in shown],
        )
        self._screens.answer(kiosk, answer)

    def _line(self, person: PersonId, one: MonthResult, days: list[DayText], reports: list[KnownRequest]) -> ResultLine:
        window = next((own for own in self._touches.windows(person, one.day) if own.start == one.start), None)
        report = next((own for own in reports if _is_about(own, one)), None)
        return ResultLine(
            day=one.day,
            start=one.start,
            result=one.result,
            end=None if window is None else window.end,
            window="" if window is None else window.window,
            late=one.late,
            early=one.early,
            kind=one.kind,
            why=one.why,
            waits=one.waits,
            may_report=window is not None and one.day in days,
            request="" if report is None else request_number(report.request),
            request_state=None if report is None else report.state,
        )


def _settled(month: Month | None) -> MonthResults | None:
    return None if month is None or month.settled is UNSET else month.settled


def _is_about(report: KnownRequest, one: MonthResult) -> bool:
    return bool(report.begin) and (day_of(report.begin), minute_of(report.begin)) == (one.day, one.start)
