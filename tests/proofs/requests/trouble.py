"""Trouble: agents and parts of the county are killed, and the broker is silent for a while."""

import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable

from tests.proofs.requests.office import Office

PARTS = ("postgres", "mosquitto", "ingest", "chores", "notifier", "web")
_EVERY_S, _SILENT_S = 6.0, 4.0
_EVERY_REQUESTS = 14
"""So many are asked for in that time by a few hands. With more hands the trouble comes as often by the request."""
_LOOK_S = 0.2


class Trouble:
    """Goes on until it ends. A context manager."""

    def __init__(self, office: Office, *, seed: int, asked: Callable[[], int]) -> None:
        """Let it begin.

        Args:
            asked: Says how many requests there were up to now.
        """
        self._office = office
        self._asked = asked
        self._chance = random.Random(seed)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, name="trouble")
        self.kills: Counter[str] = Counter()

    def __enter__(self) -> "Trouble":
        self._thread.start()
        return self

    def __exit__(self, *problem: object) -> None:
        self._ended.set()
        self._thread.join()

    def _work(self) -> None:
        while self._next():
            match self._chance.choice(("agent", "agent", "silence", *PARTS)):
                case "agent":
                    agent = self._chance.choice(self._office.bench.stations).agent.process
                    if agent.running():
                        agent.kill9()
                        self.kills["agent"] += 1
                case "silence":
                    self._silence()
                case part:
                    self.kills[part] += self._office.county.kill9_part(part)

    def _next(self) -> bool:
        """Wait until the next is due, by the time or by what was asked, whichever comes first; False: it has ended."""
        due_s = time.monotonic() + self._chance.expovariate(1 / _EVERY_S)
        due = self._asked() + self._chance.expovariate(1 / _EVERY_REQUESTS)
        while time.monotonic() < due_s and self._asked() < due:
            if self._ended.wait(_LOOK_S):
                return False
        return not self._ended.is_set()

    def _silence(self) -> None:
        pid = self._office.county.part_pid("mosquitto")
        if not pid:
            return
        self.kills["silence"] += 1
        try:
            os.kill(pid, signal.SIGSTOP)
            self._ended.wait(_SILENT_S)
        finally:
            os.kill(pid, signal.SIGCONT)
