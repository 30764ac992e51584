"""Send the end of the log on the county's order: a blob, announced together with the answer."""

import logging
from typing import Protocol

from agent.commands.command_log import CommandLog
from agent.commands.log_tail import LogTail
from agent.storage.errors import StorageError, StorageFailed
from agent.storage.fact_writer import FactWriter
from agent.timekeeping.clock import StationClock
from protocol import result_reasons
from protocol.commands import Command
from protocol.facts import BlobAnnounced

log = logging.getLogger(__name__)


class Blobs(Protocol):
    """Where a file waits for the county."""

    def write(self, content: bytes) -> bytes:
        """Put a file on disk and return its SHA-256. Raises StorageFull or StorageFailed."""

    def keep(self, sha256: bytes) -> bool:
        """Count a written file among those that wait. Raises StorageFailed."""

    def drop(self, sha256: bytes) -> None:
        """Let a kept file go. Raises StorageFailed."""


class LogSending:
    """The way of the log to the county."""

    def __init__(
        self, *, clock: StationClock, journal: FactWriter, blobs: Blobs, command_log: CommandLog, tail: LogTail
    ) -> None:
        self._clock = clock
        self._journal = journal
        self._blobs = blobs
        self._command_log = command_log
        self._tail = tail

    def send(self, command: Command) -> None:
        """Bring the log's end onto the disk and announce it; its bytes follow under the facts."""
        text = self._tail.last(command.log.kib * 1024)
        if not text:
            self._command_log.finish(command.id, "failed", result_reasons.NO_LOG)
            return
        sha256 = b""
        try:
            sha256 = self._blobs.write(text)
            self._blobs.keep(sha256)
            self._announce(command.id, sha256, len(text))
        except StorageError as error:
            self._command_log.finish(command.id, "failed", f"{result_reasons.NOT_RECORDED}: {error}")
            self._let_go(sha256)

    def _announce(self, command: bytes, sha256: bytes, size: int) -> None:
        at = self._clock.now()
        announced = BlobAnnounced(at=at, sha256=sha256, size=size, media_type="text/plain", purpose="log")
        answer = self._command_log.prepare_result(command, "done", figures={"bytes": size})
        self._journal.commit(announced, answer.fact, state=answer.state)
        self._command_log.result_stored(command)

    def _let_go(self, sha256: bytes) -> None:
        try:
            self._blobs.drop(sha256)
        except StorageFailed as error:
            log.warning("a log that was not announced stays behind: %s", error)
