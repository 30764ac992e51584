"""Erase the content of rows from the record of decisions. Their digests stay, and the chain still verifies."""

from collections.abc import Iterable
from itertools import batched, groupby

from django.db.models import Model

from protocol.decisions import Erased
from server_broker.audit.models import AuditEntry
from server_broker.decisions.models import DecidedRow
from server_broker.decisions.rows import key_of, row_id, table_of
from server_broker.decisions.stream import decide

_IDS_IN_A_FACT = 100


def erase_contents(entry: AuditEntry, rows: Iterable[Model]) -> int:
    """Erase what earlier decisions kept of ``rows``, state them as they are now, and return how many contents went.

    Call this in the transaction that erases the rows' own content, after that, with the audit entry of it.
    """
    erased = 0
    for model, found in groupby(sorted(rows, key=lambda row: table_of(type(row))), key=type):
        for some in batched(found, _IDS_IN_A_FACT, strict=False):
            ids = [row_id(key_of(row)) for row in some]
            kept = DecidedRow.objects.filter(table=table_of(model), row__in=ids, body__isnull=False)
            count = kept.update(salt=None, body=None)
            decide(entry, Erased(table=table_of(model), ids=ids, contents=count), some)
            erased += count
    return erased
