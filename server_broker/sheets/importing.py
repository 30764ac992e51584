"""Import the rows of a file. Either all of it is imported, or nothing.

An import has three steps: `read_import` turns the file into a plan, `preview` says what the plan would change, and
`take` does exactly what was shown. Between the last two the console keeps the plan (`sheets.pending`). What a file
of one purpose holds, and how it is checked and written, a room declares as an `Import`.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Model

from protocol.decisions import RowsImported
from server_broker.accounts.models import User
from server_broker.accounts.powers import Power, may
from server_broker.accounts.scope import scope as region_of
from server_broker.audit.log import Detail, record
from server_broker.dated.locking import among_writers
from server_broker.decisions.stream import decide
from server_broker.platform.sql import lock_until_commit
from server_broker.sheets.changes import Changes
from server_broker.sheets.declared import Book, SheetPlan
from server_broker.sheets.reading import read_file, seat
from server_broker.sheets.row_errors import MOST_ERRORS, RowError
from server_broker.sheets.workbook import BadWorkbook

_LOCK = 0x696D706F
"""Key of PostgreSQL's advisory lock for imports: "impo" in ASCII."""


@dataclass(frozen=True, slots=True)
class Import[P: SheetPlan, K]:
    """How the rows of a book get into the database. `take` calls these in one transaction.

    ``K`` is what the county already has of the things that the plan names.
    """

    book: Book[P]
    power: Power
    """What an account must be allowed to do, read again when the import is done."""
    action: str
    """Of the entry in the audit log."""
    known: Callable[[P], K]
    check: Callable[[P, K, str | None], Iterable[RowError]]
    """Yields what does not fit, lazily. The text is the region in whose subtree the rows must lie; None: no bound."""
    compare: Callable[[P, K], Changes]
    apply: Callable[[P, K, Changes, str], None]
    """Gets the account's name last, and may raise `ImportRefused`."""
    written: Callable[[P, Changes], Iterable[Model]]
    """The rows that ``apply`` wrote, for which the county's stream is to vouch."""
    renamed: Mapping[str, str] = field(default_factory=dict)
    """By sheet, the action under which each changed name gets an entry of its own in the audit log."""
    lock: Callable[[P], None] = lambda _: None
    """Locks the rows that the plan may change before they are compared, so that nothing comes between."""
    tried: Callable[[P, K, str | None, Collection[RowError]], Iterable[RowError]] = lambda *_: ()
    """Yields what only a trial shows of the rows that have none of these errors. A preview asks it; ``apply`` finds the
    same by itself."""


class ImportRefused(Exception):
    """Nothing was changed. ``errors`` says what is wrong, in the order of the sheets."""

    def __init__(self, errors: Collection[RowError], *, sheets: tuple[str, ...] = ()) -> None:
        super().__init__()
        order = {sheet: place for place, sheet in enumerate(("", *sheets))}
        self.errors = tuple(sorted(set(errors), key=lambda e: (order.get(e.sheet, 99), e.sheet, e.row, e.message)))


class OtherThanShown(Exception):
    """Nothing was changed: the import would change something else than the preview showed."""


class RenamesUnconfirmed(Exception):
    """Nothing was changed: names would change, and nobody has confirmed that."""


def read_import[P: SheetPlan](book: Book[P], source: Path | bytes, *, choice: str = "") -> P:
    """Read a file. Errors of single rows are in the plan; `preview` and `take` refuse it for them.

    Raises:
        ImportRefused: The file can't be read.
    """
    try:
        return read_file(book, source, choice=choice)
    except BadWorkbook as problem:
        raise ImportRefused([RowError("", 0, str(problem))]) from problem


@contextmanager
def import_seat() -> Iterator[None]:
    """Hold a seat in the block, for the steps of an import in the web (`sheets.reading.seat`).

    Raises:
        ImportRefused: No seat came free in time.
    """
    try:
        with seat():
            yield
    except BadWorkbook as busy:
        raise ImportRefused([RowError("", 0, str(busy))]) from busy


