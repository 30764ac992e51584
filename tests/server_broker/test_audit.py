"""The audit log grows and never changes, and a change behind its back is found."""

import pytest
from django.db import DatabaseError, connection, transaction

from server_broker.audit.log import record, verify
from server_broker.audit.models import AuditEntry

pytestmark = pytest.mark.django_db


def fill(count: int = 4) -> list[AuditEntry]:
    return [record("operator", "claim.made", f"village-{n:02}", {"n": n, "地": "示例村"}) for n in range(count)]


def without_triggers(statement: str, parameters: list[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER audit_no_change")
        cursor.execute(statement, parameters)


def test_entries_chain_and_the_chain_holds() -> None:
    entries = fill()
    assert [bytes(e.previous_hash) for e in entries[1:]] == [bytes(e.hash) for e in entries[:-1]]
    check = verify()
    assert (check.entries, check.first_bad) == (4, None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditentry SET actor = 'x'",
        "DELETE FROM audit_auditentry",
        "TRUNCATE audit_auditentry",
    ],
)
def test_the_database_refuses_to_change_it(statement: str) -> None:
    fill()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditentry ENABLE TRIGGER audit_no_truncate")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(statement)
        assert AuditEntry.objects.count() == 4
        cursor.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER audit_no_truncate")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_auditentry SET detail = '{}' WHERE id = %s",
        "UPDATE audit_auditentry SET at = at + interval '1 microsecond' WHERE id = %s",
        "UPDATE audit_auditentry SET actor = 'another' WHERE id = %s",
    ],
)
def test_a_changed_entry_is_named(statement: str) -> None:
    entries = fill()
    without_triggers(statement, [entries[1].pk])
    assert verify().first_bad == entries[1].pk


def test_a_removed_entry_is_noticed_at_the_next() -> None:
    entries = fill()
    without_triggers("DELETE FROM audit_auditentry WHERE id = %s", [entries[1].pk])
    assert verify().first_bad == entries[2].pk


def test_text_that_the_database_cannot_hold_is_still_recorded() -> None:
    record("a\x00b", "claim.made", "s" * 500, {"text": "x\x00y"})
    assert verify().first_bad is None
