"""Remember the county's orders and answer each with one fact, whatever happens in between.

An order is on disk before it is carried out. Its answer and the note that it was answered are one transaction. So an
agent that was killed in between knows at its next start what it still owes an answer for, and an order that comes
again is never carried out, nor answered, again. Of a commit that a power cut tore the outbox gives back the facts
alone, for they prove themselves: so what the record answers is answered, whatever the note says.
"""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

import msgspec

from agent.storage.fact_writer import FactWriter
from agent.timekeeping.clock import State, StationClock
from protocol.commands import MAX_VALID_MS, Command
from protocol.facts import CommandResult, Fact
from protocol.units import MAX_LONG_TEXT, FactRef

log = logging.getLogger(__name__)

type Outcome = Literal["done", "failed", "refused"]

MAX_REMEMBERED = 256
MAX_RECALLED = 128
"""Of orders that the record alone tells of: there must be room for others beside them."""
_KEY = "orders"


class TooManyCommands(Exception):
    """As many orders as can be remembered could still be repeated: one more would make the station forget one."""


class KnownCommand(msgspec.Struct, frozen=True, array_like=True):
    """An order that came."""

    id: bytes
    order: str
    not_after: int
    answered: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What is to be committed together: the fact, and the state which says that it was given."""

    fact: CommandResult
    state: dict[str, bytes]


class CommandLog:
    """The station's memory of orders."""

    def __init__(self, *, clock: StationClock, journal: FactWriter, state: State) -> None:
        self._clock = clock
        self._journal = journal
        self._known = _kept(state)

    def recall(self, facts: Iterable[tuple[FactRef, Fact]]) -> None:
        """Know which orders the last facts of the record answer, oldest first."""
        told = {fact.command: fact for _, fact in facts if isinstance(fact, CommandResult)}
        for known in self.unanswered():
            if told.pop(known.id, None) is not None:
                self._known = self._answered(known.id)
        if len(self._known) == MAX_REMEMBERED:
            return  # it is full since orders that are past were forgotten
        unknown = [fact for fact in told.values() if fact.command not in self._known]
        room = min(MAX_RECALLED, MAX_REMEMBERED - len(self._known))
        for fact in unknown[-room:]:
            until = fact.at.wall + MAX_VALID_MS
            self._known = {**self._known, fact.command: KnownCommand(fact.command, "", until, answered=True)}

    def came_before(self, command: bytes) -> bool:
        """Return whether an order with this id is known."""
        return command in self._known

    def owed(self, command: bytes) -> bool:
        """Return whether an order with this id came and is not answered."""
        known = self._known.get(command)
        return known is not None and not known.answered

    def unanswered(self) -> list[KnownCommand]:
        """Return the orders that still owe an answer, oldest first."""
        return [known for known in self._known.values() if not known.answered]

    def begin(self, command: Command) -> None:
        """Have an order on disk before it is carried out.

        Raises:
            TooManyCommands: It must not be carried out.
            StorageFull, StorageFailed: Likewise.
        """
        known = self._with(command, answered=False)
        self._journal.commit(state=_encoded(known))
        self._known = known

    def _with(self, command: Command, *, answered: bool) -> dict[bytes, KnownCommand]:
        known = dict(self._known)
        while len(known) >= MAX_REMEMBERED:
            past = next((one for one in known.values() if self._is_past(one)), None)
            if past is None:
                raise TooManyCommands
            del known[past.id]
        order = KnownCommand(command.id, command.order, command.not_after, answered)
        return {**known, command.id: order}

    def _is_past(self, known: KnownCommand) -> bool:
        """Tell whether an order can be forgotten: were it repeated, it would be refused as expired."""
        return known.answered and self._clock.dated and known.not_after < self._clock.now().wall

    def refuse(self, command: Command, reason: str) -> None:
        """Answer an order that is not carried out, and remember it."""
        try:
            self._known = self._with(command, answered=True)
        except TooManyCommands:
            log.error("an order is answered and not remembered: %d others are", MAX_REMEMBERED)
        fact = self._fact(command.id, "refused", reason, {})
        self._journal.owe(fact, state=_encoded(self._known))

    def prepare(
        self, command: bytes, outcome: Outcome, detail: str = "", *, figures: Mapping[str, int] | None = None
    ) -> Answer:
        """Return the answer, for the caller to commit with what belongs to it; then comes `given`."""
        return Answer(self._fact(command, outcome, detail, figures or {}), _encoded(self._answered(command)))

    def given(self, command: bytes) -> None:
        """The prepared answer is on disk."""
        self._known = self._answered(command)

    def give(
        self, command: bytes, outcome: Outcome, detail: str = "", *, figures: Mapping[str, int] | None = None
    ) -> None:
        """Answer now, or as soon as the disk takes it."""
        answer = self.prepare(command, outcome, detail, figures=figures)
        self.given(command)
        self._journal.owe(answer.fact, state=answer.state)

    def _answered(self, command: bytes) -> dict[bytes, KnownCommand]:
        known = self._known.get(command)
        return {**self._known, command: msgspec.structs.replace(known, answered=True)} if known else self._known

    def _fact(self, command: bytes, outcome: Outcome, detail: str, figures: Mapping[str, int]) -> CommandResult:
        log.info("order %s: %s %s", command.hex(), outcome, detail)
        at = self._clock.now()
        return CommandResult(
            at=at, command=command, outcome=outcome, detail=detail[:MAX_LONG_TEXT], figures=dict(figures)
        )


def _kept(state: State) -> dict[bytes, KnownCommand]:
    raw = state.get(_KEY)
    try:
        known = msgspec.msgpack.decode(raw, type=list[KnownCommand]) if raw else []
    except msgspec.DecodeError:
        log.warning("the list of orders that came can't be read")
        known = []
    return {order.id: order for order in known}


def _encoded(known: dict[bytes, KnownCommand]) -> dict[str, bytes]:
    return {_KEY: msgspec.msgpack.encode(list(known.values()))}
