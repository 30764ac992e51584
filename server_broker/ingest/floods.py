"""Tell people which station sends beyond its share, and have the broker end its connection while it goes on.

An honest station meets none of these bounds (`server_broker.ingest.inbox`), so one that does is broken or in the wrong
hands. Its neighbours do not wait for it in any case. What it floods is the broker and the machine; so after some time
its connection is ended, again and again: each new one costs it a handshake. What the broker refuses by itself, it tells
(`server_broker.broker.refusals`). `server_broker.fleet.alarms.close_over` closes the alarm when it is calm.
"""

import logging
from collections.abc import Callable, Mapping, Set
from datetime import datetime

from server_broker.broker.refusals import BrokerRefusals
from server_broker.fleet.alarm_codes import STATION_FLOODS
from server_broker.fleet.alarms import AlarmCall, raise_alarms
from server_broker.fleet.models import Station

_log = logging.getLogger(__name__)

LOOK_S = 5.0
MANY_LET_GO = 200
"""Messages beyond a station's share within `LOOK_S`."""
BEYOND_A_SECOND = 0.5
MANY_BEYOND = 60
"""A station is named too if so many more than `BEYOND_A_SECOND` were let go of it, however slowly. Messages that are no
facts have no quota of a day, and what is let go tells that somebody says them without end."""
DEAR_S = 1.0
"""Seconds of the worker that a dear station's messages cost beyond their price within a minute."""


class FloodWatch:
    """One object lives as long as the worker. Only the worker's thread uses it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Watch. ``clock`` is monotonic, in seconds."""
        self._clock = clock
        self._dear_s: dict[str, float] = {}
        self._beyond: dict[str, float] = {}
        """How many more messages than `BEYOND_A_SECOND` were let go of a station; only those of more than none."""
        self._known: Set[str] = frozenset()
        """Which stations flooded at the last look, so that the log names each once."""
        self._looked = clock() - LOOK_S

    def cost_dear(self, station: str, seconds: float) -> None:
        """Note that a dear station's messages have cost so much beyond their price within the last minute."""
        self._dear_s[station] = seconds

    def is_due(self) -> bool:
        """Tell whether it is time to `look` again."""
        return self._clock() >= self._looked + LOOK_S

    def look(self, let_go: Mapping[str, int], refusals: Mapping[str, BrokerRefusals], *, now: datetime) -> list[str]:
        """Raise alarms; return the stations whose connections are to be ended.

        Args:
            let_go: How many messages of each station were let go since the last look.
            refusals: What the broker itself refused of each station since then.

        Raises:
            django.db.Error: Nothing was noted.
        """
        since_s = max(LOOK_S, self._clock() - self._looked)
        # The database may have been away for a night, with nobody looking. An honest station that asks for the time
        # again and again meanwhile comes to as many as a flood of seconds.
        many = MANY_LET_GO * since_s / LOOK_S
        sending = {station for station, number in let_go.items() if number >= many}
        beyond = self._beyond_with(let_go, since_s)
        going_on = {station for station, number in beyond.items() if number >= MANY_BEYOND}
        flooding = sending | going_on | {station for station, seconds in self._dear_s.items() if seconds >= DEAR_S}
        flooding |= {station for station, refused in refusals.items() if refused.is_flood(since_s)}
        # The topic's text is the sender's: only the broker's access list says that it is a station. And about one that
        # was revoked meanwhile there is nothing left to do.
        in_force = Station.objects.filter(pk__in=flooding, revoked_at=None) if flooding else Station.objects.none()
        flooding &= set(in_force.values_list("pk", flat=True))
        raise_alarms(
            [
                AlarmCall(
                    one,
                    STATION_FLOODS,
                    "critical",
                    _said(let_go.get(one, 0), self._dear_s.get(one, 0.0), refusals.get(one, BrokerRefusals()), since_s),
                )
                for one in sorted(flooding)
            ],
            at=now,
        )
        for station in flooding - self._known:
            _log.warning("%s sends beyond its share", station, extra={"station": station})
        self._known = flooding
        self._dear_s.clear()
        self._beyond = beyond
        self._looked = self._clock()
        return sorted(flooding & sending)

    def _beyond_with(self, let_go: Mapping[str, int], since_s: float) -> dict[str, float]:
        """Return what `_beyond` comes to. It is bounded, so that a station is not named long after it is calm."""
        may_be = BEYOND_A_SECOND * since_s
        counted = {
            station: self._beyond.get(station, 0.0) + let_go.get(station, 0) for station in {*self._beyond, *let_go}
        }
        return {
            station: min(number - may_be, 2.0 * MANY_BEYOND) for station, number in counted.items() if number > may_be
        }


def _said(let_go: int, seconds: float, refused: BrokerRefusals, since_s: float) -> str:
    """Return the alarm's sentence. ``since_s`` is how long it counts the broker's and the inbox's numbers."""
    parts = [f"超出份额的消息 {let_go} 条未收"] if let_go else []
    parts += [f"消息服务拒收 {refused.denied} 次"] if refused.denied else []
    parts += [f"因独占消息服务被断开 {refused.cut} 次"] if refused.cut else []
    parts += [f"断线重连 {refused.ended} 次"] if refused.ended > 1 else []
    said = [f"最近 {since_s:.0f} 秒内{'，'.join(parts)}"] if parts else []
    said += [f"一分钟内多占用县里处理时间 {seconds:.0f} 秒"] if seconds >= 1 else []
    return "；".join([*said, "已对它限速，别的站点先处理"])
