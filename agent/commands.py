"""Execute the county's orders: once, in time, and answered by a fact."""

import logging
from collections.abc import Callable

import msgspec

from agent.clock import State, StationClock
from agent.journal import Journal
from agent.lamp import Lamp
from agent.outbox.errors import OutboxBroken, OutboxFull
from agent.snapshots import Snapshots
from protocol.commands import Command
from protocol.facts import CommandResult

log = logging.getLogger(__name__)

MAX_REMEMBERED = 256
_KEY = "commands"


class Commands:
    """Knows which orders it has executed, also after a restart."""

    def __init__(
        self, *, clock: StationClock, journal: Journal, state: State, lamp: Lamp, snapshots: Snapshots
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._state = state
        self._done = self._kept()
        self._orders: dict[str, Callable[[bytes], str]] = {
            "identify": lambda command: self._identify(command, lamp),
            "snapshot": snapshots.command,
        }

    def _kept(self) -> list[bytes]:
        raw = self._state.get(_KEY)
        try:
            return msgspec.msgpack.decode(raw, type=list[bytes]) if raw else []
        except msgspec.DecodeError:
            log.warning("the list of executed commands can't be read")
            return []

    def execute(self, command: Command) -> None:
        """Carry out a verified command, unless it came before, too late, or can't be dated."""
        if command.id in self._done:
            log.info("command %s came again", command.id.hex())
            return
        reason = self._objection(command) or self._remember(command.id) or self._orders[command.order](command.id)
        if reason:
            result = CommandResult(at=self._clock.now(), command=command.id, outcome="refused", detail=reason)
            self._journal.owe(result)

    def _objection(self, command: Command) -> str:
        if not self._clock.dated:
            return "the station does not know the time"
        return "expired" if self._clock.now().wall > command.not_after else ""

    def _remember(self, command: bytes) -> str:
        kept = [*self._done, command][-MAX_REMEMBERED:]
        try:
            self._state.put(_KEY, msgspec.msgpack.encode(kept))
        except (OutboxFull, OutboxBroken) as error:
            return f"not recorded: {error}"[:400]
        self._done = kept
        return ""

    def _identify(self, command: bytes, lamp: Lamp) -> str:
        lamp.show("amber", fact="")
        self._journal.owe(CommandResult(at=self._clock.now(), command=command, outcome="done"))
        return ""
