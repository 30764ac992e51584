"""Whose village, window and name a sheet of named days means, by what the county has in the importer's region."""

import datetime as dt
import difflib
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Q

from server_broker.attendance.models import RosterDay, WindowRecord
from server_broker.dated.days import begin_of, end_of
from server_broker.duty.day_checks import NOBODY, Cell, said_of
from server_broker.duty.values import Crew
from server_broker.people.models import Person, Post
from server_broker.people.names import plain_name
from server_broker.regions.models import TOWNSHIP_DIGITS, Region, RegionRecord
from server_broker.rosters.month_rows import MonthPlan, Planned, letters_of
from server_broker.sheets.heads import plain_title
from server_broker.sheets.row_errors import RowError

NOTHING = {"无", "没有", "取消", "-", "—", "--", "/"}
"""Takes back what was said of a date."""
_PARTS = re.compile(r"[,，、;；/\n\r]+")
_LEADS = re.compile(r"\(带班(?:领导)?\)$|^★")
_NEAR, _MOST_NEAR = 0.5, 3
"""Of two characters one may be wrong, as in 王丽 for 王莉."""


class NotFound(Exception):
    """A text names nothing, or several things. The message is Chinese and ends a sentence."""


class NobodyFound(NotFound):
    """Names in a text mean nobody, or several people. The message has all of them."""


@dataclass(slots=True)
class KnownVillage:
    """What a village's sheet may name. Ids of people and posts by every text that means them."""

    code: str
    name: str
    ended: str = ""
    """What to do instead, if it was merged."""
    windows: dict[str, int] = field(default_factory=dict)
    names: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Codes such as ``12`` and ``p3`` by names, and by names with what tells them apart."""
    _told: dict[str, str] = field(default_factory=dict)
    """What is wrong with a name. Likeness takes long, and a sheet writes a name wrong in every week."""

    def window(self, written: str) -> int:
        """Return the window of a title; the only one for an empty title.

        Raises:
            NotFound: There is none, or it isn't clear.
        """
        if written and written in self.windows:
            return self.windows[written]
        listed = "、".join(self.windows) or "没有"
        if not written and len(self.windows) == 1:
            return next(iter(self.windows.values()))
        if not written:
            raise NotFound(f"看不出是哪个值班，请在表头或“班次”里写明；{self.name}的值班：{listed}")
        raise NotFound(f"{self.name}没有值班“{written}”；有：{listed}")

    def call(self, code: str, name: str, apart: str) -> None:
        """Let a name mean somebody, and the name with what tells them apart."""
        self.names[f"{plain_name(name)}({apart})"].add(code)
        self.names[plain_name(name)].add(code)

    def crew(self, text: str, *, lead: bool) -> Crew:
        """Return the people and posts that a cell names.

        Raises:
            NobodyFound: Somebody isn't there, or there are two of the name.
        """
        if wrong := self.wrong_in(text):
            raise NobodyFound("；".join(wrong))
        people: set[int] = set()
        posts: set[int] = set()
        leaders: set[int] = set()
        leader_posts: set[int] = set()
        for part in self._parts(text):
            (code,) = self.names[plain_name(_LEADS.sub("", part))]
            leads = lead or _LEADS.search(part) is not None
            mine, leading = (posts, leader_posts) if code.startswith("p") else (people, leaders)
            mine.add(int(code.removeprefix("p")))
            if leads:
                leading.add(int(code.removeprefix("p")))
        return Crew(frozenset(people), frozenset(posts), frozenset(leaders), frozenset(leader_posts))

    def _parts(self, text: str) -> Iterable[str]:
        """Yield the names of a cell. A blank parts two names, unless it only makes a short name wide."""
        for part in filter(None, (one.strip() for one in _PARTS.split(text))):
            if " " in part and plain_name(_LEADS.sub("", part)) not in self.names:
                yield from part.split()
            else:
                yield part

    def wrong_in(self, text: str) -> list[str]:
        """Return what is wrong with each name of a text that means nobody, or several people."""
        plain = [plain_name(_LEADS.sub("", part)) for part in self._parts(text)]
        return [self._wrong(one) for one in plain if len(self.names.get(one, ())) != 1]

    def unknown_in(self, text: str) -> list[str]:
        """Return what is wrong with each name of a text that nobody has."""
        plain = [plain_name(_LEADS.sub("", part)) for part in self._parts(text)]
        return [self._wrong(one) for one in plain if not self.names.get(one)]

    def _wrong(self, plain: str) -> str:
        if plain not in self._told:
            self._told[plain] = self._what_is_wrong(plain)
        return self._told[plain]

    def _what_is_wrong(self, plain: str) -> str:
        if found := self.names.get(plain):
            return f"{self.name}有 {len(found)} 个“{plain}”，请写明编号或单位，如 {plain}(a001)"
        words = f"{self.name}没有叫“{plain[:20]}”的人或职务"
        near = self._near(plain)
        return f"{words}，名字相近的有：{'、'.join(near)}" if near else words

    def _near(self, plain: str) -> list[str]:
        """Return the names most like one that is not there, the nearest first; of two people each with the number."""
        bare, _, _ = plain.partition("(")
        names = [name for name in self.names if "(" not in name]
        near = difflib.get_close_matches(bare, names, n=_MOST_NEAR, cutoff=_NEAR)
        return [text for name in near for text in self._apart(name)][: 2 * _MOST_NEAR]

    def _apart(self, name: str) -> list[str]:
        """Return the texts that mean those of one name, each nobody else."""
        codes = self.names[name]
        return [name] if len(codes) == 1 else sorted(filter(None, map(self.shown, codes)))

    def shown(self, code: str) -> str:
        """Return the shortest text that means somebody and nobody else; empty: the importer sees them not."""
        return min((text for text, codes in self.names.items() if codes == {code}), key=len, default="")


@dataclass(slots=True)
class MonthKnown:
    """The villages of the importer's region that a file may mean, and what is said of its cells now."""

    villages: dict[str, KnownVillage] = field(default_factory=dict)
    """By code."""
    stood: dict[Cell, Crew] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    """For all people and posts: the name alone, by code."""


