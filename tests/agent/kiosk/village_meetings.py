"""A meeting in the village of the bench: 张示例 is its chair, 李示例 and 王示例 have cards, 赵示例 has none."""

import msgspec

from protocol.cards import card_token
from protocol.kiosk import TouchShown
from protocol.kiosk_meetings import MeetingShown, OpenMeeting, Vouch
from protocol.meetings import AgendaItem, Expected, Meeting, Meetings, Quorum
from protocol.twin import Card, Person
from tests.agent.bench import CARD_KEY, ZHANG, Bench, desired
from tests.agent.kiosk.village_pins import open_by_card
from tests.fakes.clockwork import MINUTE_MS, MORNING_MS

WANG, GUEST = "04e1b2c3d4e5f6", "04f1b2c3d4e5f6"
"""Cards: of 王示例, and of a person of this village whom nobody expects."""
BEGIN = MORNING_MS + 30 * MINUTE_MS
"""09:00."""


def meeting(**values: object) -> Meeting:
    """Return a meeting of five, of whom four vote, from 09:00 to 10:30."""
    made = Meeting(
        id="m1",
        title="支部党员大会",
        kind="members",
        place="党群活动室",
        begin=BEGIN,
        end=BEGIN + 90 * MINUTE_MS,
        chair="p1",
        expected=[
            Expected(person="p1", name="张示例"),
            Expected(person="p2", name="李示例"),
            Expected(person="p3", name="王示例", votes=False),
            Expected(person="p4", name="赵示例"),
            Expected(person="p5", name="孙示例", excused="leave"),
        ],
        quorum=Quorum(rule="more_than", numerator=1, denominator=2),
        agenda=[
            AgendaItem(id="1", title="学习文件"),
            AgendaItem(id="2", title="接收预备党员", options=["同意", "不同意"]),
        ],
    )
    return msgspec.structs.replace(made, **values)


def of(*meetings: Meeting) -> Meetings:
    """Return the content of a bundle."""
    return Meetings(meetings=list(meetings))


def announce(station: Bench, *meetings: Meeting) -> None:
    """Have the county announce these meetings and no others, to a village in which 王示例 and a guest have cards."""
    wanted = desired(version=station.twin.version + 1)
    people = [*wanted.people, Person(id="p3", name="王示例"), Person(id="p9", name="客示例")]
    cards = [
        *wanted.cards,
        Card(token=card_token(CARD_KEY, WANG), person="p3"),
        Card(token=card_token(CARD_KEY, GUEST), person="p9"),
    ]
    station.accept(msgspec.structs.replace(wanted, people=people, cards=cards))
    station.bundles.put("meetings", of(*meetings))


def shown_to(station: Bench, card: str, meeting: str = "") -> MeetingShown:
    """Open the meeting in the visit of whoever has this card."""
    visit = open_by_card(station, card)
    [shown] = station.ask(OpenMeeting(visit=visit.visit, meeting=meeting))
    assert isinstance(shown, MeetingShown)
    return shown


def chaired(station: Bench, meeting: str = "") -> MeetingShown:
    """Open the meeting in the visit of its chair."""
    return shown_to(station, ZHANG, meeting)


def vouch(station: Bench, touch: TouchShown) -> list[object]:
    """Press the key of a touch's screen by which its person vouches."""
    assert touch.vouch is not None
    asked = touch.vouch
    return station.ask(Vouch(touch=asked.touch, meeting=asked.meeting, person=asked.person))
