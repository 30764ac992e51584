"""What stands on the screen as data, and the places made again from it, for a kiosk that takes another one's place.

A place that can be kept has a method `kept`, which returns a value of its own kind or None, and a row in `_MAKERS` or
`_FROM_HOME`. Every other place falls back to what lies under it. What is being typed is never kept, and what is
personal is made again only in the visit that it belongs to.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, runtime_checkable

import msgspec

from kiosk_tui.places.asking import Questions, QuestionsKept
from kiosk_tui.places.asking_card import AskCard, AskCardKept
from kiosk_tui.places.documents import Documents, DocumentsKept
from kiosk_tui.places.entry import NewPin, NewPinKept
from kiosk_tui.places.finding import FindKept, FindPlace
from kiosk_tui.places.help import Help, HelpKept
from kiosk_tui.places.learning_map import MapKept, MapPlace
from kiosk_tui.places.lesson import Lesson, LessonKept
from kiosk_tui.places.meetings import MeetingsKept, MeetingsPlace
from kiosk_tui.places.notices import NoticeKept, NoticePlace
from kiosk_tui.places.opening import Opening
from kiosk_tui.places.own_meeting import MeetingKept, OwnMeeting
from kiosk_tui.places.own_month import MonthKept, MonthPlace
from kiosk_tui.places.own_requests import RequestsKept, RequestsPlace
from kiosk_tui.places.own_results import ResultsKept, ResultsPlace
from kiosk_tui.places.own_wishes import WishKept, WishPlace
from kiosk_tui.places.pack import PackKept, PackPlace
from kiosk_tui.places.place import Place
from kiosk_tui.places.today import DutyKept, DutyPlace, TodayKept, TodayPlace
from kiosk_tui.places.visit import OnTelephone, TelephoneKept
from protocol.kiosk import ToAgent
from protocol.kiosk_keeping import MAX_STATE_CHARACTERS
from protocol.units import TextSizeName

type Say = Callable[[ToAgent], None]
type PlaceKept = (
    MapKept
    | PackKept
    | LessonKept
    | NewPinKept
    | HelpKept
    | MonthKept
    | RequestsKept
    | ResultsKept
    | WishKept
    | TelephoneKept
    | AskCardKept
    | TodayKept
    | DutyKept
    | NoticeKept
    | QuestionsKept
    | FindKept
    | DocumentsKept
    | MeetingsKept
    | MeetingKept
)

_MAKERS: dict[type[Any], Callable[[Any, Say], Place]] = {
    NewPinKept: NewPin.again,
    HelpKept: Help.again,
    MonthKept: MonthPlace.again,
    RequestsKept: RequestsPlace.again,
    ResultsKept: ResultsPlace.again,
    MeetingKept: OwnMeeting.again,
    WishKept: WishPlace.again,
    TelephoneKept: OnTelephone.again,
    NoticeKept: NoticePlace.again,
    QuestionsKept: Questions.again,
}

_FROM_HOME: dict[type[Any], Callable[[Any, Opening], Place]] = {
    AskCardKept: AskCard.again,
    TodayKept: TodayPlace.again,
    DutyKept: DutyPlace.again,
    FindKept: FindPlace.again,
    DocumentsKept: Documents.again,
    MeetingsKept: MeetingsPlace.again,
    MapKept: MapPlace.again,
    PackKept: PackPlace.again,
    LessonKept: Lesson.again,
}
"""Places that are made of what home shows."""


@runtime_checkable
class Keeps(Protocol):
    """A place that can be made again."""

    def kept(self) -> Any:
        """Return what it is made from, or None if it can't be just now."""


class FlowKept(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the kiosk shows."""

    life: int
    """When a key last came, by the clock since the machine's start, which is the next kiosk's clock too."""
    visit: str = ""
    """The visit that ran; its home is shown again by the agent."""
    size: TextSizeName | None = None
    """The text size that somebody chose."""
    over: tuple[PlaceKept, ...] = ()
    """The places over home or the visit, the lowest first."""


_DECODER = msgspec.json.Decoder(FlowKept)


def keep_places(places: Iterable[Place]) -> tuple[PlaceKept, ...]:
    """Return what places are made from, up to the first that can't be kept."""
    kept: list[PlaceKept] = []
    for place in places:
        one = place.kept() if isinstance(place, Keeps) else None
        if one is None:
            break
        kept.append(one)
    return tuple(kept)


def make_again(kept: FlowKept, *, visit: str, say: Say, opening: Opening | None = None) -> list[Place]:
    """Make the places again. In another visit than theirs they are left out, and so is all that stands on one that is
    made of home while nothing is known of home."""
    places: list[Place] = []
    for one in kept.over if kept.visit == visit else ():
        if (maker := _MAKERS.get(type(one))) is not None:
            places.append(maker(one, say))
        elif opening is not None:
            places.append(_FROM_HOME[type(one)](one, opening))
        else:
            break
    return places


def encode(kept: FlowKept) -> str:
    """Return a state that the agent takes. Places that are too large for it are left out, the uppermost first."""
    while len(state := msgspec.json.encode(kept).decode()) > MAX_STATE_CHARACTERS and kept.over:
        kept = msgspec.structs.replace(kept, over=kept.over[:-1])
    return state


def decode(state: str) -> FlowKept | None:
    """Return what a state says; None if there is none, or if a kiosk of another version wrote it."""
    try:
        return _DECODER.decode(state) if state else None
    except (msgspec.DecodeError, RecursionError):
        return None
