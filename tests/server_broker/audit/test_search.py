"""The search in the audit log: what it finds, and that it does not read the whole log for it."""

import json

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from server_broker.audit.log import record
from server_broker.audit.models import AuditEntry
from server_broker.audit.search import containing, whole_field
from server_broker.console.audit_words import entries_showing

pytestmark = pytest.mark.django_db
LETTERS = st.text("aB%_\\'\"张三登录 :-", max_size=6)
MANY = 10_000


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(LETTERS, LETTERS, LETTERS), max_size=5), LETTERS.filter(bool))
def test_found_is_what_contains_the_text(written: list[tuple[str, str, str]], text: str) -> None:
    entries = [record(actor, "a.b", subject, {"k": value}) for actor, subject, value in written]
    expected = {
        entry.pk
        for entry in entries
        if any(
            text.lower() in field.lower()
            for field in (
                entry.actor,
                entry.action,
                entry.subject,
                entry.source,
                json.dumps(entry.detail, ensure_ascii=False),
            )
        )
    }
    of_these = AuditEntry.objects.filter(pk__in=[entry.pk for entry in entries])
    assert set(of_these.filter(containing([text])).values_list("pk", flat=True)) == expected


def test_a_whole_field_is_not_a_part_of_one() -> None:
    record("li", "station.revoked", "s-1")
    record("li", "station.revoked_again", "s-2")
    assert subjects(containing([whole_field("station.revoked")])) == {"s-1"}
    assert subjects(containing(["Station.Revoked"])) == {"s-1", "s-2"}
    assert subjects(containing([])) == set()


def subjects(condition: Q) -> set[str]:
    return set(AuditEntry.objects.filter(condition).values_list("subject", flat=True))


def test_a_search_does_not_read_the_whole_log() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO audit_auditentry (version, at, actor, source, action, subject, detail, previous_hash, hash)"
            " SELECT 1, now(), 'officer-' || i %% 40, '10.0.0.' || i %% 200, 'snapshot.seen', 's-' || i,"
            " jsonb_build_object('picture', i), sha256(''), sha256(i::text::bytea) FROM generate_series(1, %s) AS i",
            [MANY],
        )
        cursor.execute("ANALYZE audit_auditentry")
    record("li", "account.signed_in", "张三")
    for search in ("登录", "张三", "s-4711"):
        with CaptureQueriesContext(connection) as caught:
            assert AuditEntry.objects.filter(entries_showing(search)).order_by("-id")[:50]
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {caught[0]['sql']}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
        assert "audit_by_bigram" in plan, search
        assert "Seq Scan" not in plan, search
