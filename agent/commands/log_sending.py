"""Send the end of the log on the county's command: as a blob, which is announced together with the command's result."""

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


class LogBlobs(Protocol):
    """Where a log waits until the county has it."""

    def write(self, content: bytes) -> bytes:
        """Put a file on disk and return its SHA-256. Raises StorageFull or StorageFailed."""

    def keep(self, sha256: bytes) -> bool:
        """Count a written file among those that wait for the county. Raises StorageFailed."""

    def drop(self, sha256: bytes) -> None:
        """Remove a kept file. Raises StorageFailed."""


class LogSending:
    """Carries out the command ``send_logs``."""

    def __init__(
        self, *, clock: StationClock, fact_writer: FactWriter, blobs: LogBlobs, command_log: CommandLog, tail: LogTail
    ) -> None:
        self._clock = clock
        self._fact_writer = fact_writer
        self._blobs = blobs
        self._command_log = command_log
        self._tail = tail

    def send(self, command: Command) -> None:
        """Bring the log's end onto the disk and announce it. The uplink sends its bytes when no facts wait."""
        text = self._tail.last(command.log.kib * 1024)
        if not text:
            self._command_log.finish(command.id, "failed", result_reasons.NO_LOG)
            return
        sha256: bytes | None = None
        try:
            sha256 = self._blobs.write(text)
            self._blobs.keep(sha256)
            at = self._clock.now()
            announced = BlobAnnounced(at=at, sha256=sha256, size=len(text), media_type="text/plain", purpose="log")
            result = self._command_log.prepare_result(command.id, "done", figures={"bytes": len(text)})
            self._fact_writer.commit(announced, result.fact, state=result.state)
        except StorageError as error:
            # A log that no fact announces would wait for the county for ever, so it is removed.
            self._command_log.finish(command.id, "failed", f"{result_reasons.NOT_RECORDED}: {error}")
            try:
                if sha256 is not None:
                    self._blobs.drop(sha256)
            except StorageFailed as failed:
                log.warning("a log that was not announced stays behind: %s", failed)
            return
        self._command_log.result_stored(command.id)
