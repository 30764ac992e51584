"""Compare the rows of the county with what was decided about them."""

from collections.abc import Iterator

from django.db import connection
from django.db.models import Model

from protocol.codec import encode
from protocol.decisions import CountyFact, Erased, Row, Rows, row_digest
from protocol.merkle import merkle_root
from server_broker.decisions.models import DecidedRow
from server_broker.decisions.rows import contents, differing, table_of, watched_models
from server_broker.manifest.problems import Problem
from server_broker.manifest.replay import Decided

type _Named = tuple[bytes, int]
"""Epoch and seq of a fact."""


def check_decided_rows(found: Decided) -> Problem | None:
    """Check that the rows beside each fact are those that it vouches for, and return the first that is not.

    Content may be missing only where a later fact says that it was erased.
    """
    said = {(epoch, seq): fact for epoch, seq, fact in found.facts}
    place = {named: number for number, named in enumerate(said)}
    erased = _erasures(found, place)
    unseen = {named for named, fact in said.items() if fact.rows is not None}
    for named, rows in _by_fact():
        if named not in said:
            return Problem("stream", str(named[1]), "记录链里没有这一条，却留有它写过的行")
        unseen.discard(named)
        if problem := _rows_of_fact(named[1], said[named], rows):
            return problem
        for row in rows:
            is_gone = row.digest is not None and row.body is None
            if is_gone and erased.get((row.table, row.row), -1) <= place[named]:
                return Problem("row", _shown(row.table, row.row), "记录链里它的内容不见了，却没有删除的决定")
    if unseen:
        first = min(unseen, key=lambda named: place[named])
        return Problem("stream", str(first[1]), "它写过的行不见了")
    return None


def _erasures(found: Decided, place: dict[_Named, int]) -> dict[tuple[str, str], int]:
    """Return for each erased row the place of the last fact that says so."""
    return {
        (fact.what.table, key): place[epoch, seq]
        for epoch, seq, fact in found.facts
        if isinstance(fact.what, Erased)
        for key in fact.what.ids
    }


def _by_fact() -> Iterator[tuple[_Named, list[DecidedRow]]]:
    rows: list[DecidedRow] = []
    named: _Named = (b"", 0)
    stored = DecidedRow.objects.select_related("fact__stream").order_by("fact__stream", "fact__seq", "place")
    for row in stored.iterator(chunk_size=2_000):
        of = bytes(row.fact.stream.epoch), row.fact.seq
        if rows and of != named:
            yield named, rows
            rows = []
        named = of
        rows.append(row)
    if rows:
        yield named, rows


def _rows_of_fact(seq: int, fact: CountyFact, rows: list[DecidedRow]) -> Problem | None:
    leaves = [
        Row(table=row.table, id=row.row, digest=None if row.digest is None else bytes(row.digest)) for row in rows
    ]
    root = Rows(count=len(leaves), root=merkle_root([encode(leaf) for leaf in leaves]))
    if [row.place for row in rows] != list(range(len(rows))) or fact.rows != root:
        return Problem("stream", str(seq), "它写过的行被增减或改动过")
    for row in rows:
        if row.digest is None or row.body is None or row.salt is None:
            continue
        if row_digest(salt=bytes(row.salt), content=bytes(row.body)) != bytes(row.digest):
            return Problem("row", _shown(row.table, row.row), f"记录链第 {seq} 条里它的内容被改过")
    return None


_NEWEST = """
SELECT DISTINCT ON ("row") "row", body, digest IS NULL FROM decisions_decidedrow
WHERE "table" = %s ORDER BY "row", id DESC
"""


def check_present_rows() -> tuple[int, list[Problem]]:
    """Compare every row under watch with the last decision about it. Return how many there are, and what differs.

    Of each table only the first that differs is named.
    """
    count, problems = 0, []
    for model in watched_models():
        checked, problem = _check_table(model)
        count += checked
        if problem is not None:
            problems.append(problem)
    return count, problems


def _check_table(model: type[Model]) -> tuple[int, Problem | None]:
    table = table_of(model)
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST, [table])
        decided = {row: (body, removed) for row, body, removed in cursor.fetchall()}
    count = 0
    for key, now in contents(model):
        count += 1
        body, removed = decided.pop(key, (None, True))
        if removed:
            return count, Problem("row", _shown(table, key), "没有任何决定说过它")
        if body is None:
            return count, Problem("row", _shown(table, key), "最后一次决定的内容已删除，无从核对")
        if fields := differing(bytes(body), now):
            return count, Problem("row", _shown(table, key), f"和最后一次决定不符：{_words(model, fields)}")
    missing = sorted(key for key, (_, removed) in decided.items() if not removed)
    if missing:
        return count, Problem("row", _shown(table, missing[0]), "决定里有它，库里没有了")
    return count, None


def _words(model: type[Model], names: list[str]) -> str:
    words = {field.attname: str(field.verbose_name) for field in model._meta.concrete_fields}
    return "、".join(words.get(name, name) for name in names)


def _shown(table: str, key: str) -> str:
    words = {table_of(model): str(model._meta.verbose_name) for model in watched_models()}
    return f"{words.get(table, table)} {key}（{table}）"
