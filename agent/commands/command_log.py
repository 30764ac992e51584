"""Remember the county's commands, so that each is carried out once and has one result, whatever happens in between.

The broker may deliver a command more than once, and the agent may be killed at any moment. So a command is on disk
before it is carried out. Its result, a fact, is committed in one transaction with the note that the command is
finished. So the agent knows at its next start which commands have no result yet, and ignores one that comes again.

After a power cut in the middle of a commit, the outbox can restore the facts of the commit, because their hashes prove
them, and not the note. So `CommandLog.recall` believes the facts: a command with a result is finished.
"""

import logging
from collections.abc import Iterable, Mapping
from typing import Literal

import msgspec
from msgspec import Struct

from agent.storage.fact_writer import FactWriter
from agent.storage.state import StateSlot, StateStore
from agent.timekeeping.clock import StationClock
from protocol.commands import MAX_VALID_MS, Command
from protocol.facts import CommandResult, Fact
from protocol.units import MAX_LONG_TEXT, FactRef

log = logging.getLogger(__name__)

type Outcome = Literal["done", "failed", "refused"]

MAX_REMEMBERED = 256
MAX_RECALLED = 128
"""The most commands that are learnt from the last facts alone, because their notes were lost. Half the room stays for
new ones."""


class TooManyCommands(Exception):
    """The log is full of commands that could still be repeated, and none of them may be forgotten for one more."""


class KnownCommand(msgspec.Struct, frozen=True, array_like=True):
    """A command that came."""

    id: bytes
    order: str
    """As `protocol.commands.Command.order`; empty if only its result is known."""
    not_after: int
    finished: bool
    """Its result is stored."""


class PreparedResult(Struct, frozen=True):
    """What is to be committed together: the result, and the note that the command is finished."""

    fact: CommandResult
    state: dict[str, bytes]


class CommandLog:
    """The commands that the station knows, and which of them have a result. Used on the core thread only."""

    def __init__(self, *, clock: StationClock, fact_writer: FactWriter, state: StateStore) -> None:
        self._clock = clock
        self._fact_writer = fact_writer
        self._slot = StateSlot(state, "orders", list[KnownCommand], title="the list of commands that came")
        self._known = {known.id: known for known in self._slot.read() or []}

    def recall(self, facts: Iterable[tuple[FactRef, Fact]]) -> None:
        """Learn from the last facts of the outbox, oldest first, which commands have a result."""
        results = {fact.command: fact for _, fact in facts if isinstance(fact, CommandResult)}
        for known in self.open_commands():
            if results.pop(known.id, None) is not None:
                self._known = self._with_finished(known.id)
        # A full log has forgotten commands that are past, and their results are among these facts. They need no place.
        if len(self._known) == MAX_REMEMBERED:
            return
        unknown = [fact for fact in results.values() if fact.command not in self._known]
        room = min(MAX_RECALLED, MAX_REMEMBERED - len(self._known))
        for fact in unknown[-room:]:
            # Until when it is valid is not known; no command is valid for longer than this.
            until = fact.at.wall + MAX_VALID_MS
            self._known = {**self._known, fact.command: KnownCommand(fact.command, "", until, finished=True)}

    def is_known(self, command: bytes) -> bool:
        """Return whether a command with this id came before."""
        return command in self._known

    def is_open(self, command: bytes) -> bool:
        """Return whether a command with this id came and has no result yet."""
        known = self._known.get(command)
        return known is not None and not known.finished

    def open_commands(self) -> list[KnownCommand]:
        """Return the commands that have no result yet, oldest first."""
        return [known for known in self._known.values() if not known.finished]

    def begin(self, command: Command) -> None:
        """Bring a command onto the disk. Only then may it be carried out.

        Raises:
            TooManyCommands: It is not known and must not be carried out.
            StorageFull, StorageFailed: Likewise.
        """
        known = self._with(command, finished=False)
        self._fact_writer.commit(state=self._row(known))
        self._known = known

    def _with(self, command: Command, *, finished: bool) -> dict[bytes, KnownCommand]:
        """Return the known commands with this one added; if there is no room, the oldest past ones are forgotten."""
        known = dict(self._known)
        while len(known) >= MAX_REMEMBERED:
            # A command can be forgotten once a repetition would be refused as expired. Only a trusted clock can tell.
            now = self._clock.now().wall if self._clock.dated else 0
            past = next((one for one in known.values() if one.finished and one.not_after < now), None)
            if past is None:
                raise TooManyCommands
            del known[past.id]
        return {**known, command.id: KnownCommand(command.id, command.order, command.not_after, finished)}

    def refuse(self, command: Command, reason: str) -> None:
        """Give a command that is not carried out its result, and remember the command."""
        try:
            self._known = self._with(command, finished=True)
        except TooManyCommands:
            # Refusing it again, if it is repeated, does no harm.
            log.error("a command is refused and not remembered: %d others are", MAX_REMEMBERED)
        fact = self._fact(command.id, "refused", reason, {})
        self._fact_writer.owe(fact, state=self._row(self._known))

    def prepare_result(
        self, command: bytes, outcome: Outcome, detail: str = "", *, figures: Mapping[str, int] | None = None
    ) -> PreparedResult:
        """Return a command's result, for the caller to commit together with other facts.

        When they are on disk, the caller must call `result_stored`.
        """
        return PreparedResult(
            self._fact(command, outcome, detail, figures or {}), self._row(self._with_finished(command))
        )

    def result_stored(self, command: bytes) -> None:
        """Note that the prepared result is on disk."""
        self._known = self._with_finished(command)

    def finish(
        self, command: bytes, outcome: Outcome, detail: str = "", *, figures: Mapping[str, int] | None = None
    ) -> None:
        """State a command's result, now or as soon as the disk takes it."""
        result = self.prepare_result(command, outcome, detail, figures=figures)
        self.result_stored(command)
        self._fact_writer.owe(result.fact, state=result.state)

    def _with_finished(self, command: bytes) -> dict[bytes, KnownCommand]:
        known = self._known.get(command)
        return {**self._known, command: msgspec.structs.replace(known, finished=True)} if known else self._known

    def _fact(self, command: bytes, outcome: Outcome, detail: str, figures: Mapping[str, int]) -> CommandResult:
        log.info("command %s: %s %s", command.hex(), outcome, detail)
        at = self._clock.now()
        return CommandResult(
            at=at, command=command, outcome=outcome, detail=detail[:MAX_LONG_TEXT], figures=dict(figures)
        )

    def _row(self, known: dict[bytes, KnownCommand]) -> dict[str, bytes]:
        return self._slot.row(list(known.values()))
