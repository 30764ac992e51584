"""Reckon a term change: of each post who goes, stays and comes, and what stands in the way. It asks no database."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass, field

from server_broker.dated.days import begin_of
from server_broker.sheets.row_errors import RowError
from server_broker.term_change.known import Held, KnownPerson, KnownUnit, TermKnown
from server_broker.term_change.rows import SHEET, PostRow, TermPlan


@dataclass(slots=True)
class Turn:
    """What becomes of one post."""

    unit: KnownUnit
    title: str
    post: int | None
    """None: nobody has had it yet."""
    row: int
    """Its first row in the sheet."""
    begin: dt.datetime
    """From when whoever is not named goes: the first day that a row of the post names."""
    wanted: dict[int, tuple[KnownPerson, dt.datetime]] = field(default_factory=dict)
    one_holder: bool = False
    goes: list[KnownPerson] = field(default_factory=list)
    others: int = 0
    """How many people outside the sender's scope hold it. They stay as they are."""
    stays: list[tuple[KnownPerson, Held]] = field(default_factory=list)
    comes: list[tuple[KnownPerson, dt.datetime]] = field(default_factory=list)
    firsts: set[int] = field(default_factory=set)
    """Who of those that come has never had any post."""

    @property
    def changes(self) -> bool:
        """Whether anything becomes other than it is."""
        return bool(self.goes or self.comes)

    @property
    def key(self) -> str:
        """The post as people name it."""
        return f"{self.unit.region_name} {self.unit.name} {self.title}"


@dataclass(slots=True)
class Turnover:
    """All posts of a sheet, and every error of it."""

    turns: list[Turn] = field(default_factory=list)
    errors: list[RowError] = field(default_factory=list)


class _Reckoner:
    def __init__(self, plan: TermPlan, known: TermKnown) -> None:
        self._plan = plan
        self._known = known
        self._turns: dict[tuple[int, str], Turn] = {}
        self._rows: dict[tuple[int, str, int], int] = {}
        self.errors: list[RowError] = []

    def turns(self) -> list[Turn]:
        for row in self._plan.posts:
            self._read(row)
        turns = list(self._turns.values())
        for turn in turns:
            if turn.one_holder and len(turn.wanted) > 1:
                who = "、".join(person.said for person, _ in turn.wanted.values())
                self._refuse(turn.row, f"{turn.key} 标了“限一人”，表里却有 {len(turn.wanted)} 人：{who}")
            self._compare(turn)
        return turns

    def _read(self, row: PostRow) -> None:
        unit, since = self._unit(row), row.since or self._plan.day
        if since is None:
            self._refuse(row.row, "“就任日期”为空：请填这一列，或在上传时选一个日期")
        person = None if row.is_empty else self._person(row, unit)
        if unit is None or since is None:
            return
        begin = begin_of(since)
        post = self._known.posts.get((unit.pk, row.title))
        turn = self._turns.setdefault((unit.pk, row.title), Turn(unit, row.title, post, row.row, begin))
        turn.begin, turn.one_holder = min(turn.begin, begin), turn.one_holder or row.one_holder
        if person is None:
            return
        first = self._rows.setdefault((unit.pk, row.title, person.pk), row.row)
        if first != row.row:
            self._refuse(row.row, f"与第 {first} 行重复：{person.said} 任 {turn.key}")
        elif person.first is not None and person.first > begin:
            self._refuse(row.row, f"{person.said} 到 {since} 还不在册：请先改在册日期，或改就任日期")
        elif person.gone is not None:
            self._refuse(row.row, f"{person.said} 已离开或将要离开：请先办“回来”，或换人")
        else:
            turn.wanted[person.pk] = (person, begin)

    def _unit(self, row: PostRow) -> KnownUnit | None:
        found = self._known.units.get(row.unit, [])
        if row.region:
            found = [unit for unit in found if unit.region == row.region]
        if len(found) == 1:
            return found[0]
        if not found:
            self._refuse(row.row, f"管辖范围内没有单位“{row.unit}”：请先在“单位”页添加，或核对名称")
        else:
            places = "、".join(f"{unit.region_name} {unit.region}" for unit in found[:5])
            self._refuse(row.row, f"叫“{row.unit}”的单位不止一个，请在“区划代码”列写明：{places}")
        return None

    def _person(self, row: PostRow, unit: KnownUnit | None) -> KnownPerson | None:
        if row.number:
            by_number = self._known.by_number.get(row.number)
            if by_number is None:
                self._refuse(row.row, f"管辖范围内没有编号为 {row.number} 的人员：请先登记，或核对编号")
            elif row.name and row.name != by_number.plain:
                self._refuse(row.row, f"编号 {row.number} 是 {by_number.name}，不是 {row.name}：请核对")
            else:
                return by_number
            return None
        found = [person for person in self._known.by_name.get(row.name, []) if person.gone is None]
        if len(found) > 1 and unit is not None:
            near = [person for person in found if person.village == unit.region]
            found = near if len(near) == 1 else found
        if len(found) == 1:
            return found[0]
        if not found:
            self._refuse(row.row, f"管辖范围内没有叫“{row.name}”的人员：请先登记，或核对姓名")
        else:
            numbers = "、".join(person.number for person in found[:10])
            self._refuse(row.row, f"叫“{row.name}”的有 {len(found)} 人，请在“编号”列写明：{numbers}")
        return None

    def _compare(self, turn: Turn) -> None:
        held = self._known.held.get(turn.post, []) if turn.post is not None else []
        for pk, (person, begin) in turn.wanted.items():
            standing = next((one for one in held if one.person == pk and one.covers(begin)), None)
            if standing is None:
                turn.comes.append((person, begin))
                if pk not in self._known.ever:
                    turn.firsts.add(pk)
            else:
                turn.stays.append((person, standing))
        later = {one.person for one in held if one.until is None or one.until > turn.begin}
        going = [self._known.by_pk[pk] for pk in sorted(later - turn.wanted.keys())]
        # A township ends no post of somebody whom it does not see.
        turn.goes = [person for person in going if person.number in self._known.by_number]
        turn.others = len(going) - len(turn.goes)

    def _refuse(self, row: int, words: str) -> None:
        self.errors.append(RowError(SHEET, row, words))


def turnover(plan: TermPlan, known: TermKnown) -> Turnover:
    """Return what the sheet would change, and everything that is wrong with it."""
    reckoner = _Reckoner(plan, known)
    turns = reckoner.turns()
    return Turnover(turns, reckoner.errors)


def gaps(held: list[Held], person: int, begin: dt.datetime) -> Iterator[tuple[dt.datetime, dt.datetime | None]]:
    """Yield the stretches from ``begin`` on in which the person does not hold the post."""
    at: dt.datetime | None = begin
    for one in held:
        if one.person != person or at is None or (one.until is not None and one.until <= at):
            continue
        if one.since is not None and one.since > at:
            yield at, one.since
        at = one.until
    if at is not None:
        yield at, None
