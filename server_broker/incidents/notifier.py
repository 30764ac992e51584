"""Watch what needs a person, and tell it by the channels.

This is a part of its own, so that no receiver can hold anything else: receipts, pages and chores are other processes.
This one may speak to machines outside the county, and they may not.
"""

import logging
import random
from collections.abc import Callable
from datetime import datetime

from server_broker.incidents.episodes import follow
from server_broker.incidents.models import ChannelConfig
from server_broker.incidents.open_now import Standing, open_incidents, region_names
from server_broker.incidents.sending import Open, Sender
from server_broker.incidents.telling import tell
from server_broker.regions.models import COUNTY_DIGITS, Region

_log = logging.getLogger(__name__)

SEND_EVERY_S = 5.0
"""Seconds between two rounds, so that no channel gets more than twelve messages a minute. Robots take twenty."""
LOOK_EVERY_S = 20.0


class Notifier:
    """Looks for incidents, writes messages and sends them. Only one thread uses it."""

    def __init__(
        self,
        *,
        open_channel: Open,
        link: Callable[[], str],
        chance: random.Random | None = None,
        sender: Sender | None = None,
    ) -> None:
        self._sender = sender or Sender(open_channel=open_channel, chance=chance or random.SystemRandom())
        self._link = link
        self._look_at_s = 0.0

    def go_on(self, *, now: datetime, mono_s: float) -> None:
        """Do one round: a look if one is due, then what is to be sent."""
        if mono_s >= self._look_at_s:
            self._look_at_s = mono_s + LOOK_EVERY_S
            self.look(now=now)
        self._sender.go_on(now=now)

    def look(self, *, now: datetime) -> None:
        """Follow the incidents of the county, and make the messages about them."""
        counties = Region.objects.counties().filter(ended=False)
        standing: list[Standing] = []
        names = None
        for county in counties.order_by("code"):
            standing += open_incidents(county.code, now=now)
            names = region_names(county.code) if names is None else names.with_others(region_names(county.code))
        if names is None:
            return
        episodes = follow(standing, now=now)
        for channel in ChannelConfig.objects.filter(removed_at=None).select_related("region").order_by("pk"):
            made = tell(
                channel,
                standing,
                episodes,
                names=names,
                county=names.name(channel.region.code[:COUNTY_DIGITS].ljust(12, "0")),
                link=self._link(),
                now=now,
            )
            if made is not None:
                _log.info("message %s for channel %s", made.pk, channel.pk)
