"""One seeded history of a station and its county, with a fault in the middle, and the verdict on it.

Nobody can restore facts that only a destroyed file had. So before a history puts in an older SD card or cuts a file
short, the station has sent its signed head. Then the county's ledger must show that facts are gone, also if the older
copy went on under the same seqs.
"""

import logging
import random
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from agent.storage.errors import StorageError
from agent.storage.outbox.disk import wal_of
from protocol.units import FactRef
from tests.proofs.rollback.board import Board
from tests.proofs.rollback.county import County

FAULTS = ("older_copy", "clone", "bit_flip", "truncated", "garbage", "county_restored")

log = logging.getLogger(__name__)


@dataclass
class Findings:
    """What went wrong, summed over histories, and which losses were stated openly."""

    lost: int = 0
    """Green facts that the county does not have, although nobody states them as lost."""
    unstated: int = 0
    """Green facts that were lost when the file was only damaged, without a `FactsLost` of the station."""
    doubled: int = 0
    invented: int = 0
    contradictions: int = 0
    """Histories after which the county itself says that a chain does not hold or a fact can't be read."""
    unfounded: int = 0
    """Histories in which no file was destroyed, but the county's people are told that facts are gone."""
    refused_to_start: int = 0
    crashes: int = 0
    stated: int = 0
    """Green facts that damage destroyed and that the station stated as lost."""
    destroyed_but_shown: int = 0
    """Green facts that only a destroyed file had; an earlier signed head shows them in the ledger."""
    real: int = 0
    """Histories that ran with the county's own ingest."""
    by_fault: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> int:
        said_wrong = self.doubled + self.invented + self.contradictions
        return self.lost + self.unstated + said_wrong + self.unfounded + self.refused_to_start + self.crashes


