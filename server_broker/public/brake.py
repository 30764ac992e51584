"""Limit wrong tries at the front door: those of one network, and those of the whole internet together.

A lock of one person alone does not help against somebody who tries one PIN for each person of the county. So all wrong
tries count together too. When there are too many, signing in by number rests for everybody; the kiosks' codes go on.
"""

import datetime as dt
from typing import Literal

from server_broker.public.models import WrongTry

type Way = Literal["number", "code"]

WITHIN = dt.timedelta(hours=1)
MOST_OF_A_NETWORK: dict[Way, int] = {"number": 20, "code": 60}
"""Telephones of one operator may share an address, so this leaves room for several people who mistype. A code is asked
for again while its fact is on the way."""
MOST_OF_ALL = 100
"""Wrong tries by number. Codes of kiosks are too long to be guessed, and don't count here."""
KEPT = dt.timedelta(days=1)


class TooManyTries(Exception):
    """Nothing was tried. The message is Chinese and says what a person can do."""


def check_brake(way: Way, source: str, now: dt.datetime) -> None:
    """Check that another try may be made.

    Raises:
        TooManyTries: Too many were wrong within the last hour.
    """
    lately = WrongTry.objects.filter(way=way, at__gt=now - WITHIN)
    if lately.filter(source=source).count() >= MOST_OF_A_NETWORK[way]:
        raise TooManyTries("这个网络试错太多次，请一小时后再试。急用的话，请到站点刷卡查看。")
    if way == "number" and lately.count() >= MOST_OF_ALL:
        raise TooManyTries("现在试错的人太多，用编号登录暂停一会儿。请到站点刷卡后扫二维码。")


def count_wrong(way: Way, source: str, now: dt.datetime) -> WrongTry:
    """Count a try as wrong. Whoever finds it right deletes the row again."""
    return WrongTry.objects.create(at=now, source=source, way=way)


def drop_old_tries(now: dt.datetime) -> int:
    """Delete wrong tries that count no longer; return how many."""
    dropped, _ = WrongTry.objects.filter(at__lt=now - KEPT).delete()
    return dropped
