"""Vitals go up: at connect, at a change at most once a minute, and every quarter of an hour.

While the month's data run short they go up at connect and every half-hour only, once two vitals have said that they
will be rare. The county counts a station that says nothing for 35 minutes as gone, or for 65 minutes if it knows that
vitals are rare. Two must say it because vitals may be lost.

Idle traffic is metered: everything that a station says when nothing happens must fit into 8 MB a month.
"""

from typing import Any

import msgspec

from agent.uplink.channel import SharedParts
from agent.uplink.ports import UplinkDelegate
from protocol.codec import encode
from protocol.health import Health
from protocol.vitals import Vitals, known_vitals

CHANGE_MS = 60_000
IDLE_MS = 900_000
SAVING_MS = 1_800_000
SAID_FIRST = 2
"""How many vitals say that vitals are put off before they are."""
HEALTH_EVERY_MS = 3_600_000


class HealthPace:
    """Decides when the health goes along with the vitals: it hardly changes, and is half of what an idle station sends.

    It goes at connect, at a change that matters, and once an hour.
    """

    def __init__(self) -> None:
        self._said: Health | None = None
        self._said_ms = 0

    def begin(self) -> None:
        """Begin on a new connection: the county may know nothing."""
        self._said = None

    def changed(self, health: Health | None) -> bool:
        """Return whether something changed that the county should know at once."""
        return health is not None and (self._said is None or _what_matters(self._said) != _what_matters(health))

    def pick(self, health: Health | None, *, now_ms: int) -> Health | None:
        """Return the health if it is to go along with the vitals that go out now, or None."""
        if not self.changed(health) and now_ms - self._said_ms < HEALTH_EVERY_MS:
            return None
        self._said, self._said_ms = health, now_ms
        return health


def _what_matters(health: Health) -> tuple[Any, ...]:
    machine = health.machine
    alarming = (machine.throttled, machine.undervoltage, machine.card_end, machine.card_worn_percent)
    return (health.devices, health.camera_untried, health.boot_reason, machine.link, machine.card, *alarming)


class VitalsSender:
    """Says how the station is, no more often than necessary."""

    def __init__(self, shared: SharedParts, *, delegate: UplinkDelegate) -> None:
        self._channel = shared.channel
        self._mono_ms = shared.mono_ms
        self._contract = shared.contract
        self._delegate = delegate
        self._open = False
        self._said: Vitals | None = None
        self._said_ms = 0
        self._said_saving = 0
        """How many vitals in a row have said that vitals are put off."""
        self._due_ms = 0
        self._health = HealthPace()

    def begin(self) -> None:
        """Say the vitals at once: the connection is agreed."""
        self._open = True
        self._said = None
        self._health.begin()
        self._due_ms = self._mono_ms()

    def stop(self) -> None:
        """Say nothing until `begin`: the connection is over or in doubt."""
        self._open = False

    @property
    def due_ms(self) -> int | None:
        """When to look next, or None."""
        return self._due_ms if self._open else None

    def pump(self) -> None:
        """Look once a minute, and publish if something changed or nothing was said for a quarter of an hour."""
        now = self._mono_ms()
        if not self._open or now < self._due_ms:
            return
        self._due_ms = now + CHANGE_MS
        saving = self._delegate.puts_off("vitals")
        # Until the county knows that vitals are rare, it would soon take a silent station for gone.
        rare = saving and self._said_saving >= SAID_FIRST
        if self._said is not None and rare and now - self._said_ms < SAVING_MS:
            return
        # The health has a pace of its own, so it takes no part in the comparison of vitals.
        vitals = self._delegate.vitals()
        health, vitals = vitals.health, msgspec.structs.replace(vitals, health=None)
        changed = self._said is None or _changed(self._said, vitals) or self._health.changed(health)
        if changed or now - self._said_ms >= IDLE_MS:
            self._said, self._said_ms = vitals, now
            self._said_saving = self._said_saving + 1 if saving else 0
            said = msgspec.structs.replace(vitals, health=self._health.pick(health, now_ms=now))
            self._channel.publish("vitals", encode(known_vitals(said, self._contract.minor)))


def _changed(before: Vitals, now: Vitals) -> bool:
    """Return whether more changed than the things that always move: time, head, memory, free space and traffic."""
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
