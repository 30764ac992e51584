"""What else the machine was doing. Without this nobody can tell a slow touch from a busy machine."""

import os
import time
from pathlib import Path

from firmware_scripts.report import Value
from tests.benchmarks.measures.figures import percentile

_BLOCK = 4_096


class Surroundings:
    """Watches the processors' pressure and the disk's own speed beside a measurement."""

    def __init__(self, folder: Path) -> None:
        """``folder`` lies on the disk whose speed is measured."""
        self._probe = folder / "probe"
        self._began_s = time.monotonic()
        self._stalled_us = _stalled_us()
        self._fsync_ms: list[float] = []

    def probe_disk(self) -> None:
        """Write one block durably, as a commit must."""
        descriptor = os.open(self._probe, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            began = time.monotonic_ns()
            os.pwrite(descriptor, os.urandom(_BLOCK), 0)
            os.fsync(descriptor)
            self._fsync_ms.append((time.monotonic_ns() - began) / 1e6)
        finally:
            os.close(descriptor)

    def describe(self) -> dict[str, Value]:
        """Return the share of time in which some process waited for a processor, and how long a bare fsync took."""
        self._probe.unlink(missing_ok=True)
        elapsed_us = (time.monotonic() - self._began_s) * 1e6
        found: dict[str, Value] = {
            "cpu_pressure_percent": round(100 * (_stalled_us() - self._stalled_us) / elapsed_us, 1),
        }
        if self._fsync_ms:
            found |= {f"fsync_p{share}_ms": round(percentile(self._fsync_ms, share / 100), 1) for share in (50, 99)}
        return found


def _stalled_us() -> int:
    """Return the kernel's sum of such time (Documentation/accounting/psi.rst), 0 where it keeps none."""
    try:
        some = Path("/proc/pressure/cpu").read_text(encoding="ascii").splitlines()[0]
    except OSError:
        return 0
    return int(some.rpartition("total=")[2])
