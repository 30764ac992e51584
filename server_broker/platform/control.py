"""Control a running service from another process: by its pid files, its hold files and signals."""

import os
import signal
from pathlib import Path

from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError, end, running_pid
from server_broker.platform.units import TARGET, UNITS

STOP_TIMEOUT_S = 15.0
LOOK_AGAIN = signal.SIGHUP
"""The signal on which the service reads the hold files again."""


def pid_file(home: CountyHome, part: str) -> Path:
    """Return the file with the process id of a part; ``service`` is the supervisor itself."""
    return home.postgres_socket / f"{part}.pid"


def service_pid(home: CountyHome) -> int | None:
    """Return the process id of the county's running service, or None."""
    return running_pid(pid_file(home, "service"))


def runs(home: CountyHome) -> bool:
    """Tell whether the county runs: its service, or one of the parts that units run."""
    if not home.by_units:
        return service_pid(home) is not None
    return any(running_pid(pid_file(home, part)) is not None for part in UNITS)


def stop_service(home: CountyHome) -> bool:
    """Ask a running service to stop, wait for it, and return whether there was one.

    Raises:
        ServiceError: Units run this county.
    """
    _refuse_under_units(home, f"systemctl stop {TARGET}")
    pid = service_pid(home)
    if pid is None:
        return False
    # The service stops its parts one after another, and each may take `STOP_TIMEOUT_S`.
    end(pid, timeout_s=6 * STOP_TIMEOUT_S)
    return True


def hold_file(home: CountyHome, part: str) -> Path:
    """Return the file whose presence keeps ``part`` down."""
    return home.postgres_socket / f"{part}.hold"


def hold(home: CountyHome, part: str) -> None:
    """Stop one part of a running service and keep it down until `release`.

    Raises:
        ServiceError: The service or that part does not run, or units run this county.
    """
    _refuse_under_units(home, f"systemctl stop {UNITS.get(part, part)}")
    pid = running_pid(pid_file(home, part))
    if service_pid(home) is None or pid is None:
        raise ServiceError(f"{part} 没有运行，不能停住")
    # The file first: otherwise the service would start the part again as soon as it has ended.
    hold_file(home, part).touch()
    # SIGINT is PostgreSQL's fast shutdown; SIGTERM waits until all clients have gone.
    end(pid, first=signal.SIGINT if part == "postgres" else signal.SIGTERM, timeout_s=STOP_TIMEOUT_S)


def restart(home: CountyHome, part: str) -> bool:
    """Stop one part of a running county, which then starts it again; return whether it ran. Not for the broker."""
    pid = running_pid(pid_file(home, part))
    if not runs(home) or pid is None:
        return False
    end(pid, timeout_s=STOP_TIMEOUT_S)
    return True


def release(home: CountyHome, part: str) -> None:
    """Let a part that was stopped by `hold` start again.

    Raises:
        ServiceError: The service does not run, or the part is not held, or units run this county.
    """
    _refuse_under_units(home, f"systemctl start {UNITS.get(part, part)}")
    service = service_pid(home)
    if service is None or not hold_file(home, part).exists():
        raise ServiceError(f"{part} 没有被停住，不用放开")
    hold_file(home, part).unlink()
    os.kill(service, LOOK_AGAIN)


def _refuse_under_units(home: CountyHome, instead: str) -> None:
    if home.by_units:
        raise ServiceError(f"这个县平台由 systemd 运行，请用：{instead}")
