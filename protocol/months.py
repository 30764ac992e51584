"""What the county has of one person's touches and requests, as a ``month`` bundle brings it to the kiosk."""

from typing import Annotated

from msgspec import Meta

from protocol.codec import Message
from protocol.facts_requests import RequestId
from protocol.units import CodeWord, DayText, Direction, LongText, Seq, ShortText, WallMs

type WhyText = Annotated[str, Meta(max_length=160)]
type StreamPlace = Annotated[int, Meta(ge=0, lt=16)]
"""Which of the month's ``streams``."""


class OfStream(Message, frozen=True, kw_only=True, array_like=True):
    """``[stream, seq]``: a fact of the station that the bundle is for, by the place of its epoch in ``streams``."""

    stream: StreamPlace
    seq: Seq


class MonthTouch(Message, frozen=True, kw_only=True, array_like=True):
    """``[at, state, direction, by_number, touch, where]``: a touch of the person that the county has.

    It is an array, because a village's months are fetched over a metered line.
    """

    at: WallMs
    """When it was. Of a touch that nothing dates: when the county received it."""
    state: CodeWord | None = None
    """None: it is here and counts. ``corrected``: the county has found out when it was; ``undated``, ``lost_card``: a
    person must look at it before it counts."""
    direction: Direction | None = None
    by_number: bool = False
    touch: OfStream | None = None
    """Which fact it is, if it was made at this station."""
    where: ShortText = ""
    """The village in which it was made, if that is another than the station's."""


class MonthRequest(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A request of the person, and what became of it."""

    request: RequestId
    kind: CodeWord
    code: CodeWord | None = None
    made: WallMs = 0
    """0: nothing dates it."""
    begin: WallMs = 0
    """The day or the moment that it is about; 0: none was named."""
    about: OfStream | None = None
    """The touch that it is about, if that was made at this station."""
    state: CodeWord = "open"
    """``open``, ``accepted``, ``refused``, ``withdrawn``."""
    answer: LongText = ""
    """What the township says, in its own words."""
    answered: WallMs = 0
    end: WallMs = 0
    """Until when it is, if it is about a time that lasts; 0: none was named."""
    whom: ShortText = ""
    """Who is to take a window over."""


class MonthSwap(Message, frozen=True, kw_only=True, omit_defaults=True):
    """A window that somebody wants the person to take over. The person says yes or no by an ``agreed`` fact."""

    request: RequestId
    name: ShortText
    """Who asks."""
    begin: WallMs
    end: WallMs
    window: ShortText = ""


class MonthResult(Message, frozen=True, kw_only=True, array_like=True):
    """``[day, start, result, late, early, kind, why, waits]``: what a duty window of the person came to."""

    day: DayText
    start: Annotated[int, Meta(ge=0, lt=1_440)]
    """Minutes after midnight."""
    result: CodeWord
    """``late`` ``early`` ``missing`` ``absent`` ``leave`` ``field_duty`` ``meeting`` ``down`` (no station was up)
    ``provisional`` ``awaiting`` (a station's record is not here yet) ``to_review`` (a person must look at a fact)."""
    late: Annotated[int, Meta(ge=0, le=2_880)] = 0
    """Minutes."""
    early: Annotated[int, Meta(ge=0, le=2_880)] = 0
    kind: CodeWord | None = None
    """Of leave, as in a request for it."""
    why: WhyText = ""
    """In one sentence of the county."""
    waits: Annotated[list[ShortText], Meta(max_length=8)] = []
    """The villages whose station is awaited."""


class MonthResults(Message, frozen=True, kw_only=True):
    """What windows of the person came to that is not simply in order."""

    through: DayText
    """Windows until this date that are not in the list were in order, or off."""
    told: WallMs
    """When the newest of it was settled."""
    results: Annotated[list[MonthResult], Meta(max_length=200)] = []
    """The newest first. After ``through`` only what is bad, and what waits for something."""
