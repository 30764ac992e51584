"""Import people, cards, stations and rosters from a file. Either all of it is imported, or nothing.

`PEOPLE_IMPORT` is what the console previews and takes (`sheets.importing`). The command line takes all steps at once
with `import_people`.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from protocol.cards import card_token
from protocol.printed_cards import Format
from server_broker.accounts.powers import Power
from server_broker.attendance.models import DutyWindow
from server_broker.attendance.shares import on_duty
from server_broker.dated.days import begin_of
from server_broker.dated.locking import among_writers
from server_broker.dated.writing import Period, acting
from server_broker.duty.overlaps import Overlap, dated_overlaps, lock_people, named_since, overlap_words
from server_broker.duty.reading import these
from server_broker.fleet.desired_changes import people_changed_in
from server_broker.fleet.models import Station
from server_broker.people.models import Person
from server_broker.regions.models import Region, region_chain, subtree_prefix
from server_broker.rosters.apply import apply
from server_broker.rosters.changes import changes_of
from server_broker.rosters.checks import check
from server_broker.rosters.known import Known, load_known
from server_broker.rosters.own_rows import own_rows
from server_broker.rosters.plan import CardRow, Plan, WindowRow, row_key, window_key
from server_broker.rosters.rows import BOOK
from server_broker.rosters.written import written
from server_broker.sheets import importing
from server_broker.sheets.changes import Change, Changes, Count
from server_broker.sheets.importing import Import, ImportRefused, OtherThanShown, preview, take
from server_broker.sheets.row_errors import RowError
from server_broker.trust import county_keys


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


def read_import(source: Path | bytes, *, card_form: Format | None = None) -> Plan:
    """Read a file. Card numbers are replaced by their tokens at once, so that no later step can store one.

    Errors of single rows are in the plan; `preview` and `take` refuse it for them.

    Args:
        source: A path, or the file's bytes.
        card_form: The form of card numbers for which the list names none.

    Raises:
        ImportRefused: The file can't be read.
    """
    plan = importing.read_import(BOOK, source, choice=card_form or "")
    # A file without cards can be imported although the keys are missing.
    key = county_keys(settings.HOME).card_key if plan.uids else b""
    plan.cards = [CardRow(row.row, card_token(key, row.uid), row.uid[-4:], row.person) for row in plan.uids]
    plan.uids = []
    return plan


def _apply(plan: Plan, known: Known, changes: Changes, actor: str) -> None:
    if own := list(own_rows(plan, known, changes, actor)):
        raise ImportRefused(own, sheets=BOOK.titles())
    villages, more = _written(plan, known, changes, _on_single_dates(plan, known, changes), actor=actor)
    if more:
        raise ImportRefused(list(_overlapping(plan, more)), sheets=BOOK.titles())
    people_changed_in(*villages)


def _tried(plan: Plan, known: Known, scope: str | None, errors: Collection[RowError]) -> Iterator[RowError]:
    """Yield the overlaps on single dates that the rows of 值班 without an error bring: they are written and taken back.

    With the people that the county has, because nobody new is in a window on a single date; and only the rows of people
    who are in one, because to write all of them would take as long as the import itself.
    """
    wrong = {error.row for error in errors if error.sheet == "值班"}
    rows = [
        replace(row, people=[number for number in row.people if number in known.people], leaders=None)
        for row in plan.windows
        if row.row not in wrong and row.village in known.regions
    ]
    if not rows or not (named := named_since(timezone.localdate())):
        return
    fitting = Plan(windows=_of_people(rows, known, named))
    changes = changes_of(fitting, known)
    if not changes.changed:
        return
    with transaction.atomic():
        among_writers()
        _lock(fitting)
        people = named & _on_single_dates(fitting, known, changes)
        _, more = _written(fitting, known, changes, people, actor="")
        # These may be otherwise once their rows are right.
        left_out = {row.key for row in plan.windows if row.row in wrong}
        windows = known.windows.items()
        unclear = {one.pk for key, one in windows if key in left_out or plan.may_hold("值班", row_key(key))}
        found = list(_overlapping(fitting, [one for one in more if unclear.isdisjoint((one.window, one.other))]))
        transaction.set_rollback(True)
    yield from found


def _of_people(rows: Sequence[WindowRow], known: Known, people: Collection[int]) -> list[WindowRow]:
    """Return the rows whose windows have or will have one of these people (ids), by name or perhaps by a post."""
    numbers = set(Person.objects.filter(pk=these(people)).values_list("number", flat=True))
    there = {row.key: known.windows[row.key] for row in rows if row.key in known.windows}
    windows = DutyWindow.objects.filter(pk=these(one.pk for one in there.values()))
    by_post = set(windows.exclude(posts=[]).values_list("pk", flat=True))
    found = []
    for row in rows:
        window = there.get(row.key)
        had = window.people if window is not None else {}
        if not numbers.isdisjoint((*row.people, *had)) or (window is not None and window.pk in by_post):
            found.append(row)
    return found


def _written(
    plan: Plan, known: Known, changes: Changes, people: Collection[int], *, actor: str
) -> tuple[set[str], list[Overlap]]:
    """Write the changes, and return the villages whose stations must learn of it and the overlaps of these people that
    it has brought on single dates."""
    today = timezone.localdate()
    before = dated_overlaps(people, today)
    with acting(actor, "导入"):
        villages = apply(plan, known, changes, actor)
    return villages, sorted(dated_overlaps(people, today) - before)


def _lock(plan: Plan) -> None:
    """Lock what the file names, in the order in which the console locks it: villages, people, windows, stations."""
    windows = DutyWindow.ever.filter(village__in={row.village for row in plan.windows})
    villages = {row.village for row in plan.windows} | {row.village for row in plan.people}
    villages |= (
        {row.region for row in plan.units} | {row.village for row in plan.stations} | {row.code for row in plan.regions}
    )
    list(Region.objects.select_for_update(no_key=True).filter(pk__in=villages).order_by("pk").values_list("pk"))
    numbers = {row.number for row in plan.people} | {number for row in plan.windows for number in row.people}
    people = set(Person.objects.filter(number__in=numbers).values_list("pk", flat=True))
    lock_people(people | set(windows.filter(people__isnull=False).values_list("people", flat=True)))
    list(windows.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk"))
    stations = Station.objects.filter(pk__in={row.id for row in plan.stations})
    list(stations.select_for_update(no_key=True).order_by("pk").values_list("pk"))


def _on_single_dates(plan: Plan, known: Known, changes: Changes) -> set[int]:
    """Return everybody who is or will be in a window that changes: single dates of theirs may now overlap."""
    changing = changes.rows_of("值班")
    rows = [row for row in plan.windows if row.row in changing]
    had = [known.windows[row.key].pk for row in rows if row.key in known.windows]
    windows = DutyWindow.ever.filter(pk__in=had)
    people = set(windows.filter(people__isnull=False).values_list("people", flat=True))
    numbers = {number for row in rows for number in row.people}
    people |= set(Person.objects.filter(number__in=numbers).values_list("pk", flat=True))
    posts = {post for window in windows for post in window.posts}
    return people | on_duty([], sorted(posts), Period(begin_of(timezone.localdate())))


def _overlapping(plan: Plan, overlaps: Sequence[Overlap]) -> Iterator[RowError]:
    """Yield an error for each overlap on a date, at the row of the window that brings it."""
    rows = {row.key: row.row for row in plan.windows}
    windows = DutyWindow.ever.filter(pk__in={pk for one in overlaps for pk in (one.window, one.other)})
    at = {
        pk: rows.get(window_key(village, name), 0) for pk, village, name in windows.values_list("pk", "village", "name")
    }
    # Who imports sees the villages of the file; of others neither windows nor people are named.
    chain = region_chain(plan.windows[0].village)
    around = (subtree_prefix(code) for code in reversed(chain))
    prefix = next((one for one in around if all(row.village.startswith(one) for row in plan.windows)), "none")
    for one, words in overlap_words(overlaps, prefix=prefix).items():
        yield RowError("值班", at[one.window] or at[one.other], words)


PEOPLE_IMPORT = Import(
    book=BOOK,
    power=Power.EDIT_PEOPLE,
    action="people.imported",
    known=load_known,
    check=check,
    compare=changes_of,
    apply=_apply,
    written=written,
    lock=_lock,
    tried=_tried,
    renamed={"区划": "region.renamed", "站点": "station.renamed", "人员": "person.renamed"},
)


def import_people(
    source: Path | bytes,
    *,
    scope: str | None = None,
    actor: str = "cunhui-server",
    card_form: Format | None = None,
    renames: Collection[str] | None = (),
    dry_run: bool = False,
) -> ImportResult:
    """Import an .xlsx file with any of the book's sheets, or one of them as CSV, asking nobody.

    Rows are matched by key (code, number, card, or the place and name of a unit or a window) and added or updated. What
    has no row in the file stays as it is. If the file has one error it changes nothing.

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
        changes = preview(PEOPLE_IMPORT, plan, scope=scope)
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
        take(PEOPLE_IMPORT, plan, scope=scope, actor=actor, shown=changes.digest(), renames_confirmed=True)
    except ImportRefused as refusal:
        return ImportResult(errors=refusal.errors)
    except OtherThanShown:
        return ImportResult(errors=(RowError("", 0, "同时有人在修改同样的内容，请再试一次"),))
    return result
