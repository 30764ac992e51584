"""The environment of programs that a station or a county starts."""

from collections.abc import Mapping

_SERVICE_MANAGER = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


def without_service_manager(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which a program does not learn of the service manager.

    Otherwise it could speak to it in the name of the unit that we run in (sd_notify(3)), and wait where nobody reads.
    """
    return {name: value for name, value in environ.items() if name not in _SERVICE_MANAGER}
