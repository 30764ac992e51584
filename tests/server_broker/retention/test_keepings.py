"""The table of what is kept is whole: no table and no kind of fact is without a purpose and an end."""

import ast
import importlib
import inspect
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import FunctionType
from typing import get_args

import pytest
from django.apps import apps

from protocol.facts import KINDS, BlobPurpose
from server_broker.accounts.cleaning import LINKS_KEPT
from server_broker.bundles.index_keeper import COMPUTED_KEPT
from server_broker.ingest.quarantine import QUARANTINED_KEPT
from server_broker.media.kinds import ALLOWED
from server_broker.public import brake, sessions
from server_broker.retention.keeping_kinds import Ends, FactsEnd, FilesEnd, Keeping, RowsEnd, Stays
from server_broker.retention.keepings import FACTS_OF_MACHINES, KEEPINGS, NOTHING_OF_PEOPLE, blobs_kept, keeping
from server_broker.sheets import pending
from server_broker.supervisor import chores
from tests.cast import AUDITOR, OPERATOR
from tests.server_broker.county import make_county, signed_in


def _tables_of(row: Keeping) -> tuple[str, ...]:
    return (*row.models, *(row.by if isinstance(row, RowsEnd) else ()))


def test_every_table_is_held_for_a_purpose_or_holds_nothing_of_people() -> None:
    named = Counter([*(label for row in KEEPINGS for label in _tables_of(row)), *NOTHING_OF_PEOPLE])
    assert {label: count for label, count in named.items() if count != 1} == {}
    assert set(named) == {model._meta.label for model in apps.get_models()}


def test_every_kind_of_fact_is_held_for_a_purpose_or_is_a_machine_s() -> None:
    named = Counter([*(kind for row in KEEPINGS for kind in row.kinds), *FACTS_OF_MACHINES])
    assert {kind: count for kind, count in named.items() if count != 1} == {}
    assert set(named) == KINDS


def test_every_purpose_of_a_file_has_its_time() -> None:
    named = Counter(purpose for row in KEEPINGS for purpose in getattr(row, "purposes", ()))
    assert {purpose: count for purpose, count in named.items() if count != 1} == {}
    assert set(named) == {"", *get_args(BlobPurpose.__value__)} == set(blobs_kept())
    assert set(ALLOWED) == set(named) - {"", "log"}


@pytest.mark.parametrize("row", KEEPINGS, ids=lambda row: row.key)
def test_a_keeping_says_all_that_people_must_know_and_how_it_ends(row: object) -> None:
    found = next(one for one in KEEPINGS if one is row)
    assert all((found.what, found.purpose, found.ends, found.remains))
    assert keeping(found.key) is found
    match found:
        case FactsEnd():
            assert found.kinds
            for label, received in found.rows:
                assert label in found.models
                apps.get_model(label)._meta.get_field(received)
        case FilesEnd():
            assert found.purposes
        case RowsEnd():
            assert found.models == ()
            assert found.remains != "无" or all(found.by.values()), "what nothing deletes remains"
        case _:
            assert isinstance(found, Stays)
            assert found.remains == "全部"
    assert isinstance(found, Stays) or (isinstance(found, Ends) and found.kept >= timedelta(hours=1))


def _functions_of(code: Callable[..., object]) -> Iterator[Callable[..., object]]:
    """Yield the functions and classes of the county that a function names."""
    imported: dict[str, object] = {}
    for node in ast.walk(tree := ast.parse(textwrap.dedent(inspect.getsource(code)))):
        if isinstance(node, ast.ImportFrom) and node.module:
            module = importlib.import_module(node.module)
            imported |= {name.asname or name.name: getattr(module, name.name) for name in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            named = imported.get(node.id, inspect.unwrap(code).__globals__.get(node.id))
            if callable(named) and str(getattr(named, "__module__", "")).startswith("server_broker."):
                yield named


def _reached(begin: Callable[..., object]) -> set[str]:
    """Return the names of all that a function calls, and what that calls."""
    seen: set[str] = set()
    to_read: list[Callable[..., object]] = [begin]
    while to_read:
        for function in _functions_of(to_read.pop()):
            name = f"{function.__module__}.{function.__qualname__}"
            if name not in seen and isinstance(function, FunctionType):
                to_read.append(function)
            seen.add(name)
    return seen


def _names_of_rows(label: str) -> set[str]:
    """Return the name of a table's model, and of those with whose rows its own go."""
    model = apps.get_model(label)
    owners = [one.related_model for one in model._meta.get_fields() if one.concrete and one.is_relation]
    return {model.__name__, *(owner.__name__ for owner in owners if isinstance(owner, type))}


def test_nothing_is_promised_to_end_that_no_chore_ends() -> None:
    called = _reached(chores.county_chores) | _reached(chores.shelf_chores)
    assert {"server_broker.retention.erasing.erase_facts", "server_broker.media.retention.drop_expired"} <= called
    for row in KEEPINGS:
        for label, ender in row.by.items() if isinstance(row, RowsEnd) else ():
            if ender:
                assert f"server_broker.{ender}" in called, f"nothing deletes rows of {label}"
                module = importlib.import_module(f"server_broker.{ender.rpartition('.')[0]}")
                assert any(name in inspect.getsource(module) for name in _names_of_rows(label))


def test_what_a_chore_of_a_room_ends_ends_when_the_table_says() -> None:
    for key, kept in (
        ("imports", pending.KEPT_FOR),
        ("sent_messages", QUARANTINED_KEPT),
        ("accounts", LINKS_KEPT),
        ("phones", sessions.LINKS_KEPT),
        ("phones", brake.KEPT),
        ("published", COMPUTED_KEPT),
    ):
        row = keeping(key)
        assert isinstance(row, Ends)
        assert row.kept == kept


@pytest.mark.django_db
def test_the_auditor_sees_the_table_and_nobody_else() -> None:
    make_county()
    page = signed_in(AUDITOR).get("/kept/")
    assert page.status_code == 200
    html = page.content.decode()
    for row in KEEPINGS:
        assert row.what in html
        assert row.ends in html
    assert signed_in(OPERATOR).get("/kept/").status_code == 403
