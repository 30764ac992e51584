"""A person's month and requests on the kiosk socket: what they look at in their visit, and what they object to there.

Such messages go to the one kiosk where the visit is, a page at a time.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from protocol.kiosk_line import Line
from protocol.kiosk_visits import VisitId
from protocol.months import WhyText
from protocol.units import CodeWord, CodeWordOrNone, DayText, Direction, LongText, ShortText

MONTH_LINES = 5
"""Lines of a page of the month: the sixth key is for a touch that is missing there."""
REQUEST_LINES = 6
RESULT_LINES = 5
WINDOWS_A_DAY = 5
"""Windows of one day in which a missing touch can be reported: the sixth key is for a touch outside them."""

type Page = Annotated[int, Meta(ge=0, lt=200)]
"""Counted from 0. The agent shows the last one if there are fewer."""
type LineNumber = Annotated[int, Meta(ge=0, lt=2_000)]
type RequestName = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
"""A request's id in hex."""
type MinuteOfDay = Annotated[int, Meta(ge=0, lt=1_440)]
type WindowMinute = Annotated[int, Meta(ge=0, le=2_880)]
"""Minutes after the midnight with which a window's day begins."""

# Agent to kiosk.


class MonthLine(msgspec.Struct, frozen=True, kw_only=True):
    """One touch of the person, with what the county has of it."""

    line: LineNumber
    """By which `MakeRequest` names it. It holds as long as the visit."""
    state: CodeWord
    """``counted``, ``corrected``, ``undated``, ``lost_card``, ``held``: the county has it. ``received``: it has reached
    the county, whose list does not say what it is there. ``waiting``: it has not."""
    day: DayText | None = None
    """None: nobody knows when it was."""
    minute: MinuteOfDay = 0
    direction: Direction | None = None
    by_number: bool = False
    where: ShortText = ""
    """The village, if it is another than the station's."""
    request: ShortText = ""
    """The number of the newest objection to it."""
    request_state: CodeWord | None = None
    """As in `OwnRequest`."""


class WindowLacks(msgspec.Struct, frozen=True, kw_only=True):
    """What one of today's windows still lacks."""

    window: ShortText
    marks: list[CodeWord]
    """``arrival``, ``departure``."""


class DayWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A duty window of the person on one of the days for which a missing touch can be reported."""

    day: DayText
    start: WindowMinute
    """By which `MakeRequest` names it."""
    end: WindowMinute
    window: ShortText


class MonthShown(Line, frozen=True, kw_only=True, tag="month"):
    """A page of the touches of the visit's person, the newest first."""

    visit: VisitId
    page: Page
    pages: Annotated[int, Meta(ge=1)]
    begins: DayText | None = None
    """The day from which on the county's list has touches; None: the county's list is not here."""
    lines: list[MonthLine] = []
    lacking: list[WindowLacks] = []
    """What windows of today that have opened still lack."""
    days: list[DayText] = []
    """The days for which a missing touch can be reported, the newest first. None, if the station does not know what day
    it is: then it is reported without one."""
    windows: list[DayWindow] = []
    """The windows of these days, at most `WINDOWS_A_DAY` each."""


class OwnRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One request of the person."""

    request: RequestName
    number: ShortText
    """By which the person and the township name it."""
    kind: CodeWord
    code: CodeWord | None = None
    state: CodeWord
    """``open``, ``accepted``, ``refused``, ``withdrawn``."""
    made: DayText | None = None
    day: DayText | None = None
    """The day that it is about."""
    minute: MinuteOfDay | None = None
    """The minute of that day, if it is about one touch; of a missing touch the minute in which its window begins."""
    answer: LongText = ""
    answered: DayText | None = None
    listed: bool = False
    """The county's list has it."""
    received: bool | None = None
    """Whether the county has it, by its receipts; None: this station does not know any more."""
    taken_back: bool = False
    """The person has taken it back here, and the county's list does not say so: it has not heard of it yet, or the
    answer was there first and stands."""
    until: DayText | None = None
    """The last day, if it is about a time that lasts."""
    from_noon: bool = False
    until_noon: bool = False
    """Of such a time: the first day only from noon on, the last only until noon."""
    whom: ShortText = ""
    """Who is to take the window over."""
    may_take_back: bool = False
    """The person may take it back: nobody has answered, or it was approved and has not begun."""
    whole: bool = False
    """It was taken back here before it began: that holds even if the county has approved by then."""