@dataclass(slots=True)
class Resolved:
    """What a file says of each cell, and where it stands in the file."""

    said: dict[Cell, Crew] = field(default_factory=dict)
    at: dict[Cell, tuple[str, int, str]] = field(default_factory=dict)
    """Sheet, row, and the village's code."""
    errors: list[RowError] = field(default_factory=list)
    unclear: set[Cell] = field(default_factory=set)
    """Cells of which something is wrong in the file."""


def villages_under(scope: str) -> dict[str, KnownVillage]:
    """Return the villages of a region, merged ones too, without their windows and people."""
    regions = Region.objects.all().under(scope).exclude(code__endswith="000")
    merged = (
        RegionRecord.objects.known().filter(subject__in=regions, ended=True).select_related("merged_into", "subject")
    )
    into = {row.subject.code: row.merged_into.name for row in merged if row.merged_into is not None}
    return {
        one.code: KnownVillage(one.code, one.name, _merged(one.name, into.get(one.code, "")) if one.ended else "")
        for one in regions
    }


def _merged(name: str, into: str) -> str:
    return f"{name} 已撤并" + (f"到 {into}：请把班排在 {into} 的值班里" if into else "，请排在并入的村")


def fill(villages: Collection[KnownVillage], first: dt.date, last: dt.date, scope: str) -> dict[str, str]:
    """Load windows, people and posts of villages, and return the plain name of everybody by code."""
    by_code = {one.code: one for one in villages}
    rows = WindowRecord.objects.known().during(begin_of(first), end_of(last)).filter(ended=False)
    for row in rows.filter(subject__village__in=by_code).select_related("subject"):
        by_code[row.subject.village_id].windows[plain_title(row.name)] = row.subject_id
    there = _in_windows(by_code, first, last)
    places = {place for code in by_code for place in (code, _office(code))}
    everybody = {pk for people in there.values() for pk in people}
    seen = Person.objects.filter(
        Q(village__in=places) | Q(pk__in=everybody), village__in=Region.objects.all().under(scope)
    )
    named: dict[str, str] = {}
    for pk, number, name, village, left in seen.values_list("pk", "number", "name", "village_id", "left"):
        named[str(pk)] = name
        for one in villages:
            if pk in there[one.code] or (not left and village in (one.code, _office(one.code))):
                one.call(str(pk), name, number)
    for post in Post.objects.filter(unit__region__in=by_code, unit__ended=False).select_related("unit"):
        named[f"p{post.pk}"] = post.title
        by_code[post.unit.region_id].call(f"p{post.pk}", post.title, plain_name(post.unit.name))
    return named


