"""What a contender is: a program that takes facts and answers each, and from then on must deliver it to the county."""

import os
import signal
from abc import ABC, abstractmethod
from collections import Counter
from typing import Literal

from firmware_scripts.demo.processes import Process

type Outcome = Literal["acknowledged", "heard", "nobody"]
"""``heard``: the fact was handed over, and no answer came. ``nobody``: nothing takes facts just now."""

ANSWER_WITHIN_S = 5.0


class Contender(ABC):
    """One program on the disk that is measured. It is started again whenever it ends, as by a service manager."""

    name: str
    version: str
    configured: str
    """Its configuration in a sentence, and what acknowledges a fact."""

    def __init__(self, process: Process) -> None:
        self.process = process

    @abstractmethod
    def present(self, fact: str) -> Outcome:
        """Hand over a fact, as the person or device at the station does, and wait for the answer."""

    @abstractmethod
    def stored(self) -> Counter[str]:
        """Return how often psql finds each fact in the county."""

    @abstractmethod
    def close(self) -> None:
        """Close everything that presents facts."""

    def stand_still(self) -> None:
        """Stop every process of it, so that it does nothing any more."""
        self._signal(signal.SIGSTOP)

    def kill_all(self) -> None:
        """SIGKILL every process of it."""
        self._signal(signal.SIGKILL)
        self.process.kill9()

    def _signal(self, number: int) -> None:
        if self.process.running():
            os.killpg(self.process.pid, number)
