"""Execute the county's orders: once, in time, and answered by a fact."""

import logging
from collections.abc import Callable

from agent.camera.live_view import LiveView
from agent.camera.snapshots import Snapshots
from agent.clocking.lamp import Lamp
from agent.commands.command_log import CommandLog, TooManyCommands
from agent.commands.log_sending import LogSending
from agent.events import StopAsked
from agent.inbox import Inbox
from agent.storage.errors import StorageError
from agent.timekeeping.clock import StationClock
from protocol import result_reasons
from protocol.commands import MAX_VALID_MS, Command

log = logging.getLogger(__name__)

_WITHOUT_DATE = frozenset({"time_check"})
"""Orders that a station carries out which does not know the time: it is what they ask for, and repeats do no harm."""


class Commands:
    """Judges an order, remembers it, carries it out."""

    def __init__(
        self,
        *,
        clock: StationClock,
        command_log: CommandLog,
        inbox: Inbox,
        lamp: Lamp,
        snapshots: Snapshots,
        logs: LogSending,
        live: LiveView,
    ) -> None:
        self._clock = clock
        self._command_log = command_log
        self._inbox = inbox
        self._lamp = lamp
        self._snapshots = snapshots
        self._live = live
        self._orders: dict[str, Callable[[Command], None]] = {
            "identify": self._identify,
            "snapshot": self._snapshot,
            "restart_agent": self._restart,
            "send_logs": logs.send,
            "time_check": self._tell_time,
            "live_view": live.start,
            "end_live_view": self._end_live_view,
        }

    def execute(self, command: Command) -> None:
        """Carry out a verified command, unless it came before, is too late, or can't be dated."""
        if self._command_log.is_known(command.id):
            log.info("order %s came again", command.id.hex())
        elif objection := self._objection(command) or self._remember(command):
            self._command_log.refuse(command, objection)
        else:
            self._orders[command.order](command)

    def refuse(self, command: Command, reason: str) -> None:
        """Answer a verified command that came in a way in which it must not."""
        if not self._command_log.is_known(command.id):
            self._command_log.refuse(command, reason)

    def resume(self, *, ended_well: bool) -> None:
        """Answer what the run before left open.

        Args:
            ended_well: Whether that run ended in good order.
        """
        for known in self._command_log.open_commands():
            if known.order == "restart_agent" and ended_well:
                self._command_log.finish(known.id, "done")
            elif not self._snapshots.is_spooled(known.id):
                detail = f"{result_reasons.INTERRUPTED}: the agent ended while this was under way"
                self._command_log.finish(known.id, "failed", detail)

    def _objection(self, command: Command) -> str:
        if command.order not in self._orders:
            return f"{result_reasons.UNKNOWN_COMMAND}: {command.order}"
        if not self._clock.dated:
            return "" if command.order in _WITHOUT_DATE else result_reasons.UNDATED
        now = self._clock.now().wall
        if now > command.not_after:
            return result_reasons.EXPIRED
        return result_reasons.VALID_TOO_LONG if command.not_after > now + MAX_VALID_MS else ""

    def _remember(self, command: Command) -> str:
        try:
            self._command_log.begin(command)
        except TooManyCommands:
            return result_reasons.TOO_MANY_COMMANDS
        except StorageError as error:
            return f"{result_reasons.NOT_RECORDED}: {error}"
        return ""

    def _identify(self, command: Command) -> None:
        self._lamp.show("amber", fact="")
        self._command_log.finish(command.id, "done")

    def _snapshot(self, command: Command) -> None:
        if reason := self._snapshots.request(command.id):
            self._command_log.finish(command.id, "failed", reason)

    def _restart(self, command: Command) -> None:
        """End; the answer is the next start's, which knows how this run ended."""
        self._inbox.put(StopAsked(reason=f"order {command.id.hex()}", restart=True))

    def _end_live_view(self, command: Command) -> None:
        self._live.end("county")
        self._command_log.finish(command.id, "done")

    def _tell_time(self, command: Command) -> None:
        """Say how the clock stands; the answer's own moment says how far it can be trusted."""
        figures = {"station_ms": self._clock.now().wall}
        if command.issued:
            figures |= {"county_ms": command.issued, "ahead_ms": figures["station_ms"] - command.issued}
        self._command_log.finish(command.id, "done", figures=figures)
