"""Find out that two machines use one station's identity, because somebody copied its card.

A machine has a new random boot id each time it starts, and says it in its births. So a boot id that comes back after
another one of the same station comes from a second machine, however long the two go on by turns. The broker lets one of
them in at a time and ends the other's connection, so both are heard again and again.

A birth may be heard twice: a batch that failed is processed again, and the broker repeats what was not acknowledged. It
has its connection's nonce then, as before, and tells nothing new. Should one come out of order all the same, that is
one return, and two are asked for.

A board that was taken in for the station has a record key of its own. What was heard before it is forgotten.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from protocol.birth import Birth
from server_broker.fleet.alarm_codes import TWO_MACHINES
from server_broker.fleet.alarms import AlarmCall
from server_broker.ingest.stream_tables import SenderRow

WITHIN_S = 3600.0
"""Two returns within so long are told."""
BOOTS_KEPT = 4
"""Boots of a station that are remembered, the newest."""
NONCES_KEPT = 8
"""Connections of a station that are remembered, the newest: more than one has while its births wait for a receipt."""


@dataclass(slots=True)
class _Heard:
    """What is remembered of a station."""

    record_key: bytes | None
    """Of the board that was the station."""
    boots: dict[bytes, None] = field(default_factory=dict)
    """The newest boot comes last."""
    nonces: tuple[bytes, ...] = ()
    returned_at: float | None = None
    """When a boot was last heard that came back (monotonic, s)."""


class TwinWatch:
    """One object lives as long as the worker. Only the worker's thread uses it. It forgets all when the worker ends."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Watch. ``clock`` is monotonic, in seconds."""
        self._clock = clock
        self._heard: dict[str, _Heard] = {}

    def calls(self, births: Sequence[tuple[SenderRow, Birth]]) -> list[AlarmCall]:
        """Note births; return an alarm for each time that one of them shows again that two machines use a station."""
        return [
            AlarmCall(sender.id, TWO_MACHINES, "critical", "两台机器轮流用这个站点的编号连县里")
            for sender, birth in births
            if self._is_twins(self._heard_of(sender), birth)
        ]

    def _heard_of(self, sender: SenderRow) -> _Heard:
        heard = self._heard.get(sender.id)
        if heard is None or heard.record_key != sender.record_key:
            heard = self._heard[sender.id] = _Heard(sender.record_key)
        return heard

    def _is_twins(self, heard: _Heard, birth: Birth) -> bool:
        """Note a birth; return whether it is a return soon after another one."""
        if birth.nonce in heard.nonces:
            return False
        heard.nonces = (*heard.nonces, birth.nonce)[-NONCES_KEPT:]
        boots = heard.boots
        is_return = birth.boot in boots and birth.boot != next(reversed(boots))
        boots.pop(birth.boot, None)
        boots[birth.boot] = None
        if len(boots) > BOOTS_KEPT:
            del boots[next(iter(boots))]
        if not is_return:
            return False
        before, heard.returned_at = heard.returned_at, self._clock()
        return before is not None and heard.returned_at - before < WITHIN_S