def everybody_under(region: Region) -> KnownVillage:
    """Return a region as if it were one village, with whoever a sheet or a template of one of its villages may name."""
    whole = KnownVillage(region.code, region.name)
    places = Region.objects.all().under(region.code)
    people = Person.objects.filter(village__in=places, left=False)
    for pk, name, number in people.values_list("pk", "name", "number"):
        whole.call(str(pk), name, number)
    posts = Post.objects.filter(unit__region__in=places, unit__ended=False)
    for pk, title, unit in posts.values_list("pk", "title", "unit__name"):
        whole.call(f"p{pk}", title, plain_name(unit))
    return whole


def _office(village: str) -> str:
    return village[:TOWNSHIP_DIGITS].ljust(12, "0")


def _in_windows(villages: Mapping[str, KnownVillage], first: dt.date, last: dt.date) -> dict[str, set[int]]:
    """Return by village who is in its windows, by the week or on one of the dates."""
    found: dict[str, set[int]] = {code: set() for code in villages}
    of_window = {pk: code for code, village in villages.items() for pk in village.windows.values()}
    rows = WindowRecord.objects.known().filter(subject__in=of_window, ended=False)
    for window, people in rows.values_list("subject", "people"):
        found[of_window[window]].update(people)
    said = RosterDay.objects.known().filter(
        subject__in=of_window, valid_from__gte=begin_of(first), valid_from__lt=end_of(last), withdrawn=False
    )
    for window, people in said.values_list("subject", "people"):
        found[of_window[window]].update(people)
    return found


def lock_villages(plan: MonthPlan) -> None:
    """Lock the villages of the windows that a plan may mean, so that nobody says otherwise of their dates meanwhile."""
    known = MonthKnown(villages_under(plan.scope))
    codes = {code for one in plan.cells for code in _meant(known, plan, one)}
    list(Region.objects.select_for_update(no_key=True).filter(pk__in=codes).order_by("pk").values_list("pk"))


def load_month_known(plan: MonthPlan) -> MonthKnown:
    """Read what the county has of what ``plan`` names."""
    if not plan.cells:
        return MonthKnown()
    known = MonthKnown(villages_under(plan.scope))
    meant = {code for one in plan.cells for code in _meant(known, plan, one)}
    days = [one.day for one in plan.cells]
    known.named = fill([known.villages[code] for code in meant], min(days), max(days), plan.scope)
    windows = {pk for code in meant for pk in known.villages[code].windows.values()}
    cells = [Cell(window, day) for window in windows for day in set(days)]
    known.stood = said_of(cells) if cells else {}
    return known


def _meant(known: MonthKnown, plan: MonthPlan, one: Planned) -> list[str]:
    """Return the codes of the villages that a cell may mean."""
    if one.village:
        return [v.code for v in known.villages.values() if one.village in (v.code, plain_title(v.name))]
    if plan.village:
        return [plan.village] if plan.village in known.villages else []
    return _in_heading(known, plan, one.sheet)


def _in_heading(known: MonthKnown, plan: MonthPlan, sheet: str) -> list[str]:
    """Return the codes of the villages that a sheet's title, or what stands above its head, may mean."""
    heading = plain_title(plan.headings.get(sheet, ""))
    if by_code := [code for code in known.villages if code in heading]:
        return by_code
    found = [v for v in known.villages.values() if plain_title(v.name) in heading]
    # 大示例村 also has 示例村 in it.
    longest = [v for v in found if not any(v.name != w.name and v.name in w.name for w in found)]
    return [v.code for v in longest]