class History:
    """A run: steps, faults, and what the observer wrote down."""

    def __init__(self, folder: Path, county: County, seed: int) -> None:
        self._folder = folder
        self._chance = random.Random(seed)
        self._county = county
        self._boards = [Board(folder / "board1", county, self._chance)]
        self._green: dict[int, FactRef] = {}
        self._presented = 0
        self._destroyed = False
        self.fault = self._chance.choice(FAULTS)

    def run(self) -> None:
        """Live, suffer the fault, live on, and come to an agreement."""
        self._live(self._chance.randint(1, 12))
        getattr(self, f"_{self.fault}")()
        self._live(self._chance.randint(0, 8))
        for board in [*self._boards, *self._boards]:
            self._lose_links()
            board.connect(to_the_end=True)
        for board in self._boards:
            board.end()

    def _live(self, steps: int) -> None:
        for _ in range(steps):
            board = self._chance.choice(self._boards)
            what = self._chance.random()
            if what < 0.55:
                self._present(board)
            elif what < 0.85:
                if len(self._boards) > 1 or self._chance.random() < 0.3:
                    self._lose_links()
                board.connect(to_the_end=self._chance.random() < 0.4)
            else:
                board.power_off(orderly=self._chance.random() < 0.5)
                board.power_on()

    def _lose_links(self) -> None:
        """One station has one connection: a second board with its name ends the first board's."""
        for board in self._boards:
            board.lose_link()

    def _present(self, board: Board) -> None:
        numbers = range(self._presented + 1, self._presented + 1 + self._chance.choice((1, 1, 1, 2, 5, 40)))
        self._presented = numbers[-1]
        self._green |= board.present(numbers)

    def _older_copy(self) -> None:
        """The SD card is replaced by a copy from a while ago, perhaps twice."""
        board, copy = self._boards[0], self._folder / "copy"
        board.copy_card(copy)
        for _ in range(self._chance.randint(1, 2)):
            self._live(self._chance.randint(1, 8))
            board.say_head()
            board.power_off(orderly=self._chance.random() < 0.5)
            board.insert(copy)
            board.power_on()
        self._destroyed = True

    def _clone(self) -> None:
        """A second board runs from a copy of the SD card, and both go on."""
        copy = self._folder / "copy"
        self._boards[0].copy_card(copy)
        if self._chance.random() < 0.5:
            self._live(self._chance.randint(1, 5))
        self._boards.append(Board(self._folder / "board2", self._county, self._chance, card=copy))

    def _bit_flip(self) -> None:
        """One to three bits of the file or its log turn over."""
        board = self._boards[0]
        self._present(board)
        board.say_head()
        board.power_off(orderly=self._chance.random() < 0.4)
        target = self._target(board)
        content = bytearray(target.read_bytes())
        for _ in range(self._chance.randint(1, 3)):
            content[self._chance.randrange(len(content))] ^= 1 << self._chance.randrange(8)
        target.write_bytes(content)
        board.power_on()

    def _truncated(self) -> None:
        """The file or its log ends early, perhaps at nothing."""
        board = self._boards[0]
        self._present(board)
        board.say_head()
        board.power_off(orderly=self._chance.random() < 0.4)
        target = self._target(board)
        size = target.stat().st_size
        with target.open("r+b") as file:
            file.truncate(self._chance.choice((0, self._chance.randrange(size), size // 4096 * 2048 // 4096 * 4096)))
        board.power_on()
        self._destroyed = True

    def _garbage(self) -> None:
        """Some pages of the file are noise, perhaps all; or there is a folder in place of the file."""
        board = self._boards[0]
        board.say_head()
        board.power_off(orderly=True)
        size = board.file.stat().st_size
        if self._chance.random() < 0.2:
            board.file.unlink()
            board.file.mkdir()
        else:
            start = self._chance.randrange(0, size, 4096)
            with board.file.open("r+b") as file:
                file.seek(start)
                file.write(self._chance.randbytes(self._chance.choice((4096, 8192, size))))
        board.power_on()
        self._destroyed = True

    def _county_restored(self) -> None:
        """The county comes back from a dump, perhaps one from before a stream was ended, perhaps twice from the same
        dump."""
        self._county.back_up()
        self._live(self._chance.randint(1, 8))
        if self._chance.random() < 0.5:
            self._end_the_stream()
            self._live(self._chance.randint(1, 8))
        for _ in range(self._chance.choice((1, 1, 2))):
            self._county.restore()
            if self._chance.random() < 0.8:
                self._lose_links()
            self._live(self._chance.randint(0, 3))

    def _end_the_stream(self) -> None:
        """Spoil the header: everything is salvaged, into a new stream."""
        board = self._boards[0]
        board.power_off(orderly=True)
        with board.file.open("r+b") as file:
            file.write(bytes(100))
        board.power_on()

    def _target(self, board: Board) -> Path:
        wal = wal_of(board.file)
        return wal if wal.exists() and wal.stat().st_size and self._chance.random() < 0.6 else board.file

    def judge(self, findings: Findings) -> None:
        """Compare the county's facts with those that turned green."""
        kept = self._county.touches()
        numbers = Counter(number for number, _, _ in kept)
        findings.by_fault[self.fault] += 1
        findings.doubled += sum(times - 1 for times in numbers.values())
        findings.invented += sum(1 for number in numbers if not 0 < number <= self._presented)
        findings.contradictions += len(self._county.contradictions())
        findings.unfounded += not self._destroyed and self._county.unexplained() > 0
        places = {(epoch, seq) for number, epoch, seq in kept}
        for number, ref in self._green.items():
            if number in numbers:
                findings.invented += (ref.epoch, ref.seq) not in places
            elif self._county.states_lost(ref.epoch, ref.seq):
                findings.stated += 1
            elif self._county.misses(ref.epoch, ref.seq):
                findings.destroyed_but_shown += self._destroyed
                findings.unstated += not self._destroyed
            else:
                findings.lost += 1


def live_and_judge(folder: Path, county: County, *, seed: int, findings: Findings) -> None:
    """Run one history and add to the findings."""
    before = findings.wrong
    history = History(folder, county, seed)
    where = f"seed {seed}, {history.fault}"
    try:
        history.run()
        history.judge(findings)
    except StorageError as error:
        findings.refused_to_start += 1
        where = f"{where}: {error}"
    except Exception as error:  # whatever is raised is a finding of the proof
        log.exception("%s", where)
        findings.crashes += 1
        where = f"{where}: {error!r}"
    if findings.wrong != before:
        findings.examples.append(where)
