"""Vitals, coalesced: at connect, at a change at most once a minute, and every quarter of an hour.

While the month's data run short: at connect and every half-hour, once two vitals have said so. The county takes a
station that says nothing for 35 minutes for gone, or for 65 once it knows that vitals are rare; and vitals may be lost.

Idle traffic is metered: everything that a station says without having anything to say must fit 8 MB a month.
"""

from collections.abc import Callable

import msgspec

from agent.uplink.channel import Channel
from agent.uplink.health_pace import HealthPace
from agent.uplink.ports import UplinkDelegate
from protocol.codec import encode
from protocol.vitals import Vitals

CHANGE_MS = 60_000
IDLE_MS = 900_000
SAVING_MS = 1_800_000
SAID_FIRST = 2
"""Vitals that say that vitals are put off, before they are."""


class VitalsSender:
    """Says how the station is, no more often than it must."""

    def __init__(self, *, channel: Channel, host: UplinkDelegate, mono_ms: Callable[[], int]) -> None:
        self._channel = channel
        self._host = host
        self._mono_ms = mono_ms
        self._open = False
        self._said: Vitals | None = None
        self._said_ms = 0
        self._said_saving = 0
        self._due_ms = 0
        self._health = HealthPace()

    def begin(self) -> None:
        """The connection is agreed: say the vitals at once."""
        self._open = True
        self._said = None
        self._health.begin()
        self._due_ms = self._mono_ms()

    def stop(self) -> None:
        """The connection is over or in doubt."""
        self._open = False

    @property
    def due_ms(self) -> int | None:
        """When to look next, or None."""
        return self._due_ms if self._open else None

    def pump(self) -> None:
        """Look once a minute; speak where something changed or a quarter of an hour has passed."""
        now = self._mono_ms()
        if not self._open or now < self._due_ms:
            return
        self._due_ms = now + CHANGE_MS
        saving = self._host.puts_off("vitals")
        rare = saving and self._said_saving >= SAID_FIRST
        if self._said is not None and rare and now - self._said_ms < SAVING_MS:
            return
        vitals = self._host.vitals()
        health, vitals = vitals.health, msgspec.structs.replace(vitals, health=None)
        changed = self._said is None or _changed(self._said, vitals) or self._health.changed(health)
        if changed or now - self._said_ms >= IDLE_MS:
            self._said, self._said_ms = vitals, now
            self._said_saving = self._said_saving + 1 if saving else 0
            said = msgspec.structs.replace(vitals, health=self._health.pick(health, now_ms=now))
            self._channel.tell("vitals", encode(said))


def _changed(before: Vitals, now: Vitals) -> bool:
    """Whether two vitals differ in more than what always moves: time, head, memory, free space and traffic."""
    level = msgspec.structs.replace(
        now,
        at=before.at,
        head=before.head,
        disk_free_kib=before.disk_free_kib,
        resident_kib=before.resident_kib,
        month_bytes=before.month_bytes,
        month_forecast_bytes=before.month_forecast_bytes,
    )
    return level != before or before.at.quality != now.at.quality
