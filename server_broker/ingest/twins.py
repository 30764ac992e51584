"""Find out that two machines use one station's identity, because somebody copied its card.

A machine has a new random boot id each time it starts, and says it in its births. So a boot id that comes back after
another one of the same station comes from a second machine, however long the two go on by turns. The broker lets one of
them in at a time and ends the other's connection, so both are heard again and again.

A birth may be heard twice: a batch that failed is processed again, and the broker repeats what was not acknowledged. It
has its connection's nonce then, as before, and tells nothing new. What such a repeat could still bring out of order
makes one return, and two are asked for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from protocol.birth import Birth
from server_broker.fleet.alarm_codes import TWO_MACHINES
from server_broker.fleet.alarms import AlarmCall

WITHIN_S = 3600.0
"""Two returns within so long are told."""
BOOTS_KEPT = 4
"""Boots of a station that are remembered, the newest."""


@dataclass(slots=True)
class _Heard:
    """What is remembered of a station."""

    boots: dict[bytes, bytes] = field(default_factory=dict)
    """The nonce of the newest birth of each boot. The newest boot comes last."""
    returns: tuple[float, ...] = ()
    """When the newest two returns were heard (monotonic, s)."""


class TwinWatch:
    """One object lives as long as the worker. Only the worker's thread uses it. It forgets all when the worker ends."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Watch. ``clock`` is monotonic, in seconds."""
        self._clock = clock
        self._heard: dict[str, _Heard] = {}

    def calls(self, births: Sequence[tuple[str, Birth]]) -> list[AlarmCall]:
        """Note births, each with its station's id; return an alarm for each station of them that two machines use."""
        for station, birth in births:
            self._note(self._heard.setdefault(station, _Heard()), birth)
        since = self._clock() - WITHIN_S
        doubled = [
            station
            for station in dict.fromkeys(station for station, _ in births)
            if len(self._heard[station].returns) > 1 and self._heard[station].returns[0] > since
        ]
        return [
            AlarmCall(station, TWO_MACHINES, "critical", "两台机器轮流用这个站点的编号连县里") for station in doubled
        ]

    def _note(self, heard: _Heard, birth: Birth) -> None:
        boots = heard.boots
        if boots.get(birth.boot) == birth.nonce:
            return
        if birth.boot in boots and birth.boot != next(reversed(boots)):
            heard.returns = (*heard.returns[-1:], self._clock())
        boots.pop(birth.boot, None)
        boots[birth.boot] = birth.nonce
        if len(boots) > BOOTS_KEPT:
            del boots[next(iter(boots))]
