"""Say the part of the vitals that hardly changes only where it does: it would be half of what an idle station sends."""

from typing import Any

from protocol.health import Health

EVERY_MS = 3_600_000


class HealthPace:
    """Knows what of a station's health was said on this connection, and when."""

    def __init__(self) -> None:
        self._said: Health | None = None
        self._said_ms = 0

    def begin(self) -> None:
        """A new connection: the county may know nothing."""
        self._said = None

    def changed(self, health: Health | None) -> bool:
        """Return whether something changed that the county should not wait for."""
        return health is not None and (self._said is None or _weighty(self._said) != _weighty(health))

    def pick(self, health: Health | None, *, now_ms: int) -> Health | None:
        """Return what of it is to be said with the vitals that go out now."""
        if not self.changed(health) and now_ms - self._said_ms < EVERY_MS:
            return None
        self._said, self._said_ms = health, now_ms
        return health


def _weighty(health: Health) -> tuple[Any, ...]:
    machine = health.machine
    alarming = (machine.throttled, machine.undervoltage, machine.card_end, machine.card_worn_percent)
    return (health.devices, health.camera_untried, health.boot_reason, machine.link, machine.card, *alarming)
