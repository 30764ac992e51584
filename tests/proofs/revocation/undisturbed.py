"""What an enrolment, a renewal, a new board and a revocation cost a county, if nothing goes wrong."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from firmware_scripts.report import Value
from tests.proofs.revocation.pulse import Pulse
from tests.proofs.revocation.revoker import Task
from tests.proofs.revocation.runs import Revoker
from tests.proofs.strangers.county import County
from tests.proofs.strangers.station import Board

TIMES = 5
_AFTER_S = 0.5
"""How long the broker is watched after each, because the chores look a moment later what has changed."""


@dataclass(frozen=True)
class Cost:
    """What one deed cost.

    Attributes:
        silence_ms: How long the broker answered nobody. On a busy machine this is longer than the broker worked.
        worked_ms: How long the broker's only thread had a core. It can't have been silent longer by its own doing.
        took_s: How long the caller waited.
    """

    silence_ms: float
    worked_ms: float
    took_s: float


def costs(county: County, revoker: Revoker) -> dict[str, Value]:
    """Do each of the four a few times; return the worst of the broker's silence and work, and the median duration."""
    with Pulse(county) as pulse:
        watch = _Watch(county, pulse)
        found = {"nothing": [watch.cost(lambda: None) for _ in range(TIMES)]}
        boards = [Board(county) for _ in range(TIMES)]
        found["enrol"] = watch.all("enrol", _enrolments(revoker, boards))
        found["renew"] = watch.all("renew", [_renewal(board) for board in boards])
        again = [Board(county) for _ in range(TIMES)]
        found["new board"] = watch.all("new board", _enrolments(revoker, again))
        found["revoke"] = watch.all("revoke", [_revocation(revoker, _name(number)) for number in range(TIMES)])
    return {
        "silence_ms": {name: max(one.silence_ms for one in costs) for name, costs in found.items()},
        "broker_worked_ms": {name: round(max(one.worked_ms for one in costs), 1) for name, costs in found.items()},
        "took_s": {name: round(statistics.median(one.took_s for one in costs), 2) for name, costs in found.items()},
    }


def _name(number: int) -> str:
    return f"calm-{number}"


def _enrolments(revoker: Revoker, boards: list[Board]) -> list[Callable[[], bool]]:
    return [_enrolment(board, revoker.claim(_name(number))) for number, board in enumerate(boards)]


def _enrolment(board: Board, claim: str) -> Callable[[], bool]:
    return lambda: board.enrol(claim).admitted


def _renewal(board: Board) -> Callable[[], bool]:
    return lambda: board.renew().admitted


def _revocation(revoker: Revoker, station: str) -> Callable[[], bool]:
    return lambda: (revoker.do(Task(what="revoke", station=station)).said or {}).get("in_journal") is True


class _Watch:
    def __init__(self, county: County, pulse: Pulse) -> None:
        self._broker = Path(f"/proc/{county.pid('mosquitto')}/schedstat")
        self._pulse = pulse

    def all(self, name: str, deeds: list[Callable[[], bool]]) -> list[Cost]:
        """Do all deeds, and return what each cost.

        Raises:
            RuntimeError: One of them did not work.
        """
        done: list[bool] = []
        found = [self.cost(lambda deed=deed: done.append(deed())) for deed in deeds]  # type: ignore[misc]
        if not all(done):
            raise RuntimeError(f"{name} did not work, undisturbed")
        return found

    def cost(self, deed: Callable[[], object]) -> Cost:
        """Do one deed, and return what it cost."""
        self._pulse.silence_ms()
        worked, began = self._worked_ms(), time.monotonic()
        deed()
        took_s = time.monotonic() - began
        time.sleep(_AFTER_S)
        return Cost(self._pulse.silence_ms(), self._worked_ms() - worked, took_s)

    def _worked_ms(self) -> float:
        # The first field is the time on a core, in ns (Documentation/scheduler/sched-stats.rst).
        return int(self._broker.read_text().split()[0]) / 1e6
