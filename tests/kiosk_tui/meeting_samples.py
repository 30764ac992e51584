"""A plainly fictional meeting, its touches, and the ways to each of its screens."""

from copy import replace

from protocol.kiosk import Sorry
from protocol.kiosk_meetings import (
    AbsentShown,
    ItemShown,
    MeetingCount,
    MeetingLine,
    MeetingShown,
    MeetingSignedIn,
    VouchAsked,
)
from tests.kiosk_tui import rig, samples
from tests.kiosk_tui.rig import Way

_shows, _after, _answers = rig._shows, rig._after, rig._answers
MINUTE = 60_000
COUNT = MeetingCount(expected=23, came=16, late=1, excused=2, voters=22, voters_came=15, needed=12, began_with=14)
LACKS = replace(COUNT, came=10, late=0, voters_came=9, began_with=None, entered=1, undated=2)
NEAR = MeetingLine(
    id="m1",
    title="支部党员大会",
    kind="members",
    of="示例村党支部",
    place="党群活动室",
    begin=samples.MORNING + 24 * MINUTE,
    end=samples.MORNING + 114 * MINUTE,
    count=LACKS,
)
COMING = replace(
    NEAR, id="m2", title="村民代表会议", place="村委会", begin=samples.MORNING + 1_914 * MINUTE, count=None
)
CANCELLED = replace(COMING, id="m3", title="主题党日", cancelled=True)
AWAY = replace(COMING, id="m4", title="示例镇党课", place="镇政府会议室", here=False)
LONGEST_LINE = replace(
    NEAR, title="很长的会议名称" * 9, place="很长的地点" * 12, count=replace(COUNT, entered=3, undated=4)
)
MEETS = replace(samples.HOME, meetings=[NEAR, COMING])
ENOUGH = replace(samples.HOME, meetings=[replace(NEAR, count=COUNT), CANCELLED, AWAY])
ANNOUNCED = replace(samples.HOME, meetings=[COMING])
UNDATED = replace(MEETS, quality="restored", duty=[])
LONGEST = replace(samples.HOME, meetings=[LONGEST_LINE] * 3)

_SIGNED = MeetingSignedIn(meeting="m1", title="支部党员大会", state="signed_in", count=COUNT)
VOUCH = VouchAsked(meeting="m1", person="p4", name="周示例", touch=samples.TOUCH)
SIGNED_IN = replace(samples.OFFERED, meetings=[_SIGNED])
SIGNED_LATE = replace(samples.REPEAT, meetings=[replace(_SIGNED, state="late", count=LACKS)])
SIGNED_TWICE = replace(SIGNED_IN, meetings=[_SIGNED, replace(_SIGNED, meeting="m2", title="村委会", state="again")])
SIGNED_UNDATED = replace(samples.UNDATED, meetings=[replace(_SIGNED, state="undated", count=LACKS)])
ASKED_TO_VOUCH = replace(SIGNED_IN, vouch=VOUCH)
VOUCH_LONGEST = replace(ASKED_TO_VOUCH, vouch=replace(VOUCH, name=samples.TWELVE), village="演示东村")

VISIT = replace(samples.VISIT, can=["meeting", "month", "requests", "learning", "set_pin"])
SHOWN = MeetingShown(
    visit=VISIT.visit, meeting=replace(NEAR, count=COUNT), others=["m1"], own="signed_in", own_at=samples.MORNING
)
AGENDA = [
    ItemShown(id="1", title="学习文件"),
    ItemShown(id="2", title="接收预备党员", options=["同意", "不同意"], votes=[13, 1], abstained=1, present=15),
    ItemShown(id="3", title="选举支部委员", options=["张示例", "李示例", "王示例"]),
]
ABSENT = [
    AbsentShown(person="p4", name="周示例", entered=True),
    AbsentShown(person="p2", name="吴示例"),
    AbsentShown(person="p5", name="孙示例", excused="leave"),
]
CHAIRED = replace(
    SHOWN,
    meeting=NEAR,
    others=["m1", "m2"],
    chairs=True,
    step="item",
    item="1",
    agenda=AGENDA,
    present=15,
    absent=ABSENT,
)
BEFORE = replace(CHAIRED, others=["m1"], step="", item="", agenda=[], absent=[])
MANY = replace(
    CHAIRED,
    absent=[AbsentShown(person=f"p{n}", name=name) for n, name in enumerate([samples.TWELVE, samples.DOTTED] * 3)],
    agenda=[replace(AGENDA[1], id=f"{n}", title=f"第{n}项，" + "很长的题目" * 10) for n in range(9)],
    pages=4,
)
LONGEST_SHOWN = replace(CHAIRED, meeting=LONGEST_LINE, own="late")
GONE = Sorry(reason="gone", asked="open_meeting")