def resolve(plan: MonthPlan, known: MonthKnown) -> Resolved:
    """Return what each cell of the file means. Leaders of no window lead in every window of their date."""
    done = Resolved()
    crews: dict[Cell, list[Crew]] = defaultdict(list)
    everywhere: list[tuple[KnownVillage, Planned]] = []
    told: set[tuple[str, str]] = set()
    for one in plan.cells:
        try:
            village = _village(known, plan, one)
            if one.leads and not one.window and len(village.windows) > 1:
                everywhere.append((village, one))
                continue
            cell = Cell(village.window(one.window), one.day)
            try:
                _note(done, cell, one, village)
                crews[cell].append(NOBODY if one.text in NOTHING else village.crew(one.text, lead=one.leads))
            except NotFound:
                done.unclear.add(cell)
                raise
        except NotFound as problem:
            # What the whole sheet lacks is said once. A name is wrong in its own cell.
            own = one.window or one.village or isinstance(problem, NobodyFound)
            if own or (one.sheet, str(problem)) not in told:
                done.errors.append(_error(one, problem))
            told.add((one.sheet, str(problem)))
    for village, one in everywhere:
        _lead_everywhere(done, crews, village, one)
    for cell, said in crews.items():
        done.said[cell] = _with_unseen(_joined(said), known.stood.get(cell, NOBODY), known)
    return done


def _note(done: Resolved, cell: Cell, one: Planned, village: KnownVillage) -> None:
    sheet, row, _ = done.at.setdefault(cell, (one.sheet, one.row, village.code))
    if sheet != one.sheet:
        raise NotFound(f"这个班在工作表“{sheet}”第 {row} 行已经写过，请只留一处")


def _lead_everywhere(done: Resolved, crews: dict[Cell, list[Crew]], village: KnownVillage, one: Planned) -> None:
    try:
        crew = village.crew(one.text, lead=True) if one.text not in NOTHING else NOBODY
        mine = [cell for cell in crews if cell.day == one.day and cell.window in village.windows.values()]
        in_sheet = {cell.window for cell, (sheet, *_) in done.at.items() if sheet == one.sheet}
        if not mine and len(in_sheet) == 1:
            mine = [Cell(in_sheet.pop(), one.day)]
            _note(done, mine[0], one, village)
        if not mine:
            raise NotFound("只有带班领导，没有值班人员，看不出是哪个值班")
        for cell in mine:
            crews[cell].append(crew)
    except NotFound as problem:
        done.errors.append(_error(one, problem))


def _error(one: Planned, problem: NotFound) -> RowError:
    return RowError(one.sheet, one.row, f"{letters_of(one.column)} 列，{one.day}：{problem}")


def _village(known: MonthKnown, plan: MonthPlan, one: Planned) -> KnownVillage:
    found = _meant(known, plan, one)
    named = _in_heading(known, plan, one.sheet) if plan.village and not one.village else []
    if found and named and plan.village not in named:
        words = f"表上写的是{known.villages[named[0]].name}，上传时选的是{known.villages[found[0]].name}，请核对"
        raise NotFound(words)
    if len(found) != 1:
        said = f"“{one.village}”" if one.village else "表的标题里"
        if found:
            raise NotFound(f"{said}写的不止一个村，请写村代码，或者上传时选是哪个村")
        raise NotFound(f"{said}看不出是您管辖范围内的哪个村，请写明村名，或者上传时选是哪个村")
    village = known.villages[found[0]]
    if village.ended:
        raise NotFound(village.ended)
    return village


def _joined(crews: list[Crew]) -> Crew:
    return Crew(
        frozenset().union(*(crew.people for crew in crews)),
        frozenset().union(*(crew.posts for crew in crews)),
        frozenset().union(*(crew.leaders for crew in crews)),
        frozenset().union(*(crew.leader_posts for crew in crews)),
    )


def _with_unseen(crew: Crew, stood: Crew, known: MonthKnown) -> Crew:
    """Return the crew with those who were in it and whom the importer does not see: nobody takes away unseen people."""
    people = {pk for pk in stood.people if str(pk) not in known.named}
    posts = {pk for pk in stood.posts if f"p{pk}" not in known.named}
    return Crew(
        crew.people | people,
        crew.posts | posts,
        crew.leaders | (stood.leaders & people),
        crew.leader_posts | (stood.leader_posts & posts),
    )
