"""Why a window came to its result: on what it rests, what bore on it, what is awaited, and what it was before.

It is told of a kept result, by what the county knew when that was settled; the names are those of now.
"""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils import timezone

from server_broker.accounts.scope import Viewer
from server_broker.attendance.models import Marks, RosterDay, Touch, WindowRecord
from server_broker.attendance.times import times
from server_broker.dated.days import begin_of
from server_broker.duty.due import Turn
from server_broker.duty.naming import names_in
from server_broker.duty.reading import Asked, turns_of
from server_broker.duty.reasons import CutByNotice, ForThisDate, OnNamedDay, Stopped, TookOver
from server_broker.fleet.models import Station
from server_broker.settlement.explaining import Explained, Fate, NearTouch, explain
from server_broker.settlement.index import Index
from server_broker.settlement.reasons import COVER_WORDS, MARK_WORDS, TOUCH_WORDS
from server_broker.settlement.record import Ref
from server_broker.settlement.requests import Absence, Corrected
from server_broker.settlement.settle import Sheet
from server_broker.settlement.times import Minute, clock
from server_broker.settling.kept import settled_of
from server_broker.settling.models import SettledWindow
from server_broker.settling.moments import aware
from server_broker.settling.own import waits_words, words_of
from server_broker.settling.reading import Read, read
from server_broker.settling.span import Span
from server_broker.settling.windows import AwaitedThing, FactName, Settled
from server_broker.settling.words import (
    SOMEWHERE,
    board_station,
    cause_words,
    day_and_time,
    fate_words,
    leave_words,
    line_sentence,
    reason_words,
)

_USED: tuple[Fate, ...] = ("arrival", "departure", "both")
_DIRECTIONS = {"in": "上班", "out": "下班"}

type _Key = tuple[str, str, int]
"""A fact: its station, its epoch in hexadecimal digits, and its seq."""


@dataclass(frozen=True, slots=True)
class WhyWindow:
    """The window, and where it comes from. ``rest``: what is judged, where that is not all of it."""

    pk: int
    name: str
    times: str
    marks: str
    due: str
    """Why the person is in it, as they read it themselves."""
    due_briefly: str
    """The same as officers read it."""
    source: str
    """Who entered it, when and why; empty where nobody knows."""
    rest: str
    spans: tuple[str, ...]
    """In which times a touch is an arrival, and a departure."""


@dataclass(frozen=True, slots=True)
class WhyTouch:
    """A touch of the person near the window, and what it is to it."""

    at: str
    where: str
    how: str
    """Card or number, and the direction that the person chose."""
    received_at: dt.datetime | None
    clock: str
    """What is to be said of the station's clock; empty: it knew the time."""
    said: str
    used: bool


@dataclass(frozen=True, slots=True)
class WhyAwaited:
    """What may still change the result. ``station``: at which station."""

    station: str
    words: str
    is_fact: bool


@dataclass(frozen=True, slots=True)
class Step:
    """One result in the history of a window: what it was before, and what had it settled anew."""

    at: dt.datetime
    was: str
    """Empty: nothing."""
    now: str
    reason: str
    cause: str
    touches: tuple[str, ...]
    """Those on which it rests and the one before did not."""


@dataclass(frozen=True, slots=True)
class Why:
    """Why a window came to its result."""

    row: SettledWindow
    window: WhyWindow | None
    """None: there is no such window in the county's rosters any more."""
    words: str
    sentence: str
    reason: str
    touches: tuple[WhyTouch, ...]
    bore: tuple[str, ...]
    """Leave, meetings elsewhere, notices, corrections and down time that bore on it."""
    awaited: tuple[WhyAwaited, ...]
    steps: tuple[Step, ...]
    """The newest first."""


