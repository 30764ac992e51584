"""The clocks of a county's machine, moved by a test."""

import secrets

YEAR_MS = 365 * 86_400_000


class CountyMachine:
    """Implements `server_broker.platform.county_clock.MachineClock`."""

    def __init__(self, *, wall_ms: int) -> None:
        self.wall = wall_ms
        self.mono = 60_000
        self.boot = secrets.token_bytes(16)
        self.ntp = False

    def wall_ms(self) -> int:
        return self.wall

    def mono_ms(self) -> int:
        return self.mono

    def boot_id(self) -> bytes:
        return self.boot

    def synchronised(self) -> bool:
        return self.ntp

    def pass_ms(self, ms: int) -> None:
        """Let time go by."""
        self.wall += ms
        self.mono += ms

    def set_wall(self, wall_ms: int) -> None:
        """Somebody sets the clock; the kernel then calls it unsynchronised (adjtimex(2))."""
        self.wall, self.ntp = wall_ms, False

    def reboot(self, *, wall_ms: int) -> None:
        """Begin another boot; with a dead battery the clock begins anywhere."""
        self.boot, self.mono, self.wall, self.ntp = secrets.token_bytes(16), 20_000, wall_ms, False
