"""What people decide is in the county's stream: chained, signed, and in the transaction of the change."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.db.transaction import TransactionManagementError

import server_broker
from protocol import chain
from protocol.decisions import CardBound, CountyFact, Decided, StreamOpened, TablesStated, decode_decision, row_digest
from protocol.heads import SignedHead, verify_head
from server_broker.audit.log import record
from server_broker.audit.models import AuditEntry
from server_broker.decisions.models import CountyStream, DecidedFact, DecidedRow
from server_broker.decisions.stream import decide
from server_broker.decisions.undecided import UNDECIDED
from server_broker.people.cards import bind_card, report_lost
from server_broker.people.models import Card
from tests.cast import ZHANG
from tests.server_broker.county import make_county

pytestmark = pytest.mark.django_db


def facts() -> list[CountyFact]:
    return [decode_decision(bytes(fact.body)) for fact in DecidedFact.objects.order_by("stream", "seq")]


def test_a_decision_is_a_fact_that_names_its_audit_entry_and_its_row() -> None:
    person = make_county().people[ZHANG]
    card = bind_card(bytes(range(16)), person, actor="officer")
    opened, bound = facts()
    assert isinstance(opened.what, StreamOpened)
    entry = AuditEntry.objects.get(action="card.bound")
    assert bound.what == CardBound(card=card.pk, person=person.pk)
    assert (bound.by, bound.audit) == ("officer", bytes(entry.hash))
    row = DecidedRow.objects.get(fact__seq=2, table="people_card")
    assert (row.table, row.row) == ("people_card", str(card.pk))
    assert row.salt is not None
    assert row.body is not None
    assert row_digest(salt=bytes(row.salt), content=bytes(row.body)) == bytes(row.digest or b"")
    # A person's name is in no fact: only the digest of the row is.
    assert all(person.name.encode() not in bytes(fact.body) for fact in DecidedFact.objects.all())


def test_the_first_fact_states_the_rows_that_the_county_had_before() -> None:
    county = make_county()
    report_lost(county.cards[ZHANG], actor="officer")
    opened = facts()[0]
    assert opened.rows is not None
    stated = DecidedRow.objects.filter(fact__seq=1)
    assert stated.count() == opened.rows.count
    assert stated.filter(table="people_person").count() == len(county.people)


def test_each_head_follows_and_is_signed() -> None:
    person = make_county().people[ZHANG]
    for number in range(3):
        report_lost(bind_card(bytes([number]) * 16, person, actor="officer"), actor="officer")
    stream = CountyStream.objects.get()
    head = chain.first_head(station=stream.county, epoch=bytes(stream.epoch))
    for fact in DecidedFact.objects.order_by("seq"):
        digest = chain.fact_digest(salt=bytes(fact.salt), body=bytes(fact.body))
        head = chain.next_head(head, seq=fact.seq, digest=digest)
        signed = SignedHead(
            epoch=bytes(stream.epoch), through=fact.seq, head=bytes(fact.head), signature=bytes(fact.signature)
        )
        assert head == bytes(fact.head)
        verify_head(bytes(stream.record_key), station=stream.county, signed=signed)
    assert (stream.through, bytes(stream.head)) == (7, head)


def test_a_change_that_is_undone_leaves_no_decision() -> None:
    person = make_county().people[ZHANG]
    undone = transaction.atomic()
    undone.__enter__()
    bind_card(bytes(16), person, actor="officer")
    undone.__exit__(ValueError, ValueError(), None)
    assert (Card.objects.filter(token=bytes(16)).count(), DecidedFact.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_decision_outside_a_transaction_is_refused() -> None:
    entry = record("officer", "card.bound")
    with pytest.raises(TransactionManagementError):
        decide(entry, Decided(action="card.bound"))
    assert DecidedFact.objects.count() == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE decisions_decidedfact SET body = 'x'",
        "DELETE FROM decisions_decidedfact",
        "DELETE FROM decisions_decidedrow",
        "UPDATE decisions_decidedrow SET digest = NULL",
        "UPDATE decisions_decidedrow SET body = 'x'",
        "UPDATE decisions_decidedrow SET salt = NULL, body = NULL, \"row\" = '5'",
    ],
)
def test_the_database_refuses_to_change_what_was_decided(statement: str) -> None:
    report_lost(make_county().cards[ZHANG], actor="officer")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_the_database_lets_content_be_erased() -> None:
    report_lost(make_county().cards[ZHANG], actor="officer")
    assert DecidedRow.objects.update(salt=None, body=None) > 0


def test_a_table_that_a_new_version_watches_is_stated_before_the_next_decision() -> None:
    county = make_county()
    card = county.cards[ZHANG]
    report_lost(card, actor="officer")
    CountyStream.objects.update(tables=["people_card"])
    with transaction.atomic():
        decide(record("officer", "card.lost"), Decided(action="card.lost"), [card])
    stated = next(fact.what for fact in facts() if isinstance(fact.what, TablesStated))
    assert "people_person" in stated.tables
    assert "people_card" not in stated.tables


def _called(tree: ast.AST) -> set[str]:
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {getattr(function, "id", "") or getattr(function, "attr", "") for function in calls}


def _recorded(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and "record" in (getattr(node.func, "id", ""), getattr(node.func, "attr", "")):
            said = (part.value for part in ast.walk(node) if isinstance(part, ast.Constant))
            yield from (one for one in said if isinstance(one, str) and re.fullmatch(r"[a-z_]+\.[a-z_]+", one))


def test_each_action_is_a_decision_or_is_named_as_none() -> None:
    """An action counts as decided if the function that records it calls ``decide``, or another that does."""
    functions = [
        (path.name, function)
        for path in Path(server_broker.__file__).parent.rglob("*.py")
        for function in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(function, ast.FunctionDef)
    ]
    deciding = {"decide", "_append"} | {function.name for _, function in functions if "decide" in _called(function)}
    seen = {action for _, function in functions for action in _recorded(function)}
    forgotten = {
        f"{name}: {action}"
        for name, function in functions
        if not deciding & _called(function)
        for action in _recorded(function)
        if action not in UNDECIDED
    }
    assert forgotten == set()
    assert {"card.bound", "setting.chosen", "account.signed_in"} <= seen
    assert UNDECIDED.keys() <= seen | {"person.renamed", "region.renamed", "station.renamed"}


def test_what_is_named_as_no_decision_has_a_reason() -> None:
    assert all(UNDECIDED.values())