class RequestsShown(Line, frozen=True, kw_only=True, tag="requests"):
    """A page of the requests of the visit's person, the newest first."""

    visit: VisitId
    page: Page
    pages: Annotated[int, Meta(ge=1)]
    requests: list[OwnRequest] = []


class RequestTaken(Line, frozen=True, kw_only=True, tag="request"):
    """A request, or its withdrawal, is on the disk."""

    visit: VisitId
    number: ShortText
    state: CodeWord
    """``open`` or ``withdrawn``; of an answer to a swap ``accepted`` or ``refused``."""
    undated: bool = False
    """The station does not know the date. A missing touch then names none; a time to be away has the days that the
    person typed."""
    kind: CodeWordOrNone = ""
    """What was asked for, or is taken back; empty: an earlier agent does not say."""
    whole: bool = False
    """Of a withdrawal: it holds even if the county has approved by now, because it comes before the begin."""


class ResultLine(msgspec.Struct, frozen=True, kw_only=True):
    """What one window of the person came to, as in `protocol.months.MonthResult`."""

    day: DayText
    start: MinuteOfDay
    result: CodeWord
    end: WindowMinute | None = None
    """None: this station does not know the window any more."""
    window: ShortText = ""
    late: WindowMinute = 0
    early: WindowMinute = 0
    kind: CodeWord | None = None
    why: WhyText = ""
    waits: list[ShortText] = []
    may_report: bool = False
    """A missing touch of it can be reported here."""
    request: ShortText = ""
    """The number of the newest report of a missing touch in it."""
    request_state: CodeWord | None = None


class ResultsShown(Line, frozen=True, kw_only=True, tag="results"):
    """A page of what windows of the visit's person came to that is not simply in order, the newest first."""

    visit: VisitId
    page: Page
    pages: Annotated[int, Meta(ge=1)]
    through: DayText | None = None
    """Windows until this date that are in no line were in order, or off; None: the county has said nothing."""
    told: DayText | None = None
    """The day on which the newest of it was settled."""
    lines: list[ResultLine] = []


# Kiosk to agent.


class OpenResults(Line, frozen=True, kw_only=True, tag="open_results"):
    """The person of the visit opens a page of what their windows came to; the answer is `ResultsShown`."""

    visit: VisitId
    page: Page = 0


class OpenMonth(Line, frozen=True, kw_only=True, tag="open_month"):
    """The person of the visit opens a page of their month; the answer is `MonthShown`."""

    visit: VisitId
    page: Page = 0


class OpenRequests(Line, frozen=True, kw_only=True, tag="open_requests"):
    """The person of the visit opens a page of their requests; the answer is `RequestsShown`."""

    visit: VisitId
    page: Page = 0


class MakeRequest(Line, frozen=True, kw_only=True, tag="make_request"):
    """The person of the visit asks for something. The answer is `RequestTaken`, or `Sorry`."""

    visit: VisitId
    kind: CodeWord
    """``objection`` to a touch, which ``line`` names; ``correction``: a touch is missing, on ``day``."""
    code: CodeWord
    """Of an objection ``time``, ``direction``, ``not_mine``, ``other``; of a correction ``arrival``, ``departure``."""
    line: LineNumber | None = None
    day: DayText | None = None
    start: WindowMinute | None = None
    """Of a correction: in which of the day's windows the touch is missing; None: in none of them."""


class Withdraw(Line, frozen=True, kw_only=True, tag="withdraw"):
    """The person of the visit takes a request back as long as they may. The answer is `RequestTaken`."""

    visit: VisitId
    request: RequestName
