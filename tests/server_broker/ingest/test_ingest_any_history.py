"""Whatever a station and its clones live through, each touch is in the county's table once, and none is missing.

What was said of a touch, such as the direction that its person chose, is told of no other.
"""

import itertools

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from protocol.birth import HeadAtSeq, Match, Welcome
from protocol.facts import DirectionChosen
from protocol.receipts import Receipt
from protocol.units import FactRef
from server_broker.attendance.models import Touch
from server_broker.fleet.models import Station
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.models import Fact
from server_broker.ledger.ledger import ledger
from server_broker.ledger.verify import verify_station
from tests.server_broker.station_double import NOW, StationDouble, moment, touch

pytestmark = pytest.mark.django_db

_numbers = itertools.count(1)


class Board:
    """A board with a copy of the card, which talks to the county as an uplink does."""

    def __init__(self, double: StationDouble, shown: set[int]) -> None:
        self.double = double
        self.shown = shown
        """The touches that this board showed green and still knows of."""
        self.named: dict[int, FactRef] = {}
        """Touches of this board by the name that it calls them by: the first identity."""

    def agree(self, processor: BatchProcessor) -> int:
        """Be born; where county and board disagree, compare and open a stream. Return the county's ``through``."""
        welcome = next(
            a.message for a in processor.process_batch([self.double.birth()]) if isinstance(a.message, Welcome)
        )
        own = len(self.double.sealed)
        known = [HeadAtSeq(seq=welcome.through, head=welcome.head), *welcome.signed]
        if all(mark.seq <= own and self.double.head(mark.seq) == mark.head for mark in known):
            return welcome.through
        matched = 0
        if own:
            marks = sorted({max(1, own - step) for step in (0, 1, 2, 4, 8, 16)}, reverse=True)
            [answer] = processor.process_batch([self.double.compare(*marks)])
            assert isinstance(answer.message, Match)
            matched = answer.message.through
        self.double = self.double.reopen(matched=matched)
        return 0

    def send(self, processor: BatchProcessor, after: int, size: int) -> int:
        """Send one envelope and return the receipt's ``through``."""
        last = min(after + size, len(self.double.sealed))
        [answer] = processor.process_batch([self.double.facts_message(after + 1, last)])
        assert isinstance(answer.message, Receipt)
        return answer.message.through

    def drain(self, processor: BatchProcessor, size: int) -> None:
        after = self.agree(processor)
        while after < len(self.double.sealed):
            came = self.send(processor, after, size)
            assert came > after, "the county does not move on"
            after = came


class History(RuleBasedStateMachine):
    """Touches, lost receipts, repeats, rolled-back cards and cloned boards, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.processor = BatchProcessor(clock=lambda: NOW)
        self.id = f"shili-{next(_numbers):05d}"
        double = StationDouble(id=self.id)
        double.enrol()
        self.boards = [Board(double, set())]
        self.monos = itertools.count(1)
        self.chosen: set[int] = set()
        self.backup: StationDouble | None = None
        self.backup_shown: set[int] = set()

    @rule(which=st.integers(0, 2), count=st.integers(1, 4))
    def touched(self, which: int, count: int) -> None:
        board = self.boards[which % len(self.boards)]
        for mono in itertools.islice(self.monos, count):
            board.double.add(touch(mono))
            board.shown.add(mono)
            board.named[mono] = board.double.ref(len(board.double.sealed))

    @precondition(lambda self: any(board.named for board in self.boards))
    @rule(which=st.integers(0, 2), pick=st.integers(0, 9))
    def direction_chosen(self, which: int, pick: int) -> None:
        """One of the last touches is corrected, at once or after its stream has ended."""
        board = self.boards[which % len(self.boards)]
        if board.named:
            mono = list(board.named)[-1 - pick % min(3, len(board.named))]
            board.double.add(DirectionChosen(at=moment(), touch=board.named.pop(mono), direction="out"))
            self.chosen.add(mono)

    @rule(which=st.integers(0, 2), size=st.integers(1, 5))
    def drained(self, which: int, size: int) -> None:
        self.boards[which % len(self.boards)].drain(self.processor, size)

    @rule(which=st.integers(0, 2), first=st.integers(1, 6), size=st.integers(1, 6))
    def sent_without_asking(self, which: int, first: int, size: int) -> None:
        """An envelope whose receipt is lost, or that comes twice."""
        double = self.boards[which % len(self.boards)].double
        if first <= len(double.sealed):
            self.processor.process_batch([double.facts_message(first, min(first + size - 1, len(double.sealed)))])

    @precondition(lambda self: len(self.boards) < 3)
    @rule(which=st.integers(0, 2))
    def cloned(self, which: int) -> None:
        board = self.boards[which % len(self.boards)]
        self.boards.append(Board(board.double.clone(), set(board.shown)))

    @rule(which=st.integers(0, 2))
    def copied(self, which: int) -> None:
        board = self.boards[which % len(self.boards)]
        board.drain(self.processor, 5)
        self.backup, self.backup_shown = board.double.clone(), set(board.shown)

    @precondition(lambda self: self.backup is not None)
    @rule()
    def rolled_back(self) -> None:
        """The first board's card is replaced by its older copy, after what it had was drained."""
        assert self.backup is not None
        self.boards[0].drain(self.processor, 5)
        self.boards[0].double = self.backup.clone()
        self.boards[0].named.clear()

    @invariant()
    def nothing_is_doubled_or_invented(self) -> None:
        stored = list(Touch.objects.filter(station_id=self.id).values_list("mono_ms", flat=True))
        assert len(stored) == len(set(stored))
        assert set(stored) <= set().union(*(board.shown for board in self.boards))
        told = Touch.objects.filter(station_id=self.id).exclude(chosen_direction="")
        assert set(told.values_list("mono_ms", flat=True)) <= self.chosen

    def teardown(self) -> None:
        for _ in range(2):
            for board in self.boards:
                board.drain(self.processor, 4)
        stored = set(Touch.objects.filter(station_id=self.id).values_list("mono_ms", flat=True))
        shown = set().union(*(board.shown for board in self.boards))
        assert shown - stored == set()
        held = Fact.objects.filter(stream__station_id=self.id).exclude(held_reason="")
        assert set(held.values_list("held_reason", flat=True)) <= {"chain_mismatch"}
        assert ledger(self.id).unexplained == 0
        assert all(verdict.good for verdict in verify_station(Station.objects.get(pk=self.id)))


def test_any_history() -> None:
    run_state_machine_as_test(
        History,
        settings=settings(
            max_examples=25,
            derandomize=True,
            stateful_step_count=25,
            suppress_health_check=list(HealthCheck),
        ),
    )
