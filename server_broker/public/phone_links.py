"""Open a session for the code that a kiosk showed (`protocol.phone_link`).

The station's word is believed no further than it must be. A stolen board may state what it likes with its own key, so
it opens the pages of its own village's people alone, a few in an hour, and none once it is revoked.
"""

import datetime as dt

from django.db import IntegrityError, transaction

from protocol.phone_link import LIFETIME_MS, code_hash, read_code
from protocol.refusal import Refused
from protocol.units import DATED_QUALITIES
from server_broker.attendance.models import Touch
from server_broker.attendance.touches import touch_rows
from server_broker.fleet.models import Station, StationEvent
from server_broker.people.models import Card, Person
from server_broker.public.models import UsedPhoneLink
from server_broker.public.sessions import open_session

KIND = "phone_link_shown"
LIFETIME = dt.timedelta(milliseconds=LIFETIME_MS)
CLOCKS_APART = dt.timedelta(minutes=2)
"""How far a station's clock may be ahead of the county's."""
TOUCH_BEFORE = dt.timedelta(minutes=10)
"""How long before the code the person may have touched the card that shows who they are."""
MOST_OF_A_STATION = 30
"""Codes of one station that open something within an hour."""


class LinkRefused(Exception):
    """Nobody was signed in. ``waits`` tells that the station's record may still be on its way.

    The message is Chinese, for the person with the telephone.
    """

    def __init__(self, words: str, *, waits: bool = False) -> None:
        super().__init__(words)
        self.waits = waits


_AGAIN = "请在站点重新刷卡，再扫新的二维码。"


def use_code(typed: str, *, now: dt.datetime) -> str:
    """Sign in the person to whom a kiosk showed a code; return the secret of the session.

    Raises:
        LinkRefused: The code is unknown, old, used or of no use. Nothing was changed.
    """
    try:
        digest = code_hash(read_code(typed))
    except Refused as error:
        raise LinkRefused("这不是站点屏幕上的代码，请看清楚再输。") from error
    shown = _stated(digest)
    _check_fresh(shown, now)
    station = shown.station
    if station.revoked_at is not None:
        raise LinkRefused("这个站点已停用，它的二维码不能用。请用编号和密码登录。")
    person = _person(shown, station)
    _check_touch(shown, person)
    try:
        with transaction.atomic():
            _check_station(station, now)
            UsedPhoneLink.objects.create(code=digest, station=station, used_at=now)
            return open_session(person, by="code", now=now, station=station)
    except IntegrityError as error:  # by the unique code, also if two telephones come at the same time
        raise LinkRefused(f"这个二维码已经用过一次，不能再用。{_AGAIN}") from error


def _stated(digest: bytes) -> StationEvent:
    """Return the fact by which a station stated a code."""
    stated = StationEvent.objects.select_related("station").filter(kind=KIND, detail__code=digest.hex())[:2]
    if not stated:
        raise LinkRefused(f"县里还没有收到站点的记录，请等几秒再试。还不行的话，{_AGAIN}", waits=True)
    # Whoever sees a kiosk's screen may state its code too, and would choose whose page the telephone shows.
    if len(stated) > 1:
        raise LinkRefused(f"不止一个站点报了这个二维码，不能用。{_AGAIN}")
    return stated[0]


def _check_fresh(shown: StationEvent, now: dt.datetime) -> None:
    if shown.quality not in DATED_QUALITIES:
        raise LinkRefused("这个站点还不知道准确时间，它的二维码现在不能用。请用编号和密码登录。")
    # By the station's clock, since the fact may have waited; and by the county's own, since that clock may be set.
    times = (shown.wall, shown.received_at)
    if any(not now - LIFETIME <= at <= now + CLOCKS_APART for at in times):
        raise LinkRefused(f"这个二维码已过期（五分钟内有效）。{_AGAIN}")


def _person(shown: StationEvent, station: Station) -> Person:
    person = Person.objects.filter(left=False, number=shown.detail.get("person", "")).first()
    if person is None:
        raise LinkRefused("县里没有这个人的记录，请联系镇办。")
    if person.village_id != station.village_id:
        raise LinkRefused("二维码只能在本村的站点用。请用编号和密码登录。")
    return person


def _check_touch(shown: StationEvent, person: Person) -> None:
    """Check that the touch named in the fact is of a card of the person, and was just before."""
    epoch, _, seq = shown.detail["by"].partition(":")
    touch = Touch.objects.filter(station=shown.station_id, epoch=bytes.fromhex(epoch), seq=int(seq)).first()
    # It stands before the code in the same stream. So if it is not here, the county could not read it.
    if touch is None:
        raise LinkRefused(f"县里还没有读到您刚才的刷卡。{_AGAIN}")
    [row] = touch_rows([touch])
    is_theirs = row.person == person and row.outcome != "lost"
    still_theirs = Card.objects.filter(token=bytes(touch.card_token), person=person, lost_at=None).exists()
    if not (is_theirs and still_theirs) or touch.answer == "lost":
        raise LinkRefused("刚才刷的不是您在用的卡，请联系镇办。")
    if not shown.wall - TOUCH_BEFORE <= touch.wall <= shown.wall:
        raise LinkRefused(f"刷卡是很久以前的事了。{_AGAIN}")


def _check_station(station: Station, now: dt.datetime) -> None:
    # Locked, so that codes of one station that are used at the same time are counted one after the other.
    Station.objects.select_for_update(no_key=True).get(pk=station.pk)
    lately = UsedPhoneLink.objects.filter(station=station, used_at__gt=now - dt.timedelta(hours=1))
    if lately.count() >= MOST_OF_A_STATION:
        raise LinkRefused("这个站点的二维码用得太多，请一小时后再试，或用编号和密码登录。")
