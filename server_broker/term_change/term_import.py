"""Show and do a term change. All posts of the sheet change in one transaction, and one decision names the rows."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator

from django.db import transaction
from django.utils import timezone

from server_broker.accounts.own_affairs import OwnAffair, is_own_affair, refuse_own_affair
from server_broker.accounts.powers import Power
from server_broker.attendance.models import WindowRecord
from server_broker.dated.writing import Period, put
from server_broker.duty.lost_turns import due_in, lost_words
from server_broker.duty.overlaps import overlap_words, overlaps_in
from server_broker.duty.reading import Asked, turns_of
from server_broker.fleet.desired_changes import people_changed_in
from server_broker.people.models import Holding, HoldingRecord, HoldingState, Person, Post, Unit
from server_broker.regions.models import subtree_prefix
from server_broker.sheets.changes import Change, Changes, FieldChange
from server_broker.sheets.importing import Import, ImportRefused
from server_broker.sheets.row_errors import RowError
from server_broker.term_change.known import TermKnown, load_known
from server_broker.term_change.rows import BOOK, SHEET, TermPlan
from server_broker.term_change.turnover import Turn, gaps, turnover

REASON = "换届"
MOST_TOLD = 20
_LOOK_AHEAD = dt.timedelta(days=35)
type _Pair = tuple[int, int]
"""A post and a person."""


def check(plan: TermPlan, known: TermKnown, scope: str | None) -> Iterator[RowError]:
    """Yield everything that stands in the way."""
    if (scope or "") != plan.scope:
        yield RowError("", 0, "您的管辖范围变了，请重新上传")
        return
    yield from turnover(plan, known).errors


def compare(plan: TermPlan, known: TermKnown) -> Changes:
    """Say of each post who goes, who stays and who comes, and what follows for the windows by post."""
    turns = turnover(plan, known).turns
    changed = tuple(_change(turn) for turn in turns if turn.changes)
    same = len(turns) - len(changed)
    notes = (*_notes(turns), *_windows(turns), *_duty(plan, known, turns))
    return Changes(changed, {SHEET: same} if same else {}, (SHEET,), notes)


def _change(turn: Turn) -> Change:
    fields = [FieldChange("卸任", person.said, f"{_day(turn.begin)} 起不再任") for person in turn.goes]
    fields += [FieldChange("留任", person.said, person.said) for person, _ in turn.stays]
    for person, begin in turn.comes:
        first = "（第一次任职）" if person.pk in turn.firsts else ""
        fields.append(FieldChange("就任", "", f"{person.said}{first}，{_day(begin)} 起"))
    if not turn.wanted:
        fields.append(FieldChange("空缺", "", f"{_day(turn.begin)} 起没有人"))
    return Change(SHEET, turn.row, turn.key, turn.post is None, tuple(fields))


def _notes(turns: list[Turn]) -> Iterator[str]:
    for turn in turns:
        if turn.others:
            yield f"{turn.key}：另有 {turn.others} 个管辖范围外的人担任，照旧；要改请县里办"
        for person, held in turn.stays:
            if held.state != HoldingState.HELD:
                yield f"{turn.key}：{person.said} 现在是“{HoldingState(held.state).label}”，留任以后照旧"
            if held.until is not None:
                yield f"{turn.key}：{person.said} 已定任到 {_day(held.until - dt.timedelta(days=1))}，照旧"


def _windows(turns: list[Turn]) -> Iterator[str]:
    """Yield a sentence for each window by post whose people change."""
    of_post = {turn.post: turn for turn in turns if turn.changes and turn.post is not None}
    first = min((turn.begin for turn in of_post.values()), default=None)
    rows = WindowRecord.objects.known().during(first, None).filter(posts__overlap=list(of_post), ended=False)
    said: dict[str, None] = {}
    for row in rows.select_related("village").order_by("village", "name", "pk"):
        for post in row.posts:
            if (turn := of_post.get(post)) is None:
                continue
            now = "、".join(person.said for person, _ in turn.wanted.values()) or "没有人"
            said[f"值班“{row.village.name} {row.name}”按职务应到：{turn.title} {_day(turn.begin)} 起是 {now}"] = None
    yield from said


def _duty(plan: TermPlan, known: TermKnown, turns: list[Turn]) -> Iterator[str]:
    """Yield whose windows end by a first post that begins later, and who would be in two windows at once.

    The change is made for it and taken back. It is said and not refused: such dates are for the township to look at.
    """
    today = timezone.localdate()
    coming = [turn for turn in turns if turn.comes]
    begins = [_day(begin) for turn in coming for _, begin in turn.comes]
    if not begins:
        return
    people = {person.pk for turn in coming for person, _ in turn.comes}
    asked = Asked(today, max(today, *begins) + _LOOK_AHEAD)
    before = turns_of(people, asked)
    with transaction.atomic():
        _write(known, turns, actor="")
        after = turns_of(people, asked)
        transaction.set_rollback(True)
    prefix = subtree_prefix(plan.scope)
    more = overlaps_in(after) - overlaps_in(before)
    told = [*lost_words(due_in(before), after, prefix=prefix), *overlap_words(sorted(more), prefix=prefix).values()]
    yield from told[:MOST_TOLD]
    if len(told) > MOST_TOLD:
        yield f"另有 {len(told) - MOST_TOLD} 处值班的变化没有列出，换届以后请看“谁该到岗”"


def _day(at: dt.datetime) -> dt.date:
    return timezone.localdate(at)


def _apply(plan: TermPlan, known: TermKnown, changes: Changes, actor: str) -> None:
    turns = [turn for turn in turnover(plan, known).turns if turn.changes]
    _refuse_own(turns, actor)
    involved = {pk for turn in turns for pk in _concerned(turn)}
    # As `give_post` does, so that nobody leaves and no unit ends meanwhile. What was read before is compared again.
    # Without the key: what stations state of PINs refers to people, and the worker of all stations would wait for this.
    list(Person.objects.select_for_update(no_key=True).filter(pk__in=involved).order_by("pk").values_list("pk"))
    list(Unit.objects.select_for_update().filter(pk__in={turn.unit.pk for turn in turns}).order_by("pk"))
    if load_known(plan) != known:
        raise ImportRefused([RowError("", 0, "同时有人在修改同样的内容，请再试一次")])
    _write(known, turns, actor=actor)
    places = {turn.unit.region for turn in turns} | {known.by_pk[pk].village for pk in involved}
    people_changed_in(*places)


def _write(known: TermKnown, turns: list[Turn], *, actor: str) -> None:
    posts = _posts(turns)
    given: dict[Period, list[_Pair]] = defaultdict(list)
    ended: dict[Period, list[_Pair]] = defaultdict(list)
    for turn in turns:
        post = posts[turn.unit.pk, turn.title]
        for person, begin in turn.comes:
            for since, until in gaps(known.held.get(post, []), person.pk, begin):
                given[Period(since, until)].append((post, person.pk))
        for person in turn.goes:
            ended[Period(turn.begin)].append((post, person.pk))
    holdings = _holdings({pair for pairs in (*given.values(), *ended.values()) for pair in pairs})
    for state, periods in ((HoldingState.ENDED, ended), (HoldingState.HELD, given)):
        for period, pairs in periods.items():
            subjects = sorted(holdings[pair] for pair in pairs)
            put(HoldingRecord, subjects, period, {"state": state}, actor=actor, reason=REASON)


def _refuse_own(turns: list[Turn], actor: str) -> None:
    """Refuse the rows of the actor's own posts: somebody else changes them.

    Raises:
        ImportRefused: There are such rows.
    """
    try:
        # Once for all, because most sheets hold nothing of their sender.
        refuse_own_affair(actor, {pk for turn in turns for pk in _concerned(turn)})
    except OwnAffair as refusal:
        own = [turn for turn in turns if is_own_affair(actor, _concerned(turn))]
        raise ImportRefused([RowError(SHEET, turn.row, str(refusal)) for turn in own]) from refusal


def _concerned(turn: Turn) -> set[int]:
    """Return who goes and who comes."""
    return {person.pk for person in (*turn.goes, *(one for one, _ in turn.comes))}


def _posts(turns: list[Turn]) -> dict[tuple[int, str], int]:
    new = [Post(unit_id=turn.unit.pk, title=turn.title) for turn in turns if turn.post is None]
    Post.objects.bulk_create(new, ignore_conflicts=True)
    rows = Post.objects.filter(unit__in={turn.unit.pk for turn in turns}).values_list("unit_id", "title", "pk")
    return {(unit, title): pk for unit, title, pk in rows}


def _holdings(pairs: set[_Pair]) -> dict[_Pair, int]:
    made = [Holding(post_id=post, person_id=person) for post, person in sorted(pairs)]
    Holding.objects.bulk_create(made, ignore_conflicts=True, batch_size=2_000)
    rows = Holding.objects.filter(post__in={post for post, _ in pairs}).values_list("post_id", "person_id", "pk")
    return {(post, person): pk for post, person, pk in rows}


TERM_IMPORT = Import(
    book=BOOK,
    power=Power.EDIT_PEOPLE,
    action="posts.replaced",
    known=load_known,
    check=check,
    compare=compare,
    apply=_apply,
    # Only dated rows are written, and a decision names these by itself.
    written=lambda plan, changes: (),
)
