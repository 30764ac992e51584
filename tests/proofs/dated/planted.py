"""Faults that the proof must find, planted in the county that it has just judged. Each returns whether it was found.

Import it after `django.setup`.
"""

import datetime as dt
from collections.abc import Callable

import psycopg
from django.db import connection
from django.utils import timezone

from server_broker.people.models import Binding, PersonRecord
from tests.proofs.dated.__main__ import Findings, _compare, _wrong, ask, reckon
from tests.proofs.dated.book import Book
from tests.proofs.dated.outsider import Reckoning, Rows

_TABLE = "people_personrecord"


def _link() -> "psycopg.Connection[tuple[object, ...]]":
    connection.ensure_connection()
    info = connection.connection.info
    return psycopg.connect(host=info.host, dbname=info.dbname, user=info.user, port=info.port, autocommit=True)


def a_row_that_was_overwritten() -> bool:
    """Somebody takes the guard away and changes a row. Whoever reads all rows finds it, and the trigger too."""
    return (
        _written_over("dated_supersede", f"UPDATE {_TABLE} SET name = 'X' WHERE id = (SELECT min(id) FROM {_TABLE})")
        == 2
    )


def a_row_that_is_gone() -> bool:
    """Somebody takes all triggers away and deletes a row. Whoever reads all rows finds it."""
    return _written_over("USER", f"DELETE FROM {_TABLE} WHERE id = (SELECT max(id) FROM {_TABLE})") == 1


def _written_over(trigger: str, statement: str) -> int:
    with _link() as link:
        rows = Rows(link)
        rows.look()
        before = rows.overwritten
        link.execute(f"ALTER TABLE {_TABLE} DISABLE TRIGGER {trigger}")
        link.execute(statement)
        link.execute(f"ALTER TABLE {_TABLE} ENABLE TRIGGER {trigger}")
        rows.look()
        return rows.overwritten - before


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


def an_edit_that_the_county_forgot() -> bool:
    """The list of edits has somebody in a window and away on leave, and the county knows nothing of it."""
    day = dt.date(2020, 1, 6)
    book = Book({day + dt.timedelta(days=n): True for n in range(-2, 3)})
    terms = {"people": frozenset({1}), "posts": frozenset(), "weekdays": frozenset({1}), "named": False}
    book.window_made(1, 1, day, terms | {"start": 480, "end": 720, "season": (0, 0)})
    book.went_away(1, (1, "leave", "sick", dt.datetime(2020, 1, 6), dt.datetime(2020, 1, 7)))  # noqa: DTZ001 - local
    findings = Findings()
    reckon(book, day, [1], findings)
    return (findings.wrong_due, findings.wrong_excuses) == (1, 1)


PLANTED: tuple[Callable[[], bool], ...] = (
    a_row_that_was_overwritten,
    a_row_that_is_gone,
    a_missing_guard,
    an_answer_that_forgets_when_it_was_known,
    a_card_of_somebody_else,
    an_edit_that_the_county_forgot,
)