def why_of(row: SettledWindow, *, viewer: Viewer | None) -> Why:
    """Return why a window came to a kept result. The number of queries does not grow with touches or people.

    Args:
        viewer: Who reads it, and so no name of elsewhere; None: the person, who knows with whom they swapped.
    """
    person, village, day = row.person_id, row.village_id, row.day
    span = Span(day, day, row.known_at)
    found = read([village], span)
    sheet = Sheet(Index(found.world), [day], span.at, {})
    told = explain(sheet, str(person), str(village), day, row.start, place=row.place)
    turn = next(
        (
            one
            for one in turns_of([person], Asked(day, day, row.known_at))
            if (one.window.village, one.window.start) == (village, row.start)
        ),
        None,
    )
    history = list(
        SettledWindow.objects.filter(
            village__identity=village, person=person, day=day, start=row.start, place=row.place
        ).order_by("settled_at", "pk")
    )
    names = _Named(found, told, history)
    [settled] = settled_of([row])
    values = sheet.knowledge.parameters.on(str(village), day) if told is None else told.values
    return Why(
        row=row,
        window=None if told is None or turn is None else _window(turn, told, row, viewer),
        words=words_of(settled.result),
        sentence=line_sentence(row.line, row.result, values, between=told is not None and told.between),
        reason=reason_words(row.reason, settled.awaited, names.places),
        touches=() if told is None else tuple(names.touch(one, day) for one in told.touches),
        bore=() if told is None else tuple(_bore(told, turn, day)),
        awaited=tuple(names.awaited(one) for one in settled.awaited),
        steps=tuple(reversed(list(_steps(history, names)))),
    )


def _window(turn: Turn, told: Explained, row: SettledWindow, viewer: Viewer | None) -> WhyWindow:
    window, day, names = turn.window, turn.day, names_in([turn], viewer)
    return WhyWindow(
        pk=window.id,
        name=window.name,
        times=times(window.start, window.end),
        marks=str(Marks(told.values.marks).label),
        due=names.why(turn),
        due_briefly=names.why_briefly(turn),
        source=_source(turn, row.known_at),
        rest="" if told.judged in (None, (told.start, told.end)) else _stretch(told.judged, day),
        spans=tuple(_spans(told, day)),
    )


def _source(turn: Turn, known: dt.datetime) -> str:
    """Return who entered the row by which the person is in the window, when, and why."""
    taken = next((reason for reason in turn.why if isinstance(reason, TookOver)), None)
    if taken is not None:
        return "换班"
    of_day = any(isinstance(reason, ForThisDate | OnNamedDay) for reason in turn.why)
    rows = (RosterDay if of_day else WindowRecord).objects.known(known).filter(subject=turn.window.id)
    row = rows.at(begin_of(turn.day)).first()
    if row is None:
        return ""
    entered = f"{day_and_time(timezone.localtime(row.recorded_at))} 录入"
    return f"{'当日值班' if of_day else '按星期的值班'}，{entered}{f'（{row.reason}）' if row.reason else ''}"


def _spans(told: Explained, day: dt.date) -> Iterable[str]:
    spans = told.spans
    if spans is None:
        return
    yield f"{_stretch((spans.begin, spans.middle), day)} 的打卡算到岗"
    if told.departs:
        yield f"{_stretch((spans.middle, spans.end), day)} 的打卡算离岗"


def _stretch(piece: tuple[Minute, Minute] | None, day: dt.date) -> str:
    return "" if piece is None else f"{clock(piece[0], day)}–{clock(piece[1], day)}"


def _bore(told: Explained, turn: Turn | None, day: dt.date) -> Iterable[str]:
    yield from (_absence(one, day) for one in told.absences)
    reasons = () if turn is None else turn.why
    why = "、".join(
        dict.fromkeys(
            one.notice.reason for one in reasons if isinstance(one, CutByNotice | Stopped) and one.notice.reason
        )
    )
    for piece in told.stopped:
        yield f"停班 {_stretch(piece, day)}{f'（{why}）' if why else ''}"
    yield from (_corrected(one, day) for one in told.corrected)
    for way, stretches in told.down.items():
        if stretches:
            when = "、".join(_stretch(one, day) for one in stretches)
            yield f"{when} 村里没有能用的站点：{MARK_WORDS[way]}在这时候缺了、迟了或早了，都不怪本人"


def _absence(one: Absence, day: dt.date) -> str:
    kind = f"（{leave_words(one.kind)}）" if one.kind else ""
    return (
        f"批准的{COVER_WORDS[one.cover]}{kind} {_stretch((one.begin, one.end), day)}{'，事后补报' if one.late else ''}"
    )


def _corrected(one: Corrected, day: dt.date) -> str:
    what = f"没有{TOUCH_WORDS[one.mark]}" if one.minute is None else f"{clock(one.minute, day)} {MARK_WORDS[one.mark]}"
    return f"补卡：{what}（{day_and_time(timezone.localtime(aware(one.approved)))} 批准）"


