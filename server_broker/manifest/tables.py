"""Digests of dated tables: what was recorded and what was superseded in a stretch of time.

A model is a dated table if it has the field ``recorded_at``. Its rows never change, except that a later row supersedes
an earlier one (``superseded_at``) and that content may be erased (``erasable_fields``). So both of these stay outside
the digest of the day on which a row was recorded, and a row that is superseded counts on that day too.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model

from server_broker.decisions.rows import encode_content, table_of

_LATER = ("superseded_at", "superseded_by_id")


@dataclass(frozen=True, slots=True)
class TableDigest:
    """How many rows were recorded or superseded, and the digest over them."""

    count: int
    digest: bytes


def dated_models() -> list[type[Model]]:
    """Return the dated tables, in the order of their names."""
    return sorted((model for model in apps.get_models() if _has(model, "recorded_at")), key=table_of)


def _has(model: type[Model], field: str) -> bool:
    try:
        model._meta.get_field(field)
    except FieldDoesNotExist:
        return False
    return True


def table_digest(model: type[Model], *, after: dt.datetime | None, until: dt.datetime) -> TableDigest:
    """Return what a dated table got in ``[after, until)``; without ``after`` from its beginning."""
    hashed, count = hashlib.sha256(), 0
    for row in _rows(model, after, until):
        hashed.update(len(row).to_bytes(4, "big") + row)
        count += 1
    return TableDigest(count, hashed.digest())


def _rows(model: type[Model], after: dt.datetime | None, until: dt.datetime) -> Iterator[bytes]:
    erasable = getattr(model, "erasable_fields", ())
    columns = [field.attname for field in model._meta.concrete_fields]
    later = [name for name in columns if name in _LATER]
    kept = [name for name in columns if name not in _LATER and name.removesuffix("_id") not in erasable]
    stretches = [("recorded_at", kept)]
    if "superseded_at" in later:
        stretches.append(("superseded_at", ["pk", *later]))
    for moment, names in stretches:
        bounds = {f"{moment}__lt": until} | ({f"{moment}__gte": after} if after is not None else {})
        for row in model._base_manager.filter(**bounds).order_by("pk").values(*names).iterator(2_000):
            yield encode_content(row)
