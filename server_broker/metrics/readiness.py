"""Whether the county works now, part by part: what a load balancer or a monitor asks often."""

import threading
import time
from collections.abc import Callable

from django.db import DatabaseError, connection

from server_broker import broker
from server_broker.platform.control import pid_file
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import running_pid

KEPT_S = 2.0
"""An answer is given again for so long. So however often strangers ask, the database is asked every two seconds."""


class Readiness:
    """Which parts of a county do not work. Safe to use from several threads."""

    def __init__(
        self,
        home: CountyHome,
        *,
        broker_answers: Callable[[CountyHome], bool] = broker.is_ready,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._home = home
        self._broker_answers = broker_answers
        self._monotonic_s = monotonic_s
        self._lock = threading.Lock()
        self._looked_s: float | None = None
        self._failing: tuple[str, ...] = ()

    def failing(self) -> tuple[str, ...]:
        """Return the Chinese names of what does not work; empty if the county is ready. Says no reasons."""
        with self._lock:
            now_s = self._monotonic_s()
            if self._looked_s is None or now_s - self._looked_s >= KEPT_S:
                self._failing = tuple(word for word, works in self._looks().items() if not works())
                self._looked_s = self._monotonic_s()
            return self._failing

    def _looks(self) -> dict[str, Callable[[], bool]]:
        return {
            "数据库": _database_answers,
            "消息服务": lambda: self._broker_answers(self._home),
            "接收进程": lambda: self._runs("ingest"),
            "维护进程": lambda: self._runs("chores"),
        }

    def _runs(self, part: str) -> bool:
        return running_pid(pid_file(self._home, part)) is not None


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True
