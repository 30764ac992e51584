"""How long a kiosk takes to start, and from a key to what it paints; what it needs while nobody is there.

The kiosk is the program `cunhui-kiosk` on a pseudo-terminal, and the agent is a real one. A key is painted when the
terminal's cells show what it leads to. What a terminal and a screen need to draw its cells is not in it.
"""

import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from firmware_scripts.report import Value
from kiosk_tui.words import common as words
from kiosk_tui.words import documents as words_documents
from kiosk_tui.words import feedback as words_feedback
from kiosk_tui.words import find as words_find
from kiosk_tui.words import help as words_help
from kiosk_tui.words import learning as words_learning
from kiosk_tui.words import visits as words_visits
from tests.benchmarks.measures.figures import Figure, percentile
from tests.benchmarks.measures.memory import children, of_kiosk
from tests.benchmarks.stage.station import BenchStation
from tests.proofs.keys.glass import Glass
from tests.proofs.terminal import KioskTerminal

COLUMNS, ROWS = 80, 22
STARTS, ROUNDS = 5, 6
KEY_GOAL_MS, START_GOAL_S, CPU_GOAL_PERCENT, MEMORY_GOAL_MB = 100.0, 2.0, 2.0, 60.0
IDLE_S = 60.0
REST_AFTER_S = 125.0
"""After so long without a key, home shows the notices by turns (`protocol.twin.Settings.rest_min`)."""
_PATIENCE_S = 30.0
_APART_S = 1.2
"""Between two keys: longer than a screen stands before its keys count (`kiosk_tui.guard`), should the line that names
them be of the screen before."""
_WHOLE_S = 0.03
"""A screen is painted in pieces; once none has come for so long, it is whole."""

type Shown = tuple[str, ...]
"""One of these must stand on the screen."""


@dataclass(frozen=True, slots=True)
class Step:
    """A key, and what it leads to that did not stand there before."""

    place: str
    key: bytes
    shown: Shown
    where: Shown = ()
    """The key is pressed only where one of these stands; it always is if this is empty."""


def _steps(place: str, *keys: tuple[bytes, str | Shown]) -> tuple[Step, ...]:
    return tuple(Step(place, key, shown if isinstance(shown, tuple) else (shown,)) for key, shown in keys)


_HOME = words.PRESENT_CARD
_DOCUMENT = "示例公示"
_MAP, _PACK = words_learning.UNNAMED, words_learning.CHOOSE_LEVEL
_LETTERS = words_find.HOW
"""It stands below the letters that are typed."""
WALK = (
    *_steps("today", (b"1", tuple(words.LINK_SAID.values())), (b"0", _HOME)),
    *_steps("one's own", (b"2", words_visits.ASK_CARD), (b"0", _HOME)),
    *_steps("learning", (b"3", _MAP), (b"1", _PACK), (b"1", tuple(words_learning.KIND.values()))),
    Step(
        "learning",
        b"1",
        (words_learning.RIGHT, words_learning.WRONG),
        where=(words_learning.KIND["single"], words_learning.KIND["true_false"]),
    ),
    Step("learning", b"0", (words_learning.LEAVE, words_learning.LEAVE_MARKED)),
    *_steps("learning", (b"0", _PACK), (b"0", _MAP), (b"0", _HOME)),
    *_steps("documents", (b"4", _DOCUMENT), (b"1", words_documents.page(1)), (b"8", words_documents.page(2))),
    *_steps("documents", (b"7", words_documents.page(1)), (b"0", words_documents.CHOOSE), (b"0", _HOME)),
    *_steps("questions", (b"5", words_feedback.MENU_ASK), (b"1", words_feedback.TOPIC_ASK)),
    *_steps("questions", (b"1", words_feedback.MATTER_ASK), (b"1", words_feedback.CONFIRM)),
    *_steps("questions", (b"\r", words_feedback.TAKEN_KEEP), (b"0", words_feedback.MENU_ASK)),
    *_steps("questions", (b"2", words_feedback.FOLLOW_HINT), (b"*", words_feedback.MENU_ASK), (b"0", _HOME)),
    *_steps("search", (b"6", words_find.LETTERS), (b"2", f"2_{_LETTERS}"), (b"8", f"28_{_LETTERS}")),
    *_steps("search", (b"*", f"2_{_LETTERS}"), (b"*", f"{words_find.FIND} _{_LETTERS}"), (b"0", _HOME)),
    *_steps("help", (b"9", words_help.KEY_CALL), (b"0", _HOME)),
)
"""Every place that home leads to."""
_COUNTS = (
    words.KEY_BACK,
    words.KEY_HELP,
    words_learning.KEY_LEAVE,
    words.KEY_DELETE,
)
"""One of these stands in the last line of each screen as soon as its keys count."""


