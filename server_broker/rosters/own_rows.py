"""Nobody imports their own name, card or duty: these rows of a file are refused, and somebody else imports them."""

from collections.abc import Iterator

from server_broker.accounts.models import User
from server_broker.accounts.own_affairs import OwnAffair, refuse_own_affair
from server_broker.people.models import Person
from server_broker.rosters.known import Known
from server_broker.rosters.plan import Plan
from server_broker.sheets.changes import Changes
from server_broker.sheets.row_errors import RowError


def own_rows(plan: Plan, known: Known, changes: Changes, actor: str) -> Iterator[RowError]:
    """Yield an error for each row that would change something of the account's own person."""
    account = User.objects.filter(username=actor).first()
    person = Person.objects.filter(accounts__username=actor).first()
    if account is None or person is None:
        return
    try:
        refuse_own_affair(account, people=[person.pk])
    except OwnAffair as refusal:
        changed = {(change.sheet, change.row) for change in changes.changed}
        for sheet, row in _rows_about(person.number, plan, known):
            if (sheet, row) in changed:
                yield RowError(sheet, row, str(refusal))


def _rows_about(number: str, plan: Plan, known: Known) -> Iterator[tuple[str, int]]:
    yield from (("人员", row.row) for row in plan.people if row.number == number)
    yield from (("卡", row.row) for row in plan.cards if row.person == number)
    for row in plan.windows:
        window = known.windows.get((row.village, row.name))
        # Also who takes a name out of a window excuses that person.
        if number in row.people or (window is not None and number in window.people):
            yield "值班", row.row
