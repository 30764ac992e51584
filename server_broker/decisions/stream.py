"""Append decisions to the county's stream.

A decision is appended in the transaction that makes the change and its audit entry, so that none of the three is there
without the others. The audit log's lock is held from `record` to the COMMIT. So decisions are appended one at a time,
and this module needs no lock of its own.
"""

import secrets
from collections.abc import Iterable, Sequence
from itertools import batched, groupby
from operator import itemgetter

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model
from django.db.transaction import TransactionManagementError
from psycopg import sql

from protocol import chain, decisions
from protocol.china_time import milliseconds
from protocol.codec import encode
from protocol.decisions import CountyFact, Row, StreamEnd, StreamOpened, TablesStated, row_digest
from protocol.heads import sign_head
from protocol.signing import key_id
from server_broker.audit.log import record, take_turn
from server_broker.audit.models import AuditEntry
from server_broker.dated.writing import take_written
from server_broker.decisions.models import CountyStream, DecidedFact, DecidedRow
from server_broker.decisions.rows import contents, key_of, row_id, table_of, watched_models
from server_broker.platform.home import CountyHome
from server_broker.trust.county_mark import CountyMark, raise_mark, read_mark
from server_broker.trust.record_key import make_record_key, record_key

_AT_A_TIME = 2_000
_BYTES = 16
_ID_DIGITS = 12

type _Stated = tuple[str, str, bytes | None]
"""Table, id and content of a row; no content: the row was removed."""


def decide(entry: AuditEntry, what: decisions.Decision, rows: Iterable[Model] = ()) -> DecidedFact:
    """Append a decision to the county's stream, in the transaction of its audit entry.

    Args:
        entry: What `record` returned for it.
        rows: The rows that were written or removed for it. They are read from the database, so they must be saved.
            The dated rows of the transaction are added, so whoever writes them decides afterwards.

    Raises:
        ServiceError: The record key is missing.
    """
    if not connection.in_atomic_block:
        raise TransactionManagementError("a decision belongs into the transaction of its change")
    stream = _present_stream(settings.HOME)
    return _append(settings.HOME, stream, entry, what, [*_read(rows), *_read_dated()])


def check_can_decide(home: CountyHome) -> None:
    """Check that a decision can be signed. Ask before anything is done that no rollback takes back.

    Raises:
        RecordStopped: It can't. `decide` would raise the same.
    """
    stream = CountyStream.objects.order_by("-id").first()
    read_mark(home)
    if stream is not None:
        record_key(home, bytes(stream.record_key))


def open_stream(home: CountyHome) -> CountyStream:
    """Return the county's present stream. A new one is opened if there is none, or if the database was restored.

    In a transaction, nobody else appends until it ends.
    """
    with transaction.atomic():
        take_turn()
        return _present_stream(home)


def _read(rows: Iterable[Model]) -> list[_Stated]:
    stated: list[_Stated] = []
    for model, some in groupby(sorted(rows, key=lambda row: table_of(type(row))), key=type):
        keys = [key_of(row) for row in some]
        now = dict(contents(model, keys))
        stated += [(table_of(model), key, now.get(key)) for key in dict.fromkeys(map(row_id, keys))]
    return stated


def _read_dated() -> list[_Stated]:
    """Return the dated rows that the transaction wrote, as they are now."""
    models = {table_of(model): model for model in watched_models()}
    return [
        (table, key, content)
        for table, some in groupby(take_written(), key=itemgetter(0))
        for key, content in contents(models[table], [row for _, row in some])
    ]


def _present_stream(home: CountyHome) -> CountyStream:
    stream = CountyStream.objects.order_by("-id").first()
    mark = read_mark(home)
    if stream is None:
        return _open(home, mark, mark.county if mark else None, previous=None, key=None)
    if mark is not None and _is_behind(stream, mark):
        signed = mark.through if mark.epoch == bytes(stream.epoch).hex() else stream.through
        end = StreamEnd(epoch=bytes(stream.epoch), through=stream.through, head=bytes(stream.head), signed=signed)
        return _open(home, mark, stream.county, previous=end, key=bytes(stream.record_key))
    if new := [table for table in _watched_tables() if table not in stream.tables]:
        entry = record("service", "county.tables_stated", stream.county, {"tables": " ".join(new)})
        stream.tables = [*stream.tables, *new]
        _append(home, stream, entry, TablesStated(tables=new), _all_rows(new))
    return stream