class _Named:
    """The county's names and rows for what the rules have by ids, in two queries."""

    def __init__(self, found: Read, told: Explained | None, history: Sequence[SettledWindow]) -> None:
        self._epochs = found.refs.epochs
        refs = [ref for one in (() if told is None else told.touches) for ref in one.refs]
        keys = {self._key(ref) for ref in refs} | {_key(*fact) for row in history for fact in row.facts}
        boards = {one.station for one in (() if told is None else told.touches)}
        boards |= {str(one[0]) for row in history for one in row.awaited}
        stations = {board_station(board) for board in boards} | {station for station, _, _ in keys}
        rows = Station.objects.filter(pk__in=stations)
        self.places: dict[str, str] = dict(rows.values_list("pk", "village__name"))
        self._touches = _touches(keys)

    def _key(self, ref: Ref) -> _Key:
        station, epoch = self._epochs[ref.station, ref.epoch]
        return _key(station, epoch.hex(), ref.seq)

    def _place(self, board: str) -> str:
        return self.places.get(board_station(board), SOMEWHERE)

    def touch(self, one: NearTouch, day: dt.date) -> WhyTouch:
        """Return a touch in words."""
        rows = [self._touches[key] for key in map(self._key, one.refs) if key in self._touches]
        return WhyTouch(
            at=_when(one, day),
            where=self._place(one.station),
            how=_how(one, rows),
            received_at=max((row.reached_at for row in rows), default=None),
            clock=_clock(one, rows),
            said=fate_words(one.fate),
            used=one.fate in _USED,
        )

    def awaited(self, one: AwaitedThing) -> WhyAwaited:
        """Return in words what is awaited."""
        return WhyAwaited(board_station(one.station), waits_words(one, self.places), one.fact is not None)

    def touch_words(self, fact: FactName) -> str:
        """Return a fact on which a result rests, in words."""
        place = self.places.get(fact.station, SOMEWHERE)
        row = self._touches.get(_key(fact.station, fact.epoch, fact.seq))
        if row is None:
            return f"{place}站点的一次打卡"
        at, received = timezone.localtime(row.corrected_wall or row.wall), timezone.localtime(row.reached_at)
        return f"{place} {at.hour}:{at.minute:02} 的打卡（{day_and_time(received)} 传到县里）"


def _key(station: str, epoch: str, seq: int) -> _Key:
    return station, epoch, seq


def _touches(keys: Iterable[_Key]) -> dict[_Key, Touch]:
    wanted = set(keys)
    rows = Touch.objects.filter(
        station__in={station for station, _, _ in wanted},
        epoch__in={bytes.fromhex(epoch) for _, epoch, _ in wanted},
        seq__in={seq for _, _, seq in wanted},
    )
    named = {_key(row.station_id, bytes(row.epoch).hex(), row.seq): row for row in rows}
    return {key: row for key, row in named.items() if key in wanted}


def _when(one: NearTouch, day: dt.date) -> str:
    if one.fate == "undated":
        return f"{clock(one.first, day)} 到 {clock(one.last, day)} 之间"
    return clock(one.first, day) if one.first == one.last else f"{clock(one.first, day)}–{clock(one.last, day)}"


def _how(one: NearTouch, rows: Sequence[Touch]) -> str:
    means = "按编号" if rows and rows[0].person_number else "刷卡"
    several = f" {len(one.refs)} 次" if len(one.refs) > 1 else ""
    return f"{means}{several}" + (f"，本人选{_DIRECTIONS[one.way]}" if one.way else "")


def _clock(one: NearTouch, rows: Sequence[Touch]) -> str:
    if one.fate == "undated":
        return "站点当时不知道时间"
    return "站点后来才知道准确时间" if any(row.corrected_wall for row in rows) else ""


def _steps(history: Sequence[SettledWindow], names: _Named) -> Iterable[Step]:
    was: Settled | None = None
    for row, settled in zip(history, settled_of(history), strict=True):
        before = () if was is None else was.facts
        yield Step(
            at=row.settled_at,
            was="" if was is None else words_of(was.result),
            now=words_of(settled.result),
            reason=reason_words(row.reason, settled.awaited, names.places),
            cause=cause_words(row.why),
            touches=tuple(names.touch_words(fact) for fact in settled.facts if fact not in before),
        )
        was = settled
