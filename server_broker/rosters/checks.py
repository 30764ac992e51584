"""Check whether the rows of an import fit one another and what the county has already."""

from collections.abc import Collection, Iterator
from itertools import chain

from server_broker.attendance.seasons import ALL_YEAR, Season
from server_broker.attendance.shifts import Shift, overlapping_in_seasons
from server_broker.people.models import UnitKind
from server_broker.people.numbers import is_somebodys
from server_broker.regions.models import region_chain, subtree_prefix
from server_broker.rosters.known import Known, KnownWindow
from server_broker.rosters.known_numbers import check_numbers, numbers_closed
from server_broker.rosters.plan import BrokenRow, Plan, WindowRow, row_key
from server_broker.rosters.rows import DAYS, WEEKDAYS
from server_broker.sheets.row_errors import RowError


def check(plan: Plan, known: Known, scope: str | None) -> Iterator[RowError]:
    """Yield everything that does not fit, one by one, so that the caller can stop at the number of errors it wants.

    A row outside the scope gets no other error than that. The importer may not learn what the county has elsewhere:
    neither the name of a window, nor who holds a card, nor which station is enrolled.

    Args:
        scope: Rows must lie in this region's subtree; None: no bound, for the county's own command line.
    """
    asker = _Asker(scope)
    outside = {(sheet, row) for sheet, row, code in _places_touched(plan, known) if not asker.may_see(code)}
    yield from (RowError(sheet, row, "不在您的管辖范围内") for sheet, row in outside)
    wrong = {row for sheet, row in outside if sheet == "值班"}
    for error in chain(
        _repeated(plan),
        _places(plan, known),
        _cards(plan, known, asker),
        _kinds(plan, known, asker),
        _left_behind(plan, known, asker),
        _gone(plan, known, asker),
        _units(plan, known),
        check_numbers(plan.people, known.numbers),
        numbers_closed(plan.people),
    ):
        if (error.sheet, error.row) not in outside:
            if error.sheet == "值班":
                wrong.add(error.row)
            yield error
    # Whoever is taken from elsewhere has windows there, of which the importer learns nothing.
    taken = {person.number for person in plan.people if ("人员", person.row) in outside}
    misplaced = {(row.row, number) for row in plan.windows for number in row.people if number in taken}
    for row, number, words in _misplaced(plan, known, asker):
        if ("值班", row) not in outside:
            misplaced.add((row, number))
            if words:
                yield RowError("值班", row, words)
    # Of the rows that fit alone. Otherwise one wrong row would lead to overlaps that vanish with it.
    yield from overlaps(plan, known, asker, but=(wrong, misplaced))


class _Asker:
    """The scope of the person who imports: which things of the county an error may name."""

    def __init__(self, scope: str | None) -> None:
        self._prefix = "" if scope is None else subtree_prefix(scope)

    def may_see(self, code: str) -> bool:
        return code.startswith(self._prefix)

    def window(self, village: str, name: str) -> str:
        return f"“{name}”" if self.may_see(village) else "一个不在您管辖范围内的值班"

    def nobody(self, number: str) -> str:
        """Return that there is no such person. It reads the same if the person exists outside the scope."""
        return f"{'您的管辖范围内' if self._prefix else ''}没有编号为 {number} 的人员"


def _repeated(plan: Plan) -> Iterator[RowError]:
    keyed = {
        "区划": [(row.row, row.code, row.code) for row in plan.regions],
        "站点": [(row.row, row.id, row.id) for row in plan.stations],
        "单位": [(row.row, f"{row.region} {row.name}", f"{row.region} {row.name}") for row in plan.units],
        "人员": [(row.row, row.number, row.number) for row in plan.people],
        "卡": [(row.row, row.token.hex(), f"尾号 {row.tail}") for row in plan.cards],
        "值班": [(row.row, " ".join(row.key), f"{row.village} {row.name}") for row in plan.windows],
    }
    for sheet, rows in keyed.items():
        first: dict[str, int] = {}
        for number, key, shown in rows:
            if first.setdefault(key, number) != number:
                yield RowError(sheet, number, f"与第 {first[key]} 行重复（{shown}）")


