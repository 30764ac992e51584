"""Faults that the proof must find, planted in the county that it has just judged. Each returns whether it was found.

Import it after `django.setup`.
"""

import datetime as dt
from collections.abc import Callable

import psycopg
from django.db import connection
from django.utils import timezone

from server_broker.people.models import Binding, PersonRecord
from tests.proofs.dated.__main__ import Findings, _compare, _wrong, ask
from tests.proofs.dated.outsider import Reckoning, Rows

_TABLE = "people_personrecord"


def _link() -> "psycopg.Connection[tuple[object, ...]]":
    connection.ensure_connection()
    info = connection.connection.info
    return psycopg.connect(host=info.host, dbname=info.dbname, user=info.user, port=info.port, autocommit=True)


def a_row_that_was_overwritten() -> bool:
    """Somebody takes the guard away and changes a row."""
    with _link() as link:
        rows = Rows(link)
        rows.look()
        link.execute(f"ALTER TABLE {_TABLE} DISABLE TRIGGER USER")
        link.execute(f"UPDATE {_TABLE} SET name = 'X' WHERE id = (SELECT min(id) FROM {_TABLE})")
        rows.look()
        link.execute(f"ALTER TABLE {_TABLE} ENABLE TRIGGER USER")
    return rows.overwritten == 1


def a_row_that_is_gone() -> bool:
    """Somebody takes the guard away and deletes a row."""
    with _link() as link:
        rows = Rows(link)
        rows.look()
        link.execute(f"ALTER TABLE {_TABLE} DISABLE TRIGGER USER")
        link.execute(f"DELETE FROM {_TABLE} WHERE id = (SELECT max(id) FROM {_TABLE})")
        rows.look()
        link.execute(f"ALTER TABLE {_TABLE} ENABLE TRIGGER USER")
    return rows.overwritten == 1


def a_missing_guard() -> bool:
    """The trigger that refuses changes is not there."""
    with _link() as link:
        rows = Rows(link)
        rows.look()
        row = rows.some_row(_TABLE, 0)
        assert row is not None
        link.execute(f"ALTER TABLE {_TABLE} DISABLE TRIGGER dated_supersede")
        let_through = rows.try_to_change(_TABLE, row)
        link.execute(f"ALTER TABLE {_TABLE} ENABLE TRIGGER dated_supersede")
    return let_through > 0


def an_answer_that_forgets_when_it_was_known() -> bool:
    """A question as of an evening gets the answer of now."""
    findings, now = Findings(), timezone.now()
    before = ask(now, None, [])
    row = PersonRecord.objects.known().filter(valid_to=None, left=False).first()
    assert row is not None
    type(row.subject)._base_manager.filter(pk=row.subject_id).update(name="另一个名字")
    _compare(findings, before, ask(timezone.now(), None, []), now)
    return findings.as_of_differences > 0


def a_card_of_somebody_else() -> bool:
    """The county says another holder than was recorded."""
    now = timezone.now()
    binding = (
        Binding.objects.known().at(now).filter(person__isnull=False, state="held").select_related("subject").first()
    )
    assert binding is not None
    reckoning = Reckoning()
    reckoning.set("nobody", now - dt.timedelta(days=1))
    return _wrong({bytes(binding.subject.token): reckoning}, now, Findings()) > 0


PLANTED: tuple[Callable[[], bool], ...] = (
    a_row_that_was_overwritten,
    a_row_that_is_gone,
    a_missing_guard,
    an_answer_that_forgets_when_it_was_known,
    a_card_of_somebody_else,
)