def _is_behind(stream: CountyStream, mark: CountyMark) -> bool:
    """Tell whether more was committed than the database has, so that it was restored from an older backup."""
    if mark.epoch == bytes(stream.epoch).hex():
        return mark.through > stream.through
    # A late mark of an earlier epoch that the database knows says nothing, nor one that this epoch was opened for.
    return stream.answers != mark.epoch and not CountyStream.objects.filter(epoch=bytes.fromhex(mark.epoch)).exists()


def _open(
    home: CountyHome, mark: CountyMark | None, county: str | None, *, previous: StreamEnd | None, key: bytes | None
) -> CountyStream:
    signer = make_record_key(home) if key is None else record_key(home, key)
    public, epoch = signer.public_key().public_bytes_raw(), secrets.token_bytes(_BYTES)
    name = county or f"{decisions.COUNTY_PREFIX}{key_id(public).hex()[:_ID_DIGITS]}"
    entry = record("service", "county.stream_opened", name, {"epoch": epoch.hex()})
    stream = CountyStream.objects.create(
        county=name,
        epoch=epoch,
        head=chain.first_head(station=name, epoch=epoch),
        record_key=public,
        opened_at=entry.at,
        tables=_watched_tables(),
        answers=mark.epoch if mark is not None else "",
    )
    tables = stream.tables
    _append(home, stream, entry, StreamOpened(key=public, tables=tables, previous=previous), _all_rows(tables))
    return stream


def _watched_tables() -> list[str]:
    return [table_of(model) for model in watched_models()]


def _all_rows(tables: Sequence[str]) -> list[_Stated]:
    filled = _filled(tables)
    return [
        (table_of(model), key, content)
        for model in watched_models()
        if table_of(model) in filled
        for key, content in contents(model)
    ]


def _filled(tables: Sequence[str]) -> set[str]:
    """Return which of the tables have rows, asked at once: a young county has none in most of them."""
    one = sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})")
    asked = sql.SQL(" UNION ALL ").join(one.format(sql.Literal(name), sql.Identifier(name)) for name in tables)
    with connection.cursor() as cursor:
        cursor.execute(asked)
        return {name for (name,) in cursor.fetchall()}


def _append(
    home: CountyHome, stream: CountyStream, entry: AuditEntry, what: decisions.Decision, stated: Sequence[_Stated]
) -> DecidedFact:
    key = record_key(home, bytes(stream.record_key))
    made = [_row(*one) for one in stated]
    body = encode(
        CountyFact(
            at=milliseconds(entry.at),
            by=entry.actor,
            audit=bytes(entry.hash),
            what=what,
            rows=decisions.rows_of([Row(table=row.table, id=row.row, digest=_bytes(row.digest)) for row in made]),
        )
    )
    decisions.decode_decision(body)  # what no reader would take is not signed
    salt, seq = secrets.token_bytes(_BYTES), stream.through + 1
    digest = chain.fact_digest(salt=salt, body=body)
    head = chain.next_head(bytes(stream.head), seq=seq, digest=digest)
    signed = sign_head(key, station=stream.county, epoch=bytes(stream.epoch), through=seq, head=head)
    fact = DecidedFact.objects.create(
        stream=stream, seq=seq, salt=salt, body=body, head=head, signature=signed.signature
    )
    for some in batched(enumerate(made), _AT_A_TIME, strict=False):
        for place, row in some:
            row.fact, row.place = fact, place
        DecidedRow.objects.bulk_create(row for _, row in some)
    stream.through, stream.head = seq, head
    if isinstance(what, decisions.RecordKeyReplaced):
        stream.record_key = what.new
    stream.save(update_fields=["through", "head", "record_key", "tables"])
    mark = CountyMark(county=stream.county, epoch=bytes(stream.epoch).hex(), through=seq)
    # Robust: the decision is committed, whatever becomes of the mark.
    transaction.on_commit(lambda: raise_mark(home, mark), robust=True)
    return fact


def _row(table: str, key: str, content: bytes | None) -> DecidedRow:
    if content is None:
        return DecidedRow(table=table, row=key)
    salt = secrets.token_bytes(_BYTES)
    return DecidedRow(table=table, row=key, salt=salt, body=content, digest=row_digest(salt=salt, content=content))


def _bytes(value: bytes | memoryview | None) -> bytes | None:
    return None if value is None else bytes(value)