def _places(plan: Plan, known: Known) -> Iterator[RowError]:
    there = known.regions.keys() | {row.code for row in plan.regions}
    for sheet, row, code in _own_places(plan):
        for parent in region_chain(code) if sheet == "区划" else ():
            if parent not in there and not plan.may_hold("区划", parent):
                yield RowError("区划", row, f"缺少上级区划 {parent}，请一并填写")
        if sheet != "区划" and code not in there and not plan.may_hold("区划", code):
            yield RowError(sheet, row, f"没有代码为 {code} 的{'区划' if sheet == '单位' else '村'}")
    for person in plan.people:
        # People of a township's office are registered in the console. In a list it is most often a slip.
        known_there = person.number in known.people and known.people[person.number].village == person.village
        if person.village.endswith("000") and not known_there:
            yield RowError("人员", person.row, "“村代码”是县或镇的代码，这里要填村的代码")
    for station in plan.stations:
        # An enrolled station was told its village at the enrolment, and the journal holds it. Neither would change.
        old = known.stations.get(station.id)
        if old is not None and old.enrolled and old.village != station.village:
            yield RowError("站点", station.row, f"站点 {station.id} 已接入，不能改到别的村")


def _cards(plan: Plan, known: Known, asker: _Asker) -> Iterator[RowError]:
    # For a person in the database the village stored there counts, and not the one in the file. Otherwise a sender
    # could write another village and so bring the person into his own scope. A card's row is outside if its holder is.
    lives_in = {row.number: row.village for row in plan.people}
    lives_in |= {number: person.village for number, person in known.people.items()}
    named = [(row.row, row.person) for row in plan.cards]
    named += [(row.row, number) for row in plan.broken if row.sheet == "卡" for number in row.people]
    for number_of_row, person in named:
        village = lives_in.get(person)
        # Whether the county has the number elsewhere must make no difference to what is said.
        here = village is not None and asker.may_see(village)
        if not here and not plan.may_hold("人员", person):
            yield RowError("卡", number_of_row, asker.nobody(person))
    for row in plan.cards:
        holder = known.cards.get(row.token)
        if holder is not None and holder.person != row.person:
            who = f"编号 {holder.person} " if asker.may_see(holder.village) else "不在您管辖范围内"
            yield RowError("卡", row.row, f"尾号 {row.tail} 的卡已绑定给{who}的人员")


def _units(plan: Plan, known: Known) -> Iterator[RowError]:
    """Find rows that change a unit's kind: by it people have their ranks."""
    for row in plan.units:
        kind = known.units.get((row.region, row.name), row.kind)
        if kind != row.kind:
            was, wanted = UnitKind(kind).label, UnitKind(row.kind).label
            words = f"{known.regions[row.region]}的“{row.name}”是{was}，不能改成{wanted}；请核对，或撤销它再添加"
            yield RowError("单位", row.row, words)


def _kinds(plan: Plan, known: Known, asker: _Asker) -> Iterator[RowError]:
    """Find rows that take a window of named days for one by the week, or the other way round."""
    for row in plan.windows:
        there = known.windows.get(row.key)
        if row.days_unsaid and (there is None or not there.named_days):
            yield RowError("值班", row.row, f"“{WEEKDAYS}”为空")
        elif there is not None and there.named_days != row.is_named and asker.may_see(row.village):
            kind = "只在指定日期" if there.named_days else "按星期"
            words = f"“{row.name}”是{kind}的值班，请在“{DAYS}”一列写明；要换一种，请结束它，另加一个"
            yield RowError("值班", row.row, words)


def _misplaced(plan: Plan, known: Known, asker: _Asker) -> Iterator[tuple[int, str, str]]:
    """Yield row, number and words of each person whom a row of 值班 puts into a window where they can't be.

    No words: a row of 人员 that can't be read may bring them there.
    """
    lives_in = {number: person.village for number, person in known.people.items() if asker.may_see(person.village)}
    # Here the file comes before the county, because the windows must fit where people live after the import.
    comes_to = lives_in | {row.number: row.village for row in plan.people}
    rows: list[WindowRow | BrokenRow] = [*plan.windows, *(row for row in plan.broken if row.sheet == "值班")]
    for row in rows:
        place = row.village if isinstance(row, WindowRow) else row.place if row.key else None
        for number in _newcomers(row, known):
            if number in known.leaving and asker.may_see(known.people[number].village):
                yield row.row, number, _leaving(number)
            elif plan.may_hold("人员", number) and lives_in.get(number) != place:
                yield row.row, number, ""
            elif number not in comes_to:
                yield row.row, number, asker.nobody(number)
            elif place is not None and comes_to[number] != place:
                yield row.row, number, f"编号 {number} 的人员不在这个村"


def _leaving(number: str) -> str:
    return f"编号 {number} 的人员已离开或将要离开，请先办“回来”"


def _newcomers(row: WindowRow | BrokenRow, known: Known) -> list[str]:
    """Return whom a row puts into a window. Who is in it already may stay, wherever they live."""
    window = None if row.key is None else known.windows.get(row.key)
    return [number for number in row.people if window is None or number not in window.people]


