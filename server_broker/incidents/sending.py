"""Send the messages that wait. Each channel gets at most one message a round, and none can hold another up.

A delivery runs on a thread of its own and is waited for `TOTAL_S` and a little more, whatever it does: a receiver that
hangs, or a name server. A channel whose last delivery still runs gets nothing new. Between tries stand capped and
jittered waits. A message that could not be delivered for a day is given up, because by then the page says more. What it
told of and what still stands is told by a new one.

A delivery is counted as a try before it begins. Whoever dies in the middle tries again, so a message may come twice.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from server_broker.incidents.channels.port import TOTAL_S, BadChannel, Channel, ChannelFailed, Message
from server_broker.incidents.models import ChannelConfig, Mention, Notification
from server_broker.trust.sealing import SealBroken

_log = logging.getLogger(__name__)

EXPIRES = timedelta(days=1)
FIRST_WAIT_S, LONGEST_WAIT_S, LEAST_WAIT_S = 30.0, 1800.0, 5.0
SPARE_S = 2.0
_TOO_LONG = "对方太久没有回应"
_CLOSED = "渠道的设置打不开或不再允许，请停用后重新添加"

type Open = Callable[[ChannelConfig], Channel]
"""Makes the channel of a row; raises `SealBroken` or `BadChannel`."""


class _Delivery(threading.Thread):
    """One try. A thread that hangs does not keep the program from ending."""

    def __init__(self, notification: Notification, channel: Channel) -> None:
        super().__init__(name=f"deliver {notification.pk}", daemon=True)
        self.notification = notification
        self._channel = channel
        self.failure = _TOO_LONG

    def run(self) -> None:
        try:
            self._channel.deliver(Message(self.notification.title, self.notification.text))
        except ChannelFailed as error:
            self.failure = str(error)
        except Exception as error:  # noqa: BLE001 - the top of a thread; the error's own text may quote an address
            _log.error("channel %s failed by %s", self.notification.channel_id, type(error).__name__)
            self.failure = "程序出错，请联系县运维"
        else:
            self.failure = ""


class Sender:
    """Sends what is due. One object lives as long as the notifier; only its thread uses it."""

    def __init__(self, *, open_channel: Open, chance: random.Random, total_s: float = TOTAL_S) -> None:
        self._open = open_channel
        self._chance = chance
        self._wait_s = total_s + SPARE_S
        self._running: dict[int, _Delivery] = {}

    def go_on(self, *, now: datetime) -> int:
        """Give up what is too old, try what is due, and return how many messages were delivered."""
        _give_up(now)
        self._running = {pk: one for pk, one in self._running.items() if one.is_alive()}
        begun = [one for notification in _due(now) if (one := self._begin(notification, now)) is not None]
        ends_s = time.monotonic() + self._wait_s
        for delivery in begun:
            delivery.join(max(0.0, ends_s - time.monotonic()))
        return sum(self._note(delivery, now) for delivery in begun)

    def _begin(self, notification: Notification, now: datetime) -> _Delivery | None:
        channel = notification.channel
        if channel.pk in self._running:
            return None
        # The try counts from here, so that a message that kills the program is not tried for ever.
        Notification.objects.filter(pk=notification.pk).update(tries=F("tries") + 1)
        notification.tries += 1
        try:
            delivery = _Delivery(notification, self._open(channel))
        except (SealBroken, BadChannel):
            self._failed(notification, _CLOSED, now)
            return None
        self._running[channel.pk] = delivery
        delivery.start()
        return delivery

    def _note(self, delivery: _Delivery, now: datetime) -> bool:
        notification = delivery.notification
        if delivery.is_alive() or delivery.failure:
            self._failed(notification, _TOO_LONG if delivery.is_alive() else delivery.failure, now)
            return False
        Notification.objects.filter(pk=notification.pk).update(sent_at=now)
        ChannelConfig.objects.filter(pk=notification.channel_id).update(sent_at=now, failing_since=None, failure="")
        return True

    def _failed(self, notification: Notification, said: str, now: datetime) -> None:
        channel = notification.channel
        if channel.failing_since is None:
            _log.warning("channel %s takes no messages: %s", channel.pk, said)
        next_at = now + timedelta(seconds=self._wait_after(notification.tries))
        # The others of this channel wait too: a receiver that fails gets one try, not one for each message.
        waiting = Notification.objects.filter(channel=channel, sent_at=None, given_up_at=None)
        waiting.filter(next_at__lt=next_at).update(next_at=next_at)
        rows = ChannelConfig.objects.filter(pk=channel.pk)
        rows.update(failure=said[:200])
        rows.filter(failing_since=None, removed_at=None).update(failing_since=now)

    def _wait_after(self, tries: int) -> float:
        longest = min(LONGEST_WAIT_S, FIRST_WAIT_S * 2 ** min(tries, 16))
        return self._chance.uniform(LEAST_WAIT_S, longest)


def _give_up(now: datetime) -> None:
    """Give up the messages that are too old. Nobody was told by them, so that what still stands is told anew."""
    expired = Notification.objects.filter(sent_at=None, given_up_at=None, made_at__lte=now - EXPIRES)
    with transaction.atomic():
        Mention.objects.filter(notification__in=expired).delete()
        expired.update(given_up_at=now)


def _due(now: datetime) -> list[Notification]:
    """Return the next message of each channel that has one due: of those the one that was tried least, then the oldest.

    So a message that a receiver always refuses does not hold the later ones up.
    """
    waiting = Notification.objects.filter(
        sent_at=None, given_up_at=None, next_at__lte=now, channel__removed_at=None
    ).select_related("channel")
    return list(waiting.order_by("channel", "tries", "made_at", "pk").distinct("channel"))
