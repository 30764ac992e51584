"""What a station writes besides touches and pictures: commands, its twin, notes, downloads, its log's end.

The product's own parts do each of these, and the outside is told its result. If the disk fails, the part says so or
tries later, and the judge looks at what is on the disk.
"""

import random
from hashlib import sha256

from agent.drivers.https import WrongContent
from agent.ports import DeviceError
from agent.storage.errors import StorageError
from protocol.kiosk_learning import AnswerQuestion, NextQuestion, OpenLevel, QuestionShown
from tests.proofs.power_cut.county import COMMANDS, desired_state, opening_of, pack_file, serving, some_command
from tests.proofs.power_cut.program import Program
from tests.proofs.power_cut.told import Teller

TEN_MINUTES_MS = 600_000
MOST_ANSWERS = 60
NOTHING: frozenset[bytes | None] = frozenset({None})


class Chores:
    """Hears what a program does (`program.Ears`), and makes it do things."""

    def __init__(self, teller: Teller, chance: random.Random) -> None:
        self._teller = teller
        self._chance = chance
        self._done = 0
        self._commanded = 0
        self._version = 0
        self._notes = (self._alarm, self._time, self._endpoint, self._traffic, self._voltage, self._level)

    def asked(self, key: str, value: bytes) -> None:
        self._note(key, self._teller.told.notes.get(key, NOTHING) | {value})

    def kept(self, key: str, value: bytes) -> None:
        self._note(key, frozenset({value}))

    def _note(self, key: str, possible: frozenset[bytes | None]) -> None:
        self._teller.tell(notes={**self._teller.told.notes, key: possible})

    def lit(self, command: bytes) -> None:
        lights = self._teller.told.lights
        self._teller.tell(lights={**lights, command: lights.get(command, 0) + 1})

    def command(self, program: Program) -> None:
        """Have a command of the county carried out, of each kind in turn."""
        self._done += 1
        self._commanded += 1
        command = some_command(COMMANDS[self._commanded % len(COMMANDS)], self._chance)
        jpeg = self._chance.randbytes(2_000)
        told = self._teller.told
        log = program.log(f"line {self._done}")
        exposed = told.exposed | {log, sha256(jpeg).digest()}
        self._teller.tell(commands={**told.commands, command.id: command}, exposed=exposed)
        program.carry_out(command, jpeg)

    def twin(self, program: Program) -> None:
        """Have a new desired state accepted."""
        self._version += 1
        version, minutes = self._version, opening_of(self._version)
        before = self._teller.told.twin
        after = {(version, value if minutes is None else minutes) for _, value in before}
        # The settings are kept first: a document whose own value is refused falls back to them.
        between = {(old, minutes) for old, _ in before if minutes is not None and old and opening_of(old) is None}
        self._teller.tell(twin=before | between | after)
        reported = program.twin.accept(desired_state(version, self._chance), at=program.now())
        if not reported.refused:
            self._teller.tell(twin=frozenset(after))

    def note(self, program: Program) -> None:
        """Have one of the small things stored that a station must know after a restart."""
        self._chance.choice(self._notes)(program)

    def notes(self, program: Program) -> None:
        """Have all of them stored."""
        for one in self._notes:
            one(program)

    def _alarm(self, program: Program) -> None:
        self._done += 1
        code = f"code_{self._done % 3}"
        if program.alarms.stands(code) and self._chance.random() < 0.5:
            program.alarms.clear_alarm(code)
        else:
            program.alarms.raise_alarm(code, "minor", "示例", kind=str(self._done))

    def _time(self, program: Program) -> None:
        """Let time pass: the stamp of being alive is due, and with it the clock's floor."""
        program.system.pass_ms(TEN_MINUTES_MS)
        program.date()
        program.lifecycle.tick()

    def _endpoint(self, program: Program) -> None:
        program.endpoints.failed()
        program.endpoints.failed()
        program.endpoints.worked()

    def _traffic(self, program: Program) -> None:
        program.moved_bytes += self._chance.randint(1, 1_000_000)
        program.traffic.tick()
        program.traffic.keep()

    def _voltage(self, program: Program) -> None:
        program.system.pass_ms(TEN_MINUTES_MS)
        program.last_boot.low_voltage()
        program.last_boot.judge(None, last_alive=None)

    def _level(self, program: Program) -> None:
        """Play a level to its end, if there is a pack: its stars are kept."""
        program.learning.open_level(1, OpenLevel(pack="sample", level="1"))
        wrong = self._chance.randrange(3)
        for _ in range(MOST_ANSWERS):
            asked = program.screen.answered
            if not isinstance(asked, QuestionShown):
                break
            right = asked.options.index("甲")
            chosen = 1 - right if asked.number <= wrong else right
            program.learning.answer_question(1, AnswerQuestion(run=asked.run, question=asked.question, chosen=[chosen]))
            program.learning.next_question(1, NextQuestion(run=asked.run))
        program.screen.answered = None

    def log(self, program: Program) -> None:
        """Leave the log's end on the disk, and read it again."""
        self._done += 1
        program.log(f"line {self._done} {'x' * self._chance.choice((10, 3_000, 9_000))}")
        program.save_log()
        program.recall_log()

    def download(self, program: Program) -> None:
        """Fetch the next pack, over a line that may break. The next attempt goes on where this one ended."""
        number = self._teller.told.coming + 1
        self._teller.tell(coming=number)
        ref, file = pack_file(number)
        breaks_at = self._chance.choice((0, len(file) // 3, len(file) // 2, len(file)))
        for breaks in (breaks_at, len(file)):
            try:
                with serving(file, breaks_at=breaks):
                    program.fetch(ref)
                return
            except (DeviceError, WrongContent, OSError, StorageError):
                continue
