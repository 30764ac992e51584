"""Name a station that goes on asking the county's web for more than it gets.

The web refuses by itself what is beyond a station's share. An honest station that is refused waits for minutes, so one
that asks on and on is broken or in the wrong hands, and people are told (`STATION_FLOODS`). Only requests that a
station has signed are counted: otherwise a stranger could have any station named.
"""

import time
from collections.abc import Callable
from datetime import datetime
from threading import Lock

from django.db import Error

from server_broker.fleet.alarm_codes import STATION_FLOODS
from server_broker.fleet.alarms import raise_alarm

MANY, WINDOW_S = 20, 60.0
"""So many refusals in so many seconds are a flood."""
EVERY_S = 5.0
"""How often a flood that goes on is noted, so that it costs the database little."""


class AskedTooMuch:
    """Counts the refusals of one kind. Safe to use from several threads; it has an entry for each known station."""

    def __init__(self, said: str, *, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        """``said`` is Chinese, for a screen: what the station asked for."""
        self._said = said
        self._monotonic_s = monotonic_s
        self._counted: dict[str, tuple[float, int]] = {}
        """By station: when its window began, and its refusals since then."""
        self._named: dict[str, float] = {}
        self._lock = Lock()

    def refused(self, station: str, *, at: datetime) -> None:
        """Note that a station was refused, and raise its alarm if that makes a flood.

        Raises:
            django.db.Error: The alarm was not raised; the next refusal tries again.
        """
        now = self._monotonic_s()
        with self._lock:
            began, number = self._counted.get(station, (now, 0))
            if now - began > WINDOW_S:
                began, number = now, 0
            self._counted[station] = began, number + 1
            if number + 1 < MANY or now - self._named.get(station, -EVERY_S) < EVERY_S:
                return
            # Before it is raised, so that another thread does not raise it too meanwhile.
            self._named[station] = now
        detail = f"一分钟内{self._said}被拒 {number + 1} 次；别的站点不受影响"
        try:
            raise_alarm(station=station, code=STATION_FLOODS, severity="critical", detail=detail, at=at)
        except Error:
            with self._lock:
                self._named.pop(station, None)
            raise
