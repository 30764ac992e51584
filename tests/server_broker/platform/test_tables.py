"""The tables that rooms name in one another's SQL are those of their models, with these columns and types."""

import re
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection

import server_broker
from server_broker.platform.tables import Table

ROOMS = ("fleet", "attendance", "learning", "media", "ingest")
TABLES = [
    table
    for room in ROOMS
    for table in vars(import_module(f"server_broker.{room}.tables")).values()
    if isinstance(table, Table)
]
MODELS = {model._meta.db_table: model for model in apps.get_models()}

BINARY_TYPES = {
    "bigint": "int8",
    "integer": "int4",
    "smallint": "int2",
    "boolean": "bool",
    "timestamp with time zone": "timestamptz",
}
"""PostgreSQL's short names of types, by those that Django writes."""


def short_type(django_type: str) -> str:
    plain = re.sub(r"\(\d+\)", "", django_type)
    return "text" if plain == "varchar" else BINARY_TYPES.get(plain, plain)


@pytest.mark.parametrize("table", TABLES, ids=str)
def test_a_table_has_the_columns_of_its_model(table: Table) -> None:
    fields = {field.column: field for field in MODELS[table.name]._meta.concrete_fields}
    columns = {name.strip('"'): kind for name, kind in table.columns.items()}
    assert columns == {name: short_type(fields[name].db_type(connection) or "") for name in columns if name in fields}


def test_sql_names_another_room_s_table_by_its_constant() -> None:
    """A name in plain text is one that no linter sees; each room may write its own."""
    names = re.compile(r"\b(" + "|".join(table.name for table in TABLES) + r")\b")
    root = Path(server_broker.__file__).parent
    strangers = [
        f"{path.relative_to(root)}: {name}"
        for path in sorted(root.rglob("*.py"))
        if "migrations" not in path.parts and path.name != "tables.py"
        for name in names.findall(path.read_text(encoding="utf-8"))
        if not name.startswith(path.relative_to(root).parts[0] + "_")
    ]
    assert strangers == []
