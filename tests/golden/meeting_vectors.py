"""Samples of meetings, in the bundle and on the kiosk socket."""

import msgspec

from protocol import meetings
from tests.golden.vectors import AT
from tests.golden.vectors_1_1 import PERSON

_MINUTE = 60_000

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
