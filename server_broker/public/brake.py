"""Limit wrong tries at the front door: of one network, of one customer's networks, and of the whole internet together.

A lock of one person alone does not help against somebody who tries one PIN for each person of the county. So all wrong
tries count together too. When there are too many, signing in by number rests for everybody but the telephones that a
person has signed in on before (`known_phones`); the kiosks' codes go on.
"""

import datetime as dt
from typing import Literal

from django.db import transaction

from server_broker.platform.network import network_source, site_source
from server_broker.platform.sql import lock_until_commit
from server_broker.public.models import WrongTry

type Way = Literal["number", "code"]

WITHIN = dt.timedelta(hours=1)
MOST_OF_A_NETWORK: dict[Way, int] = {"number": 20, "code": 60}
"""Telephones of one operator may share an address, so this leaves room for several people who mistype. A code is asked
for again while its fact is on the way."""
MOST_OF_A_SITE: dict[Way, int] = {"number": 40, "code": 120}
"""Of all networks of one /48, because a household may have 256 of them, and whoever rents a server 65,536. An operator
may have all telephones in one, so others' tries don't stop a telephone that is known."""
MOST_OF_ALL = 100
"""Wrong tries by number. Codes of kiosks are too long to be guessed, and don't count here."""
KEPT = dt.timedelta(days=1)
_LOCK = 0x646F6F72  # "door", one try is counted at a time


class TooManyTries(Exception):
    """Nothing was tried. The message is Chinese and says what a person can do."""


def begin_try(way: Way, address: str, now: dt.datetime, *, known: bool = False) -> WrongTry:
    """Count a try as wrong before it is judged. Whoever finds it right deletes the row again.

    Args:
        way: How somebody tries to sign in.
        address: Where the telephone's connection comes from.
        now: When.
        known: The person has signed in on this telephone before, so the tries of strangers don't stop it.

    Raises:
        TooManyTries: Too many were wrong within the last hour. Nothing was counted.
    """
    source, site = network_source(address), site_source(address)
    with transaction.atomic():
        # Until COMMIT nobody else counts. So of tries at the same time no more pass than of tries one after another.
        lock_until_commit(_LOCK)
        lately = WrongTry.objects.filter(way=way, at__gt=now - WITHIN)
        if lately.filter(source=source).count() >= MOST_OF_A_NETWORK[way] or (
            not known and lately.filter(site=site).count() >= MOST_OF_A_SITE[way]
        ):
            raise TooManyTries("这个网络试错太多次，请一小时后再试。急用的话，请到站点刷卡查看。")
        if way == "number" and not known and lately.count() >= MOST_OF_ALL:
            raise TooManyTries("现在试错的人太多，用编号登录暂停一会儿。请到站点刷卡后扫二维码。")
        return WrongTry.objects.create(at=now, source=source, site=site, way=way)


def drop_old_tries(now: dt.datetime) -> int:
    """Delete wrong tries that count no longer; return how many."""
    dropped, _ = WrongTry.objects.filter(at__lt=now - KEPT).delete()
    return dropped