_OPEN = _after(_shows(VISIT), "1")
_CHAIR = _answers(_OPEN, CHAIRED)
_VOUCHED = _answers(_OPEN, replace(CHAIRED, absent=[AbsentShown(person="p4", name="周示例", vouched=True)]))
_EMPTY = _answers(_OPEN, BEFORE)
_MANY = _answers(_OPEN, MANY)
_HANDS = _after(_CHAIR, "2", "2", "2")
WAYS: dict[str, Way] = {
    "home-meeting": _shows(MEETS),
    "home-meeting-announced": _shows(ANNOUNCED),
    "home-meeting-undated": _shows(UNDATED),
    "today-meeting": _after(_shows(ANNOUNCED), "1"),
    "meetings": _after(_shows(MEETS), "1"),
    "meetings-enough": _after(_shows(ENOUGH), "1"),
    "meetings-over": _answers(_after(_shows(MEETS), "1"), samples.HOME),
    "meetings-undated": _after(_shows(UNDATED), "1"),
    "meetings-longest": _after(_shows(LONGEST), "1"),
    "touch-meeting": _shows(SIGNED_IN),
    "touch-meeting-late": _shows(SIGNED_LATE),
    "touch-meeting-two": _shows(SIGNED_TWICE),
    "touch-meeting-undated": _shows(SIGNED_UNDATED),
    "touch-vouch": _shows(ASKED_TO_VOUCH),
    "touch-vouch-longest": _shows(VOUCH_LONGEST),
    "visit-meeting-next": _shows(replace(samples.VISIT, meeting=COMING)),
    "visit-meeting-asked": _OPEN,
    "visit-meeting": _answers(_OPEN, SHOWN),
    "visit-meeting-chair": _CHAIR,
    "visit-meeting-closing": _after(_CHAIR, "3"),
    "visit-meeting-gone": _answers(_OPEN, GONE),
    "visit-meeting-longest": _answers(_OPEN, LONGEST_SHOWN),
    "visit-meeting-nobody": _after(_EMPTY, "1"),
    "visit-meeting-absent": _after(_CHAIR, "1"),
    "visit-meeting-absent-back": _after(_CHAIR, "1", "1"),
    "visit-meeting-absent-vouched": _after(_VOUCHED, "1"),
    "visit-meeting-absent-many": _after(_MANY, "1"),
    "visit-meeting-entering": _after(_CHAIR, "1", "2"),
    "visit-meeting-no-agenda": _after(_EMPTY, "2"),
    "visit-meeting-agenda": _after(_CHAIR, "2"),
    "visit-meeting-agenda-many": _after(_MANY, "2"),
    "visit-meeting-item": _after(_CHAIR, "2", "1"),
    "visit-meeting-voted": _after(_CHAIR, "2", "2"),
    "visit-meeting-item-longest": _after(_MANY, "2", "1"),
    "visit-meeting-hands": _HANDS,
    "visit-meeting-hands-typed": _after(_HANDS, "1"),
    "visit-meeting-hands-too-many": _after(_HANDS, "9", "9", "enter"),
    "visit-meeting-hands-all": _after(_HANDS, "1", "3", "enter", "1", "enter", "1", "enter"),
    "visit-meeting-hands-saving": _after(_HANDS, "1", "2", "enter", "1", "enter", "1", "enter", "1"),
}
