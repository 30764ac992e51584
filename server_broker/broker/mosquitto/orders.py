"""Find the running broker, and tell it to read its files again or to start anew.

In an installed county the broker has an account of its own, and no other account may signal it. There a unit of that
account does it, `cunhui-broker-reload.path` or `cunhui-broker-restart.path`: it waits for a file to be touched.
"""

import os
import signal
import time
from enum import Enum

from server_broker.platform.control import STOP_TIMEOUT_S, pid_file
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ASK_AGAIN_S, running_pid, wait_gone

_BY_SIGNAL_S = 0.02
_BY_UNIT_S = 0.5
"""A unit starts in some 0.1 s."""


class Order(Enum):
    """What a broker can be told: the signal, and the file that a unit waits for."""

    RELOAD = (signal.SIGHUP, "broker-reload")
    RESTART = (signal.SIGTERM, "broker-restart")
    """Whoever runs the broker, the supervisor or systemd, starts it again."""


def running_broker(home: CountyHome) -> int | None:
    """Return the process id of the running broker, or None."""
    return running_pid(pid_file(home, "mosquitto"))


def restart(home: CountyHome) -> bool:
    """Have a running broker end, so that it is started again; return whether it ended.

    It is told again and again, because Mosquitto 2.0.21 can lose a SIGTERM that comes right after it says that it runs.
    """
    pid = running_broker(home)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    while pid is not None and time.monotonic() < deadline:
        if tell_broker(home, pid, Order.RESTART) is None or wait_gone(pid, timeout_s=ASK_AGAIN_S):
            return True
    return False


def tell_broker(home: CountyHome, pid: int, order: Order) -> float | None:
    """Tell the broker; return the seconds after which it may be told again, or None if there is no such process.

    Raises:
        OSError: It may not be signalled, and the unit's file can't be touched.
    """
    number, file = order.value
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return None
    except PermissionError:
        # In the folder of sockets, which is in memory: a full disk keeps nobody from being revoked.
        (home.postgres_socket / file).touch()
        return _BY_UNIT_S
    return _BY_SIGNAL_S