def _left_behind(plan: Plan, known: Known, asker: _Asker) -> Iterator[RowError]:
    """Find people who move to another village while a window there, which the file does not contain, names them."""
    moved = {row.number: row for row in plan.people if row.number in known.people}
    rewritten = {row.key for row in plan.windows}
    for key, window in known.windows.items():
        stays = key not in rewritten and not plan.may_hold("值班", row_key(key))
        for number in window.people if stays else ():
            row = moved.get(number)
            if row is not None and row.village != window.village:
                where = f"原来村的值班{asker.window(*key)}" if asker.may_see(window.village) else asker.window(*key)
                yield RowError("人员", row.row, f"还在{where}里，请先改值班")


def _gone(plan: Plan, known: Known, asker: _Asker) -> Iterator[RowError]:
    """Find rows that name a village that was merged into another, somebody's former number, or who has left."""
    for sheet, row, code in _own_places(plan):
        if code in known.ended:
            yield RowError(sheet, row, f"{known.regions.get(code, code)} 已撤并")
    for person in plan.people:
        if person.number in known.taken:
            yield RowError("人员", person.row, is_somebodys(person.number))
        if person.number in known.left and asker.may_see(known.people[person.number].village):
            yield RowError("人员", person.row, f"编号 {person.number} 的人员已离开，请先办“回来”")
    for card in plan.cards:
        if card.person in known.leaving and asker.may_see(known.people[card.person].village):
            yield RowError("卡", card.row, _leaving(card.person))


def _own_places(plan: Plan) -> Iterator[tuple[str, int, str]]:
    """Yield sheet, row number and code of each region that a row names, also of rows that can't be read whole."""
    yield from (("区划", row.row, row.code) for row in plan.regions)
    yield from (("站点", row.row, row.village) for row in plan.stations)
    yield from (("单位", row.row, row.region) for row in plan.units)
    yield from (("人员", row.row, row.village) for row in plan.people)
    yield from (("值班", row.row, row.village) for row in plan.windows)
    yield from ((row.sheet, row.row, row.place) for row in plan.broken if row.place is not None)


def _places_touched(plan: Plan, known: Known) -> Iterator[tuple[str, int, str]]:
    """Yield sheet, row number and region code of each place where a row acts.

    These are the row's own region, and the one in which the thing that it changes lies now, because nobody may take a
    station or a person out of a village outside the scope. `_cards` checks the rows of 卡, by the card's holder.
    """
    lives_in = {number: person.village for number, person in known.people.items()}
    yield from _own_places(plan)
    for station in plan.stations:
        if station.id in known.stations:
            yield "站点", station.row, known.stations[station.id].village
    for person in plan.people:
        yield "人员", person.row, lives_in.get(person.number, person.village)


def overlaps(
    plan: Plan, known: Known, asker: _Asker, *, but: tuple[Collection[int], Collection[tuple[int, str]]]
) -> Iterator[RowError]:
    """Yield the overlaps that would stand after the import, of everyone whom the file puts into a window.

    Args:
        but: Rows of 值班 that are wrong, and rows with the numbers of people who can't be in them: these are left out.
    """
    wrong, misplaced = but
    in_file = {row.key for row in plan.windows}
    # Of two rows of one window the second is wrong.
    rows = {row.key: row for row in plan.windows if row.row not in wrong}
    named = {number for row in rows.values() for number in row.people}
    standing = {
        key: window
        for key, window in known.windows.items()
        if key not in in_file and not plan.may_hold("值班", row_key(key))
    }
    windows: list[tuple[tuple[str, str], WindowRow | KnownWindow]] = [*rows.items(), *standing.items()]
    shifts = (
        (_season(window, known.windows.get(key)), Shift(number, key, window.weekdays, window.start, window.end))
        for key, window in windows
        for number in window.people
        if number in named and not (isinstance(window, WindowRow) and (window.row, number) in misplaced)
    )
    for number, first, second in overlapping_in_seasons(shifts):
        here, other = (first, second) if first in rows else (second, first)
        # Two windows that the file does not contain may overlap already. Then the file is not to blame.
        if here in rows:
            yield RowError("值班", rows[here].row, f"编号 {number} 的人员与{asker.window(*other)}的时间重叠")


def _season(window: WindowRow | KnownWindow, known: KnownWindow | None) -> Season:
    """Return the season of a window after the import: the file's, or what the county has if it says none."""
    if window.season is not None:
        return window.season
    return known.season if known else ALL_YEAR
