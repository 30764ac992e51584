"""A contender goes through the week. The week is the same for each, on a disk and a line of its own."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.benchmarks.measures.figures import percentile
from tests.benchmarks.peers.contender import Contender
from tests.benchmarks.peers.judge import Verdict, judge
from tests.benchmarks.peers.script import CutLine, CutPower, Kill, MendLine, Present, Step
from tests.benchmarks.peers.spent import Spent
from tests.benchmarks.stage.loop_disk import LoopDisk
from tests.benchmarks.stage.proxy import Proxy

RESTART_S = 0.2
"""A service manager's pause before it starts a program again."""
_TRY_AGAIN_S = 0.1
_GIVE_UP_S = 60.0
"""How long somebody presents a fact without an answer before giving up."""
_HOPELESS = 3
"""If this many facts one after another were given up, the program does not come back."""
_DELIVERED_WITHIN_S = 180.0
_NOTHING_MORE_S = 45.0
"""Longer than any of them waits before it tries to connect again."""
_REST_S = 5.0
_LOOK_EVERY = 50
"""Facts."""


@dataclass
class Lived:
    """What a contender's week was."""

    presented: Counter[str] = field(default_factory=Counter)
    acknowledged: set[str] = field(default_factory=set)
    answers_ms: list[float] = field(default_factory=list)
    """The time from handing over to the answer, of facts that were answered at the first try."""
    kills: int = 0
    power_cuts: int = 0
    outages: int = 0
    starts: int = 0
    ended_by_itself: int = 0
    hopeless_after: str = ""
    """The fact at which the week was given up; empty if the week was lived to its end."""
    seconds: float = 0.0
    rss_mb: float = 0.0
    peak_mb: float = 0.0
    cpu_s: float = 0.0
    wire_bytes: int = 0
    disk_bytes: int = 0
    verdict: Verdict | None = None

    def answer_ms(self, share: float) -> float | None:
        """Return a percentile of the answers' times, None if there was no answer."""
        return percentile(self.answers_ms, share) if self.answers_ms else None


class Week:
    """One contender, its disk and its line."""

    def __init__(self, contender: Contender, *, line: Proxy, disk: LoopDisk) -> None:
        self._contender = contender
        self._line = line
        self._disk = disk
        self._spent = Spent()
        self._fault = threading.Thread()
        self._failed: Exception | None = None
        self._pause = threading.Event()
        self._given_up = 0
        self.lived = Lived()

    def live(self, steps: list[Step]) -> Lived:
        """Go through the steps, wait until the county has everything that it will get, and judge."""
        began, written = time.monotonic(), self._disk.written_bytes()
        moved = self._line.sent + self._line.received
        self._start()
        try:
            for step in steps:
                self._take(step)
                if self._failed is not None or self._given_up >= _HOPELESS:
                    break
            self._settle()
            self.lived.seconds = round(time.monotonic() - began, 1)
            self.lived.rss_mb = self._spent.look(self._contender.process.pid)
            self.lived.peak_mb = self._spent.peak_mb
            self.lived.cpu_s = self._spent.cpu_s(self._contender.process.pid)
        finally:
            if self._fault.is_alive():
                self._fault.join()
            self._contender.close()
            self._contender.process.stop()
        self.lived.wire_bytes = self._line.sent + self._line.received - moved
        self.lived.disk_bytes = self._disk.written_bytes() - written
        self.lived.verdict = judge(
            presented=self.lived.presented,
            acknowledged=self.lived.acknowledged,
            stored=self._contender.stored(),
        )
        return self.lived

    def _take(self, step: Step) -> None:
        match step:
            case Present(fact, gap_s):
                self._pause.wait(gap_s)
                self._present(fact)
            case CutLine():
                self._line.cut()
                self.lived.outages += 1
            case MendLine(after_s):
                self._pause.wait(after_s)
                self._line.mend()
            case Kill(after_s):
                self._break(self._kill, after_s)
                self.lived.kills += 1
            case CutPower(after_s):
                self._break(self._cut_power, after_s)
                self.lived.power_cuts += 1

    def _present(self, fact: str) -> None:
        """Present a fact until it is acknowledged, as a person does who got no answer."""
        if len(self.lived.presented) % _LOOK_EVERY == 0:
            self._spent.look(self._contender.process.pid)
        until_s, first = time.monotonic() + _GIVE_UP_S, True
        while (began := time.monotonic()) < until_s and self._failed is None:
            outcome = self._contender.present(fact)
            self.lived.presented[fact] += outcome != "nobody"
            if outcome == "acknowledged":
                if first:
                    self.lived.answers_ms.append((time.monotonic() - began) * 1e3)
                self.lived.acknowledged.add(fact)
                self._given_up = 0
                return
            first = False
            self._pause.wait(_TRY_AGAIN_S)
            self._start_if_ended()
        self._given_up += 1
        if self._given_up == _HOPELESS:
            self.lived.hopeless_after = fact

    def _start_if_ended(self) -> None:
        if not self._fault.is_alive() and not self._contender.process.running():
            self.lived.ended_by_itself += 1
            self._start()

    def _break(self, fault: Callable[[], None], after_s: float) -> None:
        """Have a fault happen after a while. The one before it is over by then."""
        self._await_fault()

        def happen() -> None:
            try:
                fault()
            except Exception as error:  # noqa: BLE001 - raised again where somebody waits for it
                self._failed = error

        self._fault = threading.Timer(after_s, happen)
        self._fault.start()

    def _await_fault(self) -> None:
        if self._fault.is_alive():
            self._fault.join()
        if self._failed is not None:
            raise self._failed

    def _kill(self) -> None:
        self._look_last()
        self._contender.kill_all()
        self._pause.wait(RESTART_S)
        self._start()

    def _cut_power(self) -> None:
        self._look_last()
        # It is stopped first, because between the cut and its end it could do things that no program does without
        # power.
        self._contender.stand_still()
        self._disk.power_off()
        self._contender.kill_all()
        self._disk.power_on()
        self._pause.wait(RESTART_S)
        self._start()

    def _look_last(self) -> None:
        self._spent.look(self._contender.process.pid)
        self._spent.ends(self._contender.process.pid)

    def _start(self) -> None:
        self._contender.process.start()
        self.lived.starts += 1

    def _settle(self) -> None:
        """Wait until the county has everything that was acknowledged, or gets nothing more; then see what comes
        twice."""
        self._await_fault()
        self._line.mend()
        began = changed_s = time.monotonic()
        total = -1
        while (now := time.monotonic()) - began < _DELIVERED_WITHIN_S and now - changed_s < _NOTHING_MORE_S:
            stored = self._contender.stored()
            if self.lived.acknowledged <= stored.keys():
                break
            if stored.total() != total:
                total, changed_s = stored.total(), now
            self._start_if_ended()
            self._pause.wait(1)
        self._pause.wait(_REST_S)
