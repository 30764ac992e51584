"""Why a PIN that a station told of was not accepted, in the words of the person's page."""

from server_broker.pins.accepting import GONE, NO_TOUCH, OTHER_CARD, STRANGER, TOO_LONG_AGO

PIN_REFUSED = {
    NO_TOUCH: "设密码以前，本人没有在这个站点刷卡",
    OTHER_CARD: "设密码以前刷的不是本人的卡",
    TOO_LONG_AGO: "设密码离刷卡太久，超过 15 分钟",
    GONE: "设密码的时候，本人已离开或调到别的镇",
    STRANGER: "本人不归这个站点所在的镇",
}
ELSEWHERE = "别处的站点"
"""A station that the viewer does not see."""
