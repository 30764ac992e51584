"""Import people, cards, stations and rosters from an Excel file. Either all of it is imported, or nothing.

An import has three steps: `read_import` turns the file into a plan without card numbers, `preview` says what the plan
would change, and `take` does exactly what was shown. Between the last two the console keeps the plan
(`rosters.pending`). The command line takes all steps at once with `import_people`.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction

from protocol.cards import card_token
from protocol.printed_cards import Format
from server_broker.accounts.models import User
from server_broker.accounts.powers import Power, may
from server_broker.accounts.scope import scope as region_of
from server_broker.audit.log import Detail, record
from server_broker.fleet.desired_changes import desired_changed
from server_broker.fleet.models import Station
from server_broker.rosters.apply import apply
from server_broker.rosters.changes import SHEETS, Change, Changes, Count, changes_of
from server_broker.rosters.checks import check
from server_broker.rosters.known import Known, load_known
from server_broker.rosters.plan import MOST_ERRORS, CardRow, Plan, RowError
from server_broker.rosters.reading import read_file, seat
from server_broker.rosters.workbook import BadWorkbook
from server_broker.trust import county_keys

_LOCK = 0x696D706F
"""Key of PostgreSQL's advisory lock for imports: "impo" in ASCII."""


class ImportRefused(Exception):
    """Nothing was changed. ``errors`` says what is wrong, in the order of the sheets."""

    def __init__(self, errors: Collection[RowError]) -> None:
        super().__init__()
        self.errors = tuple(
            sorted(set(errors), key=lambda e: (_SHEET_ORDER.get(e.sheet, 99), e.sheet, e.row, e.message))
        )


class OtherThanShown(Exception):
    """Nothing was changed: the import would change something else than the preview showed."""


class RenamesUnconfirmed(Exception):
    """Nothing was changed: names would change, and nobody has confirmed that."""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The outcome of an import. If there is an error nothing was changed; otherwise every row was imported."""

    errors: tuple[RowError, ...] = ()
    counts: dict[str, Count] = field(default_factory=dict)
    changes: tuple[Change, ...] = ()
    notes: tuple[str, ...] = ()
    unconfirmed: bool = False
    """The only errors are names that would change; see `import_people`, ``renames``."""

    @property
    def ok(self) -> bool:
        """Whether the file was imported, or could be imported in a dry run."""
        return not self.errors

    def lines(self) -> list[str]:
        """Return the outcome in Chinese: a line for each error, or for each sheet."""
        if self.errors:
            return [f"没有导入任何内容，共 {len(self.errors)} 处错误：", *map(str, self.errors)]
        return [f"{sheet}：{count}" for sheet, count in self.counts.items()]


_SHEET_ORDER = {sheet: place for place, sheet in enumerate(("", *SHEETS))}


def read_import(source: Path | bytes, *, card_form: Format | None = None) -> Plan:
    """Read a file. Card numbers are replaced by their tokens at once, so that no later step can store one.

    Errors of single rows are in the plan; `preview` and `take` refuse it for them.

    Args:
        source: A path, or the file's bytes.
        card_form: The form of card numbers for which the list names none.

    Raises:
        ImportRefused: The file can't be read.
    """
    try:
        plan = read_file(source, card_form=card_form)
    except BadWorkbook as problem:
        raise ImportRefused([RowError("", 0, str(problem))]) from problem
    # A file without cards can be imported although the keys are missing.
    key = county_keys(settings.HOME).card_key if plan.uids else b""
    plan.cards = [CardRow(row.row, card_token(key, row.uid), row.uid[-4:], row.person) for row in plan.uids]
    plan.uids = []
    return plan


@contextmanager
def import_seat() -> Iterator[None]:
    """Hold a seat in the block, for the steps of an import in the web (`rosters.reading.seat`).

    Raises:
        ImportRefused: No seat came free in time.
    """
    try:
        with seat():
            yield
    except BadWorkbook as busy:
        raise ImportRefused([RowError("", 0, str(busy))]) from busy


def preview(plan: Plan, *, scope: str | None) -> Changes:
    """Return what the plan would change now.

    Args:
        scope: Region code in whose subtree the rows must lie; None: no bound.

    Raises:
        ImportRefused: The plan can't be imported.
    """
    with transaction.atomic():
        return _checked(plan, scope)[1]


def take(
    plan: Plan,
    *,
    scope: str | None,
    actor: str,
    shown: str,
    renames_confirmed: bool,
    account: User | None = None,
) -> Changes:
    """Change what a preview has shown, in one transaction.

    Args:
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
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            if account is not None:
                scope = _scope_still(account)
            known, changes = _checked(plan, scope)
            if changes.digest() != shown:
                raise OtherThanShown
            if changes.renames and not renames_confirmed:
                raise RenamesUnconfirmed
            villages = apply(plan, known, changes)
            _record(changes, actor)
            desired_changed(Station.objects.filter(village__in=villages).values_list("id", flat=True))
            return changes
    except IntegrityError as error:
        # The lock keeps off other imports only; the console and enrolments write the same tables.
        raise ImportRefused([RowError("", 0, "同时有人在修改同样的内容，请稍后再上传一次")]) from error


