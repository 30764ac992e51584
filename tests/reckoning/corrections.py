"""Which corrections hold (§2.7, §5, §6)."""

from dataclasses import dataclass
from datetime import date, datetime, time

from tests.reckoning.case import Case, Correction, Decision
from tests.reckoning.due import Window
from tests.reckoning.knowing import as_known
from tests.reckoning.minutes import cut, month_of
from tests.reckoning.powers import SECRETARY, TOWNSHIP, in_commit_order, may_decide, standing
from tests.reckoning.regions import parameter
from tests.reckoning.units import Spans

Key = tuple[str, date, time, str]


@dataclass(frozen=True)
class Approval:
    """A correction that holds, since when, and where that stands in the order of approval."""

    correction: Correction
    at: datetime
    complete: tuple[datetime, int]


def asked_before_closing(correction: Correction, closings: dict[str, datetime]) -> bool:
    """Return whether a correction was asked while the month of its date was open, before the closing's minute (§6)."""
    closed = closings.get(month_of(correction.date))
    return closed is None or cut(correction.asked) < cut(closed)


def approved_at(decision: Decision) -> tuple[datetime, int]:
    """Return where a decision stands among those on other requests, of which its number of commit says nothing."""
    return decision.at, decision.commit


def approved(case: Case, closings: dict[str, datetime]) -> list[tuple[Correction, Decision]]:
    """Return the corrections that a village secretary or somebody above approved, in order of approval (§5)."""
    found = []
    for correction in case.corrections:
        if not asked_before_closing(correction, closings):
            continue
        decision = standing(case, correction.decisions, correction.person, correction.asked_by, lambda _then: SECRETARY)
        if decision is not None and decision.yes:
            found.append((correction, decision))
    return sorted(found, key=lambda pair: approved_at(pair[1]))


def second_approval(case: Case, correction: Correction, first: Decision) -> Decision | None:
    """Return the second approver's word: somebody else's, of township rank at least (§5)."""
    for decision in in_commit_order(correction.second):
        then = as_known(case, decision.at)
        if decision.by != first.by and may_decide(
            then, decision.by, correction.person, correction.asked_by, TOWNSHIP, decision.at.date()
        ):
            return decision if decision.yes else None
    return None


def allowance(case: Case, correction: Correction) -> int:
    """Return how many corrections a month the person's village lets one approver allow (§5)."""
    villages = [person.village for person in case.people if person.id == correction.person]
    number: int = parameter(case, "corrections_per_month", villages[0], correction.date)
    return number


def corrections_in_force(case: Case, closings: dict[str, datetime]) -> dict[Key, list[Approval]]:
    """Return the corrections of each mark in the order in which they were approved; the last holds (§2.7).

    By month of the corrected date, the approved ones in order of approval; those beyond ``corrections_per_month`` hold
    only with a second approver (§5).
    """
    approvals = []
    so_far: dict[tuple[str, str], int] = {}
    for correction, first in approved(case, closings):
        count = so_far[correction.person, month_of(correction.date)] = (
            so_far.get((correction.person, month_of(correction.date)), 0) + 1
        )
        decisions = [first]
        if count > allowance(case, correction):
            second = second_approval(case, correction, first)
            if second is None:
                continue
            decisions.append(second)
        last = max(decisions, key=approved_at)
        approvals.append(Approval(correction, last.at, approved_at(last)))
    found: dict[Key, list[Approval]] = {}
    for approval in sorted(approvals, key=lambda one: one.complete):
        one = approval.correction
        found.setdefault((one.person, one.date, one.window, one.mark), []).append(approval)
    return found


def corrections_of(found: dict[Key, list[Approval]], window: Window, mark: str, spans: Spans) -> list[datetime | None]:
    """Return to which time the mark of a window is corrected: one element, or none where it is not (§2.7).

    The window had ended when it was approved, and the time lies within the window's spans, or is "no mark" (None).
    """
    held = [
        approval.correction
        for approval in found.get((window.person, window.date, window.start.time(), mark), [])
        if cut(approval.at) >= window.end
        and (approval.correction.time is None or spans.place_of(cut(approval.correction.time)) != "")
    ]
    return [None if correction.time is None else cut(correction.time) for correction in held[-1:]]
