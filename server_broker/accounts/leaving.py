"""The account of a person who leaves: it opens nothing from that day on, whoever says so, and somebody closes it.

Whoever records that a person leaves often may not change that person's account, for example that of an auditor. The
account then stays in the table of accounts, marked, until somebody who may change it closes it. Meanwhile it can't be
used, because nothing stays valid by neglect.
"""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from server_broker.accounts.account_changes import close_account, say_changed
from server_broker.accounts.administration import may_change
from server_broker.accounts.models import User
from server_broker.accounts.scope import Viewer
from server_broker.audit.log import record


def person_leaves(person: int, *, on: dt.date, actor: str, administrator: Viewer | None = None) -> list[str]:
    """End the sign-ins of a person's account from a day on, and close it if that is possible now.

    Call this in the transaction that records that the person leaves.

    Args:
        person: Key of the person (`people.Person`).
        on: The first day, by the county's calendar, on which the person is no longer there.
        actor: Who records it, for the audit log.
        administrator: The account that records it, if one does.

    Returns:
        The names of the accounts that are left for somebody else to close.
    """
    left = []
    with transaction.atomic():
        for account in User.objects.select_for_update(of=("self",)).filter(person=person, is_active=True):
            if account.ends_on != on:
                account.ends_on = on
                account.save(update_fields=["ends_on"])
                say_changed(record(actor, "account.ends", account.get_username(), {"on": on.isoformat()}), account)
            is_due = on <= timezone.localdate()
            if is_due and administrator is not None and may_change(administrator, account):
                close_account(account, administrator=administrator)
            else:
                left.append(account.get_username())
    return left


def person_stays(person: int, *, actor: str) -> None:
    """Take back that a person leaves. An account that was closed meanwhile stays closed."""
    with transaction.atomic():
        ending = User.objects.select_for_update(of=("self",)).filter(person=person, ends_on__isnull=False)
        for account in ending:
            entry = record(actor, "account.stays", account.get_username(), {"on_was": str(account.ends_on)})
            account.ends_on = None
            account.save(update_fields=["ends_on"])
            say_changed(entry, account)
