"""What pages say of a person's PIN: since when there is one, and why one that a station told of was not accepted."""

from server_broker.attendance.timelines import Line
from server_broker.people.models import Person
from server_broker.pins.accepting import GONE, NO_TOUCH, OTHER_CARD, STRANGER, TOO_LONG_AGO
from server_broker.pins.models import PersonPin

PIN_REFUSED = {
    NO_TOUCH: "设密码以前，本人没有在这个站点刷卡",
    OTHER_CARD: "设密码以前刷的不是本人的卡",
    TOO_LONG_AGO: "设密码离刷卡太久，超过 15 分钟",
    GONE: "设密码的时候，本人已离开或调到别的镇",
    STRANGER: "本人不归这个站点所在的镇",
}
PIN = "密码"
"""The kind of line that is about a PIN."""
ELSEWHERE = "别处的站点"
"""A station that the viewer does not see."""


def pin_lines(person: Person) -> list[Line]:
    """Return the line that says since when the person's PIN holds; none without a PIN."""
    kept = PersonPin.objects.filter(person=person).exclude(verifier=None).first()
    if kept is None or kept.set_at is None:
        return []
    return [Line(PIN, "已设，可以按编号登录", kept.set_at, None, kept.set_at, kept.station_id or "", "")]
