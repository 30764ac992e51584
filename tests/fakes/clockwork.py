"""A machine's clocks that stand still until a test moves them."""

MORNING_MS = 1_795_480_200_000
"""2026-11-24 08:30 in Shanghai, a Tuesday."""
HOUR_MS = 3_600_000
MINUTE_MS = 60_000


class FakeMonotonic:
    """Seconds that pass only when a test says so, for drivers that take a ``mono_s``."""

    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s

    def pass_s(self, seconds: float) -> None:
        """Let time go by."""
        self.now_s += seconds


class FakeSystemClock:
    """Implements `agent.ports.SystemClock`."""

    def __init__(
        self, *, wall_ms: int = MORNING_MS, mono_ms: int = 1_000_000, boot: bytes = b"boot-one--------"
    ) -> None:
        self.wall = wall_ms
        self.mono = mono_ms
        self.boot = boot
        self.synced = False

    def wall_ms(self) -> int:
        return self.wall

    def mono_ms(self) -> int:
        return self.mono

    def boot_id(self) -> bytes:
        return self.boot

    def ntp_synced(self) -> bool:
        return self.synced

    def pass_ms(self, ms: int) -> None:
        """Let time go by."""
        self.wall += ms
        self.mono += ms

    def reboot(self, boot: bytes) -> None:
        """Begin another boot; without a battery the wall clock begins anywhere."""
        self.boot, self.mono, self.wall, self.synced = boot, 5_000, 0, False
