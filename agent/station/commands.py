"""Execute the county's commands: once, in time, and with a fact for each result."""

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
"""Commands that are executed even if the station does not know the time. They ask for just that, and a repeat is
harmless."""


class Commands:
    """Judges a command, remembers it, executes it."""

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
        self._executors: dict[str, Callable[[Command], None]] = {
            "identify": self._identify,
            "snapshot": self._snapshot,
            "restart_agent": self._restart,
            "send_logs": logs.send,
            "time_check": self._tell_time,
            "live_view": live.start,
            "end_live_view": self._end_live_view,
        }

    def execute(self, command: Command) -> None:
        """Execute a verified command, unless it came before, came too late, or the station does not know the time."""
        if self._command_log.is_known(command.id):
            log.info("order %s came again", command.id.hex())
            return
        objection = self._objection(command)
        if not objection:
            # On disk before it is executed: after a power cut it must not be executed a second time.
            try:
                self._command_log.begin(command)
            except TooManyCommands:
                objection = result_reasons.TOO_MANY_COMMANDS
            except StorageError as error:
                objection = f"{result_reasons.NOT_RECORDED}: {error}"
        if objection:
            self._command_log.refuse(command, objection)
        else:
            self._executors[command.order](command)

    def refuse(self, command: Command, reason: str) -> None:
        """Refuse a verified command because of the way in which it came."""
        if not self._command_log.is_known(command.id):
            self._command_log.refuse(command, reason)

    def resume(self, *, ended_well: bool) -> None:
        """State the results of the commands that the run before did not finish.

        Args:
            ended_well: Whether that run ended in good order, as it does when it was asked to restart.
        """
        for known in self._command_log.open_commands():
            if known.order == "restart_agent" and ended_well:
                self._command_log.finish(known.id, "done")
            # A picture in the spool is announced soon, and the command's result with it.
            elif not self._snapshots.is_spooled(known.id):
                detail = f"{result_reasons.INTERRUPTED}: the agent ended while this was under way"
                self._command_log.finish(known.id, "failed", detail)

    def _objection(self, command: Command) -> str:
        if command.order not in self._executors:
            return f"{result_reasons.UNKNOWN_COMMAND}: {command.order}"
        # Without the time nobody knows whether the command has expired.
        if not self._clock.dated:
            return "" if command.order in _WITHOUT_DATE else result_reasons.UNDATED
        now = self._clock.now().wall
        if now > command.not_after:
            return result_reasons.EXPIRED
        # The station remembers commands until they expire. One that never expires could not be forgotten.
        return result_reasons.VALID_TOO_LONG if command.not_after > now + MAX_VALID_MS else ""

    def _identify(self, command: Command) -> None:
        # Amber, because green would tell a person that a card was recorded.
        self._lamp.show("amber", fact="")
        self._command_log.finish(command.id, "done")

    def _snapshot(self, command: Command) -> None:
        if reason := self._snapshots.request(command.id):
            self._command_log.finish(command.id, "failed", reason)

    def _restart(self, command: Command) -> None:
        """Ask the agent to restart. The next run states the result, because it knows how this run ended."""
        self._inbox.put(StopAsked(reason=f"order {command.id.hex()}", restart=True))

    def _end_live_view(self, command: Command) -> None:
        self._live.end("county")
        self._command_log.finish(command.id, "done")

    def _tell_time(self, command: Command) -> None:
        """State how the clock stands. The moment of the result says how far the clock can be trusted."""
        figures = {"station_ms": self._clock.now().wall}
        if command.issued:
            figures |= {"county_ms": command.issued, "ahead_ms": figures["station_ms"] - command.issued}
        self._command_log.finish(command.id, "done", figures=figures)
