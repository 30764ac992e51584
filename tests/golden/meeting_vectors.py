"""Samples of meetings, in the bundle and on the kiosk socket."""

import msgspec

from protocol import kiosk, kiosk_meetings, kiosk_visits, meetings
from tests.golden.vectors import AT, TOUCH
from tests.golden.vectors_1_1 import ID, PERSON

_MINUTE = 60_000
_VISIT = ID[:8].hex()

MESSAGES: dict[str, msgspec.Struct] = {
    "meetings": meetings.Meetings(
        meetings=[
            meetings.Meeting(
                id="m12",
                title="十一月支部党员大会",
                kind="members",
                of="示例村党支部",
                place="党群活动室",
                begin=AT.wall,
                end=AT.wall + 90 * _MINUTE,
                chair=PERSON,
                expected=[
                    meetings.Expected(person=PERSON, name="张示例"),
                    meetings.Expected(person="p2", name="李示例", excused="leave"),
                    meetings.Expected(person="p3", name="王示例", votes=False),
                ],
                quorum=meetings.Quorum(rule="more_than", numerator=1, denominator=2),
                agenda=[
                    meetings.AgendaItem(id="1", title="学习文件"),
                    meetings.AgendaItem(id="2", title="接收预备党员", options=["同意", "不同意"]),
                ],
                papers=[meetings.Paper(bundle="library-1", document="d1", title="示例文件")],
            ),
            meetings.Meeting(
                id="m13",
                title="示例镇党课",
                kind="lecture",
                begin=AT.wall + 60 * _MINUTE,
                end=AT.wall + 120 * _MINUTE,
                here=False,
                cancelled=True,
            ),
        ]
    ),
}

_COUNT = kiosk_meetings.MeetingCount(
    expected=23, came=16, late=1, excused=2, voters=22, voters_came=15, needed=12, began_with=14, undated=1, entered=1
)
_LINE = kiosk_meetings.MeetingLine(
    id="m12",
    title="十一月支部党员大会",
    kind="members",
    of="示例村党支部",
    place="党群活动室",
    begin=AT.wall,
    end=AT.wall + 90 * _MINUTE,
    count=_COUNT,
)
_VOUCH = kiosk_meetings.VouchAsked(meeting="m12", person="p3", name="王示例", touch=TOUCH)

LINES: dict[str, kiosk.ToKiosk | kiosk.ToAgent] = {
    "meeting": kiosk_meetings.MeetingShown(
        visit=_VISIT, meeting=_LINE, others=["m12"], own="signed_in", own_at=AT.wall
    ),
    "meeting-chaired": kiosk_meetings.MeetingShown(
        visit=_VISIT,
        meeting=_LINE,
        others=["m12", "m13"],
        own="late",
        own_at=AT.wall,
        chairs=True,
        step="item",
        item="2",
        agenda=[
            kiosk_meetings.ItemShown(id="1", title="学习文件"),
            kiosk_meetings.ItemShown(
                id="2", title="接收预备党员", options=["同意", "不同意"], votes=[13, 1], abstained=1, present=15
            ),
        ],
        present=15,
        absent=[
            kiosk_meetings.AbsentShown(person="p3", name="王示例", entered=True),
            kiosk_meetings.AbsentShown(person="p2", name="李示例", excused="leave"),
        ],
        page=0,
        pages=2,
    ),
    "visit-meeting": kiosk_visits.VisitShown(visit=_VISIT, name="张示例", can=["month"], meeting=_LINE),
    "vouched": kiosk_meetings.Vouched(touch=TOUCH, count=_COUNT, next=_VOUCH),
    "open_meeting": kiosk_meetings.OpenMeeting(visit=_VISIT, meeting="m12", page=1),
    "step_meeting": kiosk_meetings.StepMeeting(visit=_VISIT, meeting="m12", step="item", item="2"),
    "enter_person": kiosk_meetings.EnterPerson(visit=_VISIT, meeting="m12", person="p3"),
    "take_back_person": kiosk_meetings.TakeBackPerson(visit=_VISIT, meeting="m12", person="p3"),
    "enter_votes": kiosk_meetings.EnterVotes(visit=_VISIT, meeting="m12", item="2", votes=[13, 1], abstained=1),
    "vouch": kiosk_meetings.Vouch(touch=TOUCH, meeting="m12", person="p3"),
    "touch-meeting": kiosk.TouchShown(
        colour="green",
        answer="recorded",
        name="张示例",
        wall=AT.wall,
        quality="synced",
        meetings=[
            kiosk_meetings.MeetingSignedIn(meeting="m12", title="十一月支部党员大会", state="signed_in", count=_COUNT)
        ],
        vouch=_VOUCH,
    ),
}