def preview[P: SheetPlan, K](of: Import[P, K], plan: P, *, scope: str | None) -> Changes:
    """Return what the plan would change now.

    Args:
        of: What kind of import this is.
        scope: Region code in whose subtree the rows must lie; None: no bound.

    Raises:
        ImportRefused: The plan can't be imported.
    """
    with transaction.atomic():
        return _checked(of, plan, scope, trial=True)[1]


def take[P: SheetPlan, K](
    of: Import[P, K],
    plan: P,
    *,
    scope: str | None,
    actor: str,
    shown: str,
    renames_confirmed: bool,
    account: User | None = None,
) -> Changes:
    """Change what a preview has shown, in one transaction.

    Args:
        of: As for `preview`.
        scope: As for `preview`.
        actor: Account name for the audit log.
        shown: The digest of the changes that were shown.
        renames_confirmed: A person has looked at each name that changes.
        account: The account that asks in the console. Its right and its scope are read again and locked, because they
            may have changed while the import waited for its turn.

    Raises:
        PermissionDenied: The account may not import any more: it was closed, or its role or region was taken away.
        ImportRefused: The plan no longer fits the county.
        OtherThanShown: The plan would change something else now.
        RenamesUnconfirmed: The plan changes names.
    """
    try:
        with transaction.atomic():
            # One import at a time: between the comparison and the COMMIT no other import may change what was compared.
            lock_until_commit(_LOCK)
            if account is not None:
                scope = _scope_still(account, of.power)
            among_writers()
            of.lock(plan)
            known, changes = _checked(of, plan, scope)
            if changes.digest() != shown:
                raise OtherThanShown
            if changes.renames and not renames_confirmed:
                raise RenamesUnconfirmed
            of.apply(plan, known, changes, actor)
            _record(of, plan, changes, actor)
            return changes
    except IntegrityError as error:
        # The lock keeps off other imports only; the console and enrolments write the same tables.
        raise ImportRefused([RowError("", 0, "同时有人在修改同样的内容，请稍后再上传一次")]) from error


def _scope_still(account: User, power: Power) -> str:
    # A plain lock on the row would also block every insert that refers to the account, such as a new session.
    now = User.objects.select_for_update(no_key=True).get(pk=account.pk)
    own = region_of(now)
    if own is None or not may(now, power):
        raise PermissionDenied
    return own


def _checked[P: SheetPlan, K](
    of: Import[P, K], plan: P, scope: str | None, *, trial: bool = False
) -> tuple[K, Changes]:
    """Return what the county has, and what the plan would change in it.

    Raises:
        ImportRefused: A row can't be read, or does not fit.
    """
    known = of.known(plan)
    # One more than is listed is asked for, to see whether there are more. `check` is lazy and does no work beyond that.
    room = MOST_ERRORS - len(plan.errors)
    found = list(islice(of.check(plan, known, scope), room + 1)) if room > 0 else []
    if trial and len(found) <= room:
        found += islice(of.tried(plan, known, scope, [*plan.errors, *found]), room + 1 - len(found))
    if len(found) > room > 0:
        found[room:] = [RowError("", 0, f"错误太多，只列出了 {MOST_ERRORS} 处：请改好这些，再上传一次")]
    if errors := [*plan.errors, *found]:
        raise ImportRefused(errors, sheets=of.book.titles())
    return known, of.compare(plan, known)


def _record(of: Import[Any, Any], plan: SheetPlan, changes: Changes, actor: str) -> None:
    detail: Detail = {}
    for sheet, count in changes.counts().items():
        detail |= {f"{sheet}.added": count.added, f"{sheet}.changed": count.changed}
    entry = record(actor=actor, action=of.action, detail=detail)
    # One decision for the whole list.
    decide(entry, RowsImported(), of.written(plan, changes))
    # One entry each, because somebody who asks who has renamed this person looks for the person's number.
    for change in changes.renames:
        record(actor=actor, action=of.renamed[change.sheet], subject=change.key)
