"""Who may approve what, and which decision stands (§5)."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from tests.reckoning.case import Case, Decision, Leave
from tests.reckoning.knowing import as_known
from tests.reckoning.minutes import MINUTE, midnight
from tests.reckoning.regions import within

NO_RANK, SECRETARY, TOWNSHIP, COUNTY = range(4)
RANKS = {"cadre": NO_RANK, "secretary": SECRETARY, "township": TOWNSHIP, "county": COUNTY}
SECRETARY_DAYS = 1
TOWNSHIP_DAYS = 3
LATE_DAYS = 3


def in_commit_order(decisions: tuple[Decision, ...]) -> list[Decision]:
    """Return decisions as the county's database committed them (§5)."""
    return sorted(decisions, key=committed)


def committed(decision: Decision) -> tuple[int, datetime]:
    """Return where a decision stands in the order of commits."""
    return decision.commit, decision.at


def may_decide(then: Case, by: str, person: str, asked_by: str, needed: int, day: date) -> bool:
    """Return whether somebody may decide, by what the county knew at that moment (§5).

    Their region contains the person's; their rank is at least the needed one and the person's own; and they are
    neither asker nor person.
    """
    people = {row.id: row for row in then.people}
    if by not in people or person not in people or by in (person, asked_by):
        return False
    rank = RANKS[people[by].rank]
    return (
        within(then, people[person].village, people[by].village, day)
        and rank >= needed
        and rank >= RANKS[people[person].rank]
    )


def standing(
    case: Case, decisions: tuple[Decision, ...], person: str, asked_by: str, needed: Callable[[Case], int]
) -> Decision | None:
    """Return the decision that stands: the first by commit order that was made with the power for it (§5).

    One that was made without the power was refused when it was made, and is no decision. ``needed`` says which rank it
    took, by what the county knew at that moment.
    """
    for decision in in_commit_order(decisions):
        then = as_known(case, decision.at)
        if may_decide(then, decision.by, person, asked_by, needed(then), decision.at.date()):
            return decision
    return None


def rank_for_length(days: int) -> int:
    """Return the rank that leave of a length needs (§5)."""
    if days <= SECRETARY_DAYS:
        return SECRETARY
    return TOWNSHIP if days <= TOWNSHIP_DAYS else COUNTY


def asked_late(leave: Leave) -> bool:
    """Return whether a request was made at its start or after, so that it is marked 补 (§5)."""
    return leave.asked >= leave.start


def asked_in_time(leave: Leave) -> bool:
    """Return whether a request came before 24:00 of the third calendar day after the date of its last minute (§5)."""
    last = (leave.end - MINUTE).date()
    return leave.asked < midnight(last + timedelta(days=LATE_DAYS + 1))
