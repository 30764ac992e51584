"""What the county has of one person's touches and requests, as a ``month`` bundle brings it to the kiosk."""

from typing import Annotated

from msgspec import Meta

from protocol.codec import Message
from protocol.facts_requests import RequestId
from protocol.units import CodeWord, Direction, LongText, Seq, ShortText, WallMs

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