def _scope_still(account: User) -> str:
    # A plain lock on the row would also block every insert that refers to the account, such as a new session.
    now = User.objects.select_for_update(no_key=True).get(pk=account.pk)
    own = region_of(now)
    if own is None or not may(now, Power.EDIT_PEOPLE):
        raise PermissionDenied
    return own


def import_people(
    source: Path | bytes,
    *,
    scope: str | None = None,
    actor: str = "cunhui-server",
    card_form: Format | None = None,
    renames: Collection[str] | None = (),
    dry_run: bool = False,
) -> ImportResult:
    """Import one .xlsx file with any of the sheets 区划, 站点, 人员, 卡 and 值班, without asking a person.

    Rows are matched by key (code, number, card, or village and window name) and added or updated. What has no row in
    the file stays as it is. If the file has one error it changes nothing.

    Args:
        source: A path, or the file's bytes.
        scope: Region code in whose subtree the rows must lie; None: no bound.
        actor: Account name for the audit log.
        card_form: The form of card numbers for which the list names none.
        renames: Keys whose name may change; None: every key's.
        dry_run: Change nothing, and return what would change.
    """
    try:
        plan = read_import(source, card_form=card_form)
        changes = preview(plan, scope=scope)
        result = ImportResult(counts=changes.counts(), changes=changes.changed, notes=(*plan.notes, *changes.warnings))
        if dry_run:
            return result
        unconfirmed = [change for change in changes.renames if renames is not None and change.key not in renames]
        if unconfirmed:
            errors = []
            for change in unconfirmed:
                name = change.fields[0]  # the name is always the first column that differs
                words = f"{change.key} 现在叫“{name.before}”，文件里是“{name.after}”：请确认是改名"
                errors.append(RowError(change.sheet, change.row, words))
            return ImportResult(errors=tuple(errors), unconfirmed=True)
        take(plan, scope=scope, actor=actor, shown=changes.digest(), renames_confirmed=True)
    except ImportRefused as refusal:
        return ImportResult(errors=refusal.errors)
    except OtherThanShown:
        return ImportResult(errors=(RowError("", 0, "同时有人在修改同样的内容，请再试一次"),))
    return result


def _checked(plan: Plan, scope: str | None) -> tuple[Known, Changes]:
    """Return what the county has, and what the plan would change in it.

    Raises:
        ImportRefused: A row can't be read, or does not fit.
    """
    known = load_known(plan)
    # One more than is listed is asked for, to see whether there are more. `check` is lazy and does no work beyond that.
    room = MOST_ERRORS - len(plan.errors)
    found = list(islice(check(plan, known, scope), room + 1)) if room > 0 else []
    if len(found) > room > 0:
        found[room:] = [RowError("", 0, f"错误太多，只列出了 {MOST_ERRORS} 处：请改好这些，再上传一次")]
    if errors := [*plan.errors, *found]:
        raise ImportRefused(errors)
    return known, changes_of(plan, known)


def _record(changes: Changes, actor: str) -> None:
    detail: Detail = {}
    for sheet, count in changes.counts().items():
        detail |= {f"{sheet}.added": count.added, f"{sheet}.changed": count.changed}
    record(actor=actor, action="people.imported", detail=detail)
    # One entry each, because somebody who asks who has renamed this person looks for the person's number.
    for change in changes.renames:
        record(actor=actor, action=_RENAMED[change.sheet], subject=change.key)


_RENAMED = {"区划": "region.renamed", "站点": "station.renamed", "人员": "person.renamed"}