def measure(station: BenchStation) -> tuple[Figure, ...]:
    """Start kiosks, press keys at the last one, and let it rest."""
    starts, ran = [], []
    for _ in range(STARTS - 1):
        with _kiosk(station) as kiosk:
            starts.append(kiosk.start_s)
            ran.append(kiosk.start_ran_s)
    with _kiosk(station) as kiosk:
        starts.append(kiosk.start_s)
        ran.append(kiosk.start_ran_s)
        at_first = of_kiosk(kiosk.pid).value
        painted: dict[str, list[float]] = defaultdict(list)
        for _ in range(ROUNDS):
            for step in WALK:
                painted[step.place] += kiosk.press(step)
        left_s = time.monotonic()
        home = _cpu_percent(kiosk.pids, IDLE_S)
        _pause(REST_AFTER_S - (time.monotonic() - left_s))
        rest = _cpu_percent(kiosk.pids, IDLE_S)
        memory = of_kiosk(kiosk.pid)
    return (*_painted(painted, kiosk), _started(starts, ran), _idle(home, rest), _memory(memory, at_first))


def _painted(painted: dict[str, list[float]], kiosk: "_Kiosk") -> tuple[Figure, Figure]:
    every = [waited for ones in painted.values() for waited in ones]
    places: dict[str, Value] = {f"{place}_ms": round(median(ones), 1) for place, ones in painted.items()}
    detail: dict[str, Value] = {
        "keys": len(every),
        "slowest_ms": round(max(every), 1),
        "processor_p50_ms": round(median(kiosk.ran_ms), 1),
        "processor_p99_ms": round(percentile(kiosk.ran_ms, 0.99), 1),
        **places,
    }
    return (
        Figure(name="key_painted_p50_ms", value=median(every), unit="ms", goal=KEY_GOAL_MS, detail=detail),
        Figure(name="key_painted_p99_ms", value=percentile(every, 0.99), unit="ms", goal=KEY_GOAL_MS, detail=detail),
    )


def _started(starts: list[float], ran: list[float]) -> Figure:
    detail: dict[str, Value] = {
        "starts": [round(one, 3) for one in starts],
        "processor_s": round(median(ran), 3),
    }
    return Figure(name="kiosk_start_s", value=median(starts), unit="s", goal=START_GOAL_S, detail=detail)


def _idle(home: float, rest: float) -> Figure:
    detail: dict[str, Value] = {"seconds": IDLE_S, "notices_by_turns_percent": round(rest, 2)}
    return Figure(name="kiosk_idle_cpu_percent", value=home, unit="%", goal=CPU_GOAL_PERCENT, detail=detail)


def _memory(memory: Figure, at_first: float | None) -> Figure:
    detail: dict[str, Value] = {**memory.detail, "at_first_screen": at_first}
    return Figure(name="kiosk_rss_mb", value=memory.value, unit="MB", goal=MEMORY_GOAL_MB, detail=detail)


