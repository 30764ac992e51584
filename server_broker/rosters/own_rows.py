"""Nobody imports their own name, card or duty: these rows of a file are refused, and somebody else imports them."""

from collections.abc import Iterator

from django.utils import timezone

from server_broker.accounts.own_affairs import OwnAffair, refuse_own_affair
from server_broker.attendance.models import DutyWindow
from server_broker.people.models import HoldingRecord, HoldingState, Person
from server_broker.rosters.known import Known
from server_broker.rosters.plan import Plan, window_key
from server_broker.sheets.changes import Changes
from server_broker.sheets.row_errors import RowError


def own_rows(plan: Plan, known: Known, changes: Changes, actor: str) -> Iterator[RowError]:
    """Yield an error for each row that would change something of the account's own person."""
    person = Person.objects.filter(accounts__username=actor).first()
    if person is None:
        return
    try:
        refuse_own_affair(actor, [person.pk])
    except OwnAffair as refusal:
        changed = {(change.sheet, change.row) for change in changes.changed}
        for sheet, row in _rows_about(person, plan, known):
            if (sheet, row) in changed:
                yield RowError(sheet, row, str(refusal))


def _rows_about(person: Person, plan: Plan, known: Known) -> Iterator[tuple[str, int]]:
    number, by_post = person.number, _windows_by_post(person)
    yield from (("人员", row.row) for row in plan.people if row.number == number)
    yield from (("卡", row.row) for row in plan.cards if row.person == number)
    for row in plan.windows:
        window = known.windows.get(row.key)
        # Also who takes a name out of a window excuses that person.
        is_in = window is not None and number in window.people
        if number in row.people or is_in or row.key in by_post:
            yield "值班", row.row


def _windows_by_post(person: Person) -> set[tuple[str, str]]:
    """Return the village and name of each window that the person is in by a post, now or later."""
    now = timezone.now()
    held = HoldingRecord.objects.known().during(now, None).filter(state=HoldingState.HELD, subject__person=person)
    posts = sorted(set(held.values_list("subject__post", flat=True)))
    named = DutyWindow.objects.filter(posts__overlap=posts).values_list("village", "name")
    return {window_key(village, name) for village, name in named}
