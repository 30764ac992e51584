"""What a row says, in one fixed form, so that its digest is the same whenever it is made.

A model is under the county's watch if it has ``decided_fields``: the names of the fields that people decide. Columns
that machines keep (a last sign-in, a counter) are not among them. If its primary key may change, ``decided_key`` names
a field that does not. A dated row is under watch with all its columns, because nothing in it is overwritten.
"""

import datetime as dt
import json
import uuid
from collections.abc import Collection, Iterator
from functools import cache
from itertools import batched
from typing import Any

from django.apps import apps
from django.db.models import Field, ForeignKey, ManyToManyField, Model

from server_broker.dated.models import Dated

_AT_A_TIME = 2_000


@cache
def watched_models() -> tuple[type[Model], ...]:
    """Return the models under watch, in the order of their tables. Each decision asks for them."""
    return tuple(sorted((model for model in apps.get_models() if _names(model)), key=table_of))


def table_of(model: type[Model]) -> str:
    """Return the name under which facts know a model's rows."""
    return model._meta.db_table


def _names(model: type[Model]) -> tuple[str, ...]:
    if issubclass(model, Dated):
        return tuple(field.name for field in model._meta.concrete_fields if not field.primary_key)
    return tuple(getattr(model, "decided_fields", ()))


def contents(model: type[Model], keys: Collection[Any] | None = None) -> Iterator[tuple[str, bytes]]:
    """Yield id and content of rows as the database has them now, in the order of their keys.

    Args:
        keys: By which facts know the rows (`key_of`); None: all rows.
    """
    fields = [model._meta.get_field(name) for name in _names(model)]
    many = [field for field in fields if isinstance(field, ManyToManyField)]
    plain = {field.attname: _path(field) for field in fields if isinstance(field, Field)}
    plain = {name: path for name, path in plain.items() if name not in {field.attname for field in many}}
    own = _key(model)
    manager = model._base_manager
    rows = manager.all() if keys is None else manager.filter(**{f"{own}__in": keys})
    wanted = dict.fromkeys(["pk", own, *plain.values()])
    for some in batched(rows.order_by(own).values(*wanted).iterator(_AT_A_TIME), _AT_A_TIME, strict=False):
        related = {field.name: _related(field, [row["pk"] for row in some]) for field in many}
        for row in some:
            said = {name: row[path] for name, path in plain.items()}
            said |= {name: of_row.get(row["pk"], []) for name, of_row in related.items()}
            yield row_id(row[own]), encode_content(said)


def _key(model: type[Model]) -> str:
    return getattr(model, "decided_key", "pk")


def key_of(row: Model) -> Any:
    """Return the value by which facts know a row: its primary key, unless its model names another field for it."""
    return getattr(row, _key(type(row)))


def _path(field: "Field[Any, Any]") -> str:
    """Return the path by which a query reads a field. A foreign key is read as facts know the row (``decided_key``)."""
    related = field.related_model
    if isinstance(field, ForeignKey) and isinstance(related, type) and hasattr(related, "decided_key"):
        return f"{field.name}__{_key(related)}"
    return field.attname


def _related(field: "ManyToManyField[Any, Any]", keys: list[Any]) -> dict[Any, list[Any]]:
    own, other = field.m2m_column_name(), field.m2m_reverse_name()
    through = field.remote_field.through
    assert through is not None  # Django makes one for every field of this kind
    pairs = through._base_manager.filter(**{f"{own}__in": keys})
    found: dict[Any, list[Any]] = {}
    for key, value in pairs.order_by(own, other).values_list(own, other):
        found.setdefault(key, []).append(value)
    return found


def row_id(key: Any) -> str:
    """Return a primary key as facts write it."""
    return key.hex if isinstance(key, uuid.UUID) else str(key)


def encode_content(fields: dict[str, Any]) -> bytes:
    """Return content as bytes: JSON with sorted keys."""
    return json.dumps(
        {name: _plain(value) for name, value in fields.items()},
        ensure_ascii=False,
        sort_keys=True,
        separators=(",", ":"),
    ).encode()


def _plain(value: Any) -> Any:
    match value:
        case dt.datetime():
            return value.astimezone(dt.UTC).isoformat(timespec="microseconds")
        case dt.date() | dt.time():
            return value.isoformat()
        case bytes() | memoryview():
            return bytes(value).hex()
        case uuid.UUID():
            return value.hex
        case list() | tuple():
            return [_plain(item) for item in value]
        case _:
            return value


def differing(said: bytes, now: bytes) -> list[str]:
    """Return the names of the fields that differ between two contents.

    A field that only one of them has was added or removed by an update of the program, so it says nothing.
    """
    before, after = json.loads(said), json.loads(now)
    return sorted(name for name in before.keys() & after.keys() if before[name] != after[name])
