"""Tell people which station sends beyond its share, and have the broker end its connection while it goes on.

An honest station meets none of these bounds (`server_broker.ingest.inbox`), so one that does is broken or in the wrong
hands. Its neighbours do not wait for it in any case. What it floods is the broker and the machine; so after some time
its connection is ended, again and again: each new one costs it a handshake.
"""

import logging
from collections.abc import Callable, Mapping
from datetime import datetime

from server_broker.fleet.alarm_codes import STATION_FLOODS
from server_broker.fleet.alarms import AlarmCall, raise_alarms, resolve
from server_broker.fleet.models import Alarm, Station

_log = logging.getLogger(__name__)

LOOK_S = 5.0
MANY_LET_GO = 200
"""Messages beyond a station's share within `LOOK_S`."""
DEAR_S = 1.0
"""Seconds of the worker that a station's messages cost beyond their price within `LOOK_S`."""
CALM_S = 600.0
"""After so long without a flood the alarm is over."""


class FloodWatch:
    """One object lives as long as the worker. Only the worker's thread uses it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Watch. ``clock`` is monotonic, in seconds."""
        self._clock = clock
        self._charged: dict[str, float] = {}
        self._floods: dict[str, float] = {}
        """When each station that floods was last seen to."""
        self._next = 0.0
        self._has_taken_over = False

    def charged(self, station: str, seconds: float) -> None:
        """Note that a station's messages cost so much beyond their price."""
        self._charged[station] = self._charged.get(station, 0.0) + seconds

    def is_due(self) -> bool:
        """Tell whether it is time to `look` again."""
        return self._clock() >= self._next

    def look(self, let_go: Mapping[str, int], *, now: datetime) -> list[str]:
        """Raise and close alarms; return the stations whose connections are to be ended.

        Args:
            let_go: How many messages of each station were let go since the last look.

        Raises:
            django.db.Error: Nothing was noted.
        """
        at = self._clock()
        self._take_over()
        flooding = {station for station, number in let_go.items() if number >= MANY_LET_GO}
        flooding |= {station for station, seconds in self._charged.items() if seconds >= DEAR_S}
        # The topic's text is the sender's: only the broker's access list says that it is a station.
        flooding &= set(Station.objects.filter(pk__in=flooding).values_list("pk", flat=True)) if flooding else set()
        raise_alarms(
            [
                AlarmCall(one, STATION_FLOODS, "critical", _said(let_go.get(one, 0), self._charged.get(one, 0.0)))
                for one in sorted(flooding)
            ],
            at=now,
        )
        for station in [one for one, flood in self._floods.items() if one not in flooding]:
            if at - self._floods[station] > CALM_S:
                resolve(station=station, code=STATION_FLOODS, at=now)
                del self._floods[station]
        for station in flooding:
            if station not in self._floods:
                _log.warning("%s sends beyond its share", station, extra={"station": station})
            self._floods[station] = at
        self._charged.clear()
        self._next = at + LOOK_S
        return [one for one in sorted(flooding) if let_go.get(one, 0) >= MANY_LET_GO]

    def _take_over(self) -> None:
        """Look after the alarms that an earlier worker has left open, so that they are closed when it is calm."""
        if self._has_taken_over:
            return
        open_ones = Alarm.objects.filter(code=STATION_FLOODS, origin="county", resolved_at=None)
        for station in open_ones.values_list("station_id", flat=True):
            self._floods.setdefault(str(station), self._clock())
        self._has_taken_over = True


def _said(let_go: int, seconds: float) -> str:
    """Return the alarm's sentence."""
    parts = [f"超出份额的消息 {let_go} 条未收"] if let_go else []
    parts += [f"多占用县里处理时间 {seconds:.0f} 秒"] if seconds >= 1 else []
    return f"最近 {LOOK_S:.0f} 秒内{'，'.join(parts)}；已对它限速，别的站点不受影响"
