"""The audit log grows and never changes, and a change behind its back is found."""

import ast
import hashlib
import json
import re
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

import server_broker
from server_broker.audit.log import coming_from, record, verify
from server_broker.audit.models import AuditEntry
from server_broker.console.action_words import ACTIONS
from tests.cast import AUDITOR, COUNTY_OFFICER, SHILI
from tests.server_broker.county import alarm, make_county, signed_in

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
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            cursor.execute(statement)
        assert AuditEntry.objects.count() == 4


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


def of_the_first_version(count: int) -> list[AuditEntry]:
    """Entries as the county wrote them before they said where a deed came from."""
    previous, made = bytes(32), []
    for number in range(count):
        at = timezone.now()
        content = [at.astimezone(UTC).isoformat(timespec="microseconds"), "operator", "claim.made", "", {"n": number}]
        text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        own = hashlib.sha256(previous + text.encode()).digest()
        values = {"at": at, "actor": "operator", "action": "claim.made", "detail": {"n": number}}
        made.append(AuditEntry.objects.create(**values, previous_hash=previous, hash=own))
        previous = own
    return made


def test_a_chain_that_began_without_sources_goes_on_with_them() -> None:
    of_the_first_version(2)
    fill(2)
    assert (verify().entries, verify().first_bad) == (4, None)
    assert list(AuditEntry.objects.order_by("id").values_list("version", "source")) == [
        (1, ""),
        (1, ""),
        (2, "local"),
        (2, "local"),
    ]


@pytest.mark.parametrize(
    ("number", "statement"),
    [
        (0, "UPDATE audit_auditentry SET source = '192.0.2.9' WHERE id = %s"),
        (1, "UPDATE audit_auditentry SET version = 2 WHERE id = %s"),
        (2, "UPDATE audit_auditentry SET source = '192.0.2.9' WHERE id = %s"),
        (2, "UPDATE audit_auditentry SET source = '' WHERE id = %s"),
        (3, "UPDATE audit_auditentry SET version = 1, source = '' WHERE id = %s"),
        (3, "UPDATE audit_auditentry SET version = 3 WHERE id = %s"),
    ],
)
def test_a_changed_source_or_version_is_named(number: int, statement: str) -> None:
    entries = [*of_the_first_version(2), *fill(2)]
    without_triggers(statement, [entries[number].pk])
    assert verify().first_bad == entries[number].pk


def test_nothing_is_added_in_the_first_version_s_way_any_more() -> None:
    entry = fill(1)[0]
    late = of_the_first_version(1)[0]
    content = [late.at.astimezone(UTC).isoformat(timespec="microseconds"), "operator", "claim.made", "", {"n": 0}]
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    own = hashlib.sha256(bytes(entry.hash) + text.encode()).digest()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_auditentry DISABLE TRIGGER audit_no_change")
        cursor.execute(
            "UPDATE audit_auditentry SET previous_hash = %s, hash = %s WHERE id = %s", [bytes(entry.hash), own, late.pk]
        )
    assert verify().first_bad == late.pk


def test_a_deed_says_which_address_it_came_from_and_no_header_changes_that() -> None:
    county = make_county()
    raised = alarm(county.stations[SHILI])
    page = signed_in(COUNTY_OFFICER)
    forged = {"X-Forwarded-For": "203.0.113.1", "Forwarded": "for=203.0.113.1", "X-Real-IP": "203.0.113.1"}
    page.post(f"/alarms/{raised.pk}/acknowledge/", headers=forged, REMOTE_ADDR="192.0.2.7")
    assert AuditEntry.objects.get(action="alarm.acknowledged").source == "192.0.2.7"
    with coming_from("2001:db8::1"):
        record("tester", "claim.made")
    record("tester", "claim.made")
    sources = AuditEntry.objects.filter(action="claim.made").order_by("id").values_list("source", flat=True)
    assert list(sources) == ["2001:db8::1", "local"]


@pytest.fixture
def auditor() -> Client:
    make_county()
    return signed_in(AUDITOR)


def listed(auditor: Client, search: str) -> str:
    html = auditor.get("/audit/", {"q": search}).content.decode()
    return html.split("<tbody>")[1] if "<tbody>" in html else ""


def test_entries_are_found_by_the_words_that_the_page_shows(auditor: Client) -> None:
    with coming_from("192.0.2.7"):
        record("zhang", "account.signed_in", detail={"by": "link"})
    record("li", "station.revoked", SHILI, {"reason": "设备丢失"})
    for search in ("登录", "signed_in", "192.0.2.7", "zhang", "一次性链接"):
        rows = listed(auditor, search)
        assert "192.0.2.7" in rows, search
        assert SHILI not in rows, search
    for search in ("吊销", "本机", SHILI, "设备丢失"):
        rows = listed(auditor, search)
        assert "吊销站点" in rows, search
        assert "本机" in rows, search
        assert "zhang" not in rows, search
    assert listed(auditor, "没有这样的词") == ""


def recorded_actions() -> Iterator[str]:
    """Every ``noun.verb`` that stands in a call of ``record`` in the county's code."""
    for path in Path(server_broker.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and "record" in (
                getattr(node.func, "id", ""),
                getattr(node.func, "attr", ""),
            ):
                said = [part.value for part in ast.walk(node) if isinstance(part, ast.Constant)]
                yield from (one for one in said if isinstance(one, str) and re.fullmatch(r"[a-z]+\.[a-z_]+", one))


def test_every_action_that_is_recorded_has_a_chinese_word() -> None:
    actions = set(recorded_actions())
    assert {"account.signed_in", "snapshot.seen", "county.restored"} <= actions
    assert actions - ACTIONS.keys() == set()