class _Kiosk:
    """The kiosk's program, and what stands on its screen."""

    def __init__(self, socket: Path) -> None:
        self._glass = Glass(COLUMNS, ROWS)
        self._changed = threading.Condition()
        self._painted_at = 0
        self.ran_ms: list[float] = []
        """How long a processor had to work for each key."""
        began = time.monotonic_ns()
        self._terminal = KioskTerminal(
            ["kiosk_tui.cli", "--socket", str(socket)], columns=COLUMNS, rows=ROWS, read=self._see
        )
        self.start_s = (self._wait((_HOME,)) - began) / 1e9
        self.start_ran_s = _ran_ms(self.pids) / 1e3

    @property
    def pid(self) -> int:
        """The pid of the program that watches the kiosk."""
        return self._terminal.pid

    @property
    def pids(self) -> list[int]:
        """Those of both."""
        return [self.pid, *children(self.pid)]

    def press(self, step: Step) -> Iterator[float]:
        """Press a key once it counts; yield in how many ms all that it leads to is painted."""
        while not step.where or self._has(step.where):
            self._await(self._counts, after=step)
            _pause(_APART_S)
            if not self._counts():  # that was a line of the screen before
                continue
            before = self._glass.text()
            new = tuple(one for one in step.shown if _plain(one) not in before)
            ran = _ran_ms(self.pids)
            began = time.monotonic_ns()
            self._terminal.send(step.key)
            yield (self._wait(new, after=step) - began) / 1e6
            self.ran_ms.append(_ran_ms(self.pids) - ran)
            return

    def _has(self, shown: Shown) -> bool:
        return any(_plain(one) in self._glass.text() for one in shown)

    def _counts(self) -> bool:
        return any(_plain(name) in self._glass.last_line() for name in _COUNTS)

    def _wait(self, shown: Shown, *, after: Step | None = None) -> int:
        """Wait until something is shown; return when the last piece came that was painted with it."""
        self._await(lambda: self._has(shown), after=after)
        with self._changed:
            while self._changed.wait(_WHOLE_S):
                pass
            return self._painted_at

    def _await(self, condition: Callable[[], bool], *, after: Step | None) -> None:
        """Wait until something holds of the screen.

        Raises:
            RuntimeError: It does not come.
        """
        with self._changed:
            if not self._changed.wait_for(condition, _PATIENCE_S):
                raise RuntimeError(f"{after}: the kiosk does not show it but {self._glass.text()}")

    def _see(self, data: bytes) -> None:
        with self._changed:
            self._glass.feed(data)
            self._painted_at = time.monotonic_ns()
            self._changed.notify_all()

    def close(self) -> None:
        """End it."""
        self._terminal.close()


@contextmanager
def _kiosk(station: BenchStation) -> Iterator[_Kiosk]:
    kiosk = _Kiosk(station.kiosk_socket)
    try:
        yield kiosk
    finally:
        kiosk.close()


def _plain(text: str) -> str:
    return "".join(text.split())


def _pause(seconds: float) -> None:
    threading.Event().wait(max(0.0, seconds))


def _ran_ms(pids: list[int]) -> float:
    """Return how long the threads of some processes have run until now, by the scheduler's count. Other programs do
    not make it longer."""
    tasks = [task for pid in pids for task in Path(f"/proc/{pid}/task").glob("*/schedstat")]
    return sum(int(task.read_text(encoding="ascii").split()[0]) for task in tasks) / 1e6


def _cpu_percent(pids: list[int], seconds: float) -> float:
    """Return how many percent of one processor some processes take together while nobody is there."""
    before = _ticks(pids)
    _pause(seconds)
    return 100 * (_ticks(pids) - before) / os.sysconf("SC_CLK_TCK") / seconds


def _ticks(pids: list[int]) -> int:
    """Return the clock ticks that processes have run (proc_pid_stat(5), fields 14 and 15)."""
    fields = [Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split() for pid in pids]
    return sum(int(one[11]) + int(one[12]) for one in fields)
