"""The ingest worker: drain, settle, COMMIT, answer, acknowledge. Nothing is answered that is not stored.

Births are settled first, in a transaction of their own: their welcomes tell the time, which counts for 2 s only.

A database that is away, full or shutting down is waited for with what is in hand; nothing is acknowledged
meanwhile. What the database refuses is settled again message by message, so that one bad message holds up nobody;
and an envelope that it refuses even so has its facts stored unread, so that it does not hold up its own stream.
"""

import errno
import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import Error, InterfaceError, OperationalError, connection
from psycopg import Error as PsycopgError

from server_broker.fleet.alarms import raise_alarm
from server_broker.ingest.answers import Answer
from server_broker.ingest.batch import BatchProcessor, is_about_blobs
from server_broker.ingest.lease import Lease
from server_broker.ingest.messages import Incoming
from server_broker.ingest.notices import DesiredNotices
from server_broker.ingest.orders import send_due_orders
from server_broker.ingest.silence_watch import SilenceWatch
from server_broker.ingest.source import Source
from server_broker.ingest.telling import TimeTelling
from server_broker.platform.county_clock import CountyClock

_log = logging.getLogger(__name__)

BATCH_MESSAGES = 1_000
BATCH_BYTES = 2**20
"""Of facts about half a second's work: so long a birth waits that comes meanwhile, and its welcome counts for 2 s."""
BLOB_MESSAGES = 32
"""Blob messages settled between two looks for facts: pictures go under the facts."""
MAX_BLOB_BACKLOG = 1_000
IDLE_S = 0.25
RETRY_FIRST_S = 0.2
RETRY_MOST_S = 2.0

_TRANSIENT_CLASSES = ("08", "25", "40", "53", "55", "57", "58")
"""SQLSTATE classes (PostgreSQL, appendix A) that pass: connection, transaction state, rollback, resources, …"""


def boottime_ms() -> int:
    """Return milliseconds since the machine started, also those that it slept."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


class LeaseLost(Exception):
    """The connection that held the lease is gone; nothing may be written before it is taken again."""


class Worker:
    """Works one shard until it is told to stop."""

    def __init__(
        self,
        *,
        source: Source,
        key: Ed25519PrivateKey,
        shard: int,
        clock: Callable[[], datetime],
        stop: threading.Event,
        county_clock: CountyClock | None = None,
        mono_ms: Callable[[], int] = boottime_ms,
    ) -> None:
        """Make a worker.

        Args:
            county_clock: Judges whether stations may be told the time; without it they are.
            mono_ms: Measures durations, which no setting of the clock touches.
        """
        self._source = source
        self._shard = shard
        self._clock = clock
        self._mono_ms = mono_ms
        self._stop = stop
        self._lease = Lease(shard)
        self._processor = BatchProcessor(clock=clock)
        self._telling = TimeTelling(county_clock, key=key, wall=clock)
        self._notices = DesiredNotices(shard=shard)
        self._blobs: deque[Incoming] = deque()
        self._look_again = 0.0
        self._silence = SilenceWatch(shard=shard, mono_ms=mono_ms())

    def run(self) -> None:
        """Work until the stop event is set; return with nothing half done."""
        try:
            self._patiently(self._take_lease)
            self._source.start()
            while not self._stop.is_set():
                self.step(timeout_s=0 if self._blobs else IDLE_S)
        except _Stopped:
            _log.info("told to stop while the database was away")
        finally:
            self._source.stop()
            connection.close()

    def step(self, *, timeout_s: float) -> int:
        """Settle what is at hand, waiting up to ``timeout_s`` for it; return the number of messages."""
        messages = self._drain(timeout_s)
        if self._source.interrupted():
            self._patiently(self._doubt_connections)
        births = [message for message in messages if message.leaf == "birth"]
        others = [message for message in messages if message.leaf != "birth" and not is_about_blobs(message)]
        self._blobs.extend(message for message in messages if is_about_blobs(message))
        for batch in (births, others):
            if batch:
                self._settle(batch)
        if self._blobs:
            self._settle_blobs()
        self._publish_late()
        if time.monotonic() >= self._look_again:
            now = self._clock()
            self._patiently(lambda: self._with_lease(lambda: self._telling.attend(mono_ms=self._mono_ms())))
            self._patiently(self._send_desired)
            self._patiently(self._send_orders)
            self._patiently(lambda: self._watch_silence(now))
            self._look_again = time.monotonic() + IDLE_S
        return len(messages)

    def _drain(self, timeout_s: float) -> list[Incoming]:
        if len(self._blobs) >= MAX_BLOB_BACKLOG:
            return []
        return self._source.drain(max_messages=BATCH_MESSAGES, max_bytes=BATCH_BYTES, timeout_s=timeout_s)

    def _settle_blobs(self) -> None:
        batch = [self._blobs.popleft() for _ in range(min(BLOB_MESSAGES, len(self._blobs)))]
        try:
            self._settle(batch)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES):
                raise
            _log.error("the media folder cannot be written: %s", error)
            self._patiently(self._tell_of_media_folder)
            self._source.acknowledge(batch)

    def _settle(self, batch: Sequence[Incoming]) -> None:
        """Settle a batch, answer it and acknowledge it, however long the database is away."""
        try:
            answers = self._patiently(lambda: self._with_lease(lambda: self._processor.process_batch(batch)))
        except (OSError, _Stopped):
            raise
        except Exception:  # noqa: BLE001 - the top of the worker: whatever it is, neighbours go on
            _log.exception("a batch of %d messages is settled one by one", len(batch))
            for message in batch:
                self._settle_alone(message)
            return
        self._publish(answers)
        self._source.acknowledge(batch)

    def _settle_alone(self, message: Incoming) -> None:
        try:
            answers = self._patiently(
                lambda: self._with_lease(lambda: self._processor.process_batch([message], careful=True))
            )
        except (OSError, _Stopped):
            raise
        except Exception as error:  # noqa: BLE001 - likewise
            _log.exception("a message on %s cannot be settled", message.topic)
            answers = self._keep_unread(message, "refused_by_database" if isinstance(error, Error) else "unsettled")
        self._publish(answers)
        self._source.acknowledge([message])

    def _keep_unread(self, message: Incoming, reason: str) -> list[Answer]:
        """Store an envelope's facts held and return the receipt; set aside what has no place even so, unreceipted."""
        try:
            return self._patiently(
                lambda: self._with_lease(lambda: self._processor.process_batch([message], hold=reason))
            )
        except (OSError, _Stopped):
            raise
        except Exception as error:  # noqa: BLE001 - likewise
            _log.exception("a message on %s is set aside", message.topic)
            detail = type(error).__name__
            self._patiently(lambda: self._with_lease(lambda: self._processor.set_aside(message, "unsettled", detail)))
            return []

    def _publish(self, answers: Sequence[Answer]) -> None:
        for answer in answers:
            payload = self._telling.seal(answer, mono_ms=self._mono_ms())
            if payload is not None:
                self._source.publish(answer.topic, payload, must_arrive=answer.must_arrive)

    def _publish_late(self) -> None:
        for topic, payload in self._telling.due(mono_ms=self._mono_ms()):
            self._source.publish(topic, payload, must_arrive=False)

    def _send_desired(self) -> None:
        self._with_lease(self._notices.listen)
        desired = self._with_lease(self._notices.take)
        self._publish(desired)

    def _send_orders(self) -> None:
        self._with_lease(lambda: send_due_orders(shard=self._shard, now=self._clock(), publish=self._publish))

    def _doubt_connections(self) -> None:
        self._with_lease(lambda: self._silence.begin_anew(now=self._clock(), mono_ms=self._mono_ms()))

    def _watch_silence(self, now: datetime) -> None:
        mono_ms, connected, run = self._mono_ms(), self._source.connected, self._telling.run
        self._with_lease(lambda: self._silence.come_by(now=now, mono_ms=mono_ms, connected=connected, run=run))

    def _tell_of_media_folder(self) -> None:
        raise_alarm(station=None, code="media_folder", severity="critical", detail="图片目录无法写入", at=self._clock())

    def _take_lease(self) -> None:
        if not self._lease.hold(now=self._clock()):
            raise LeaseLost

    def _with_lease[T](self, action: Callable[[], T]) -> T:
        """Do ``action`` on the connection that holds the lease, in its own transaction or none."""
        self._take_lease()
        return action()

    def _patiently[T](self, action: Callable[[], T]) -> T:
        """Return what ``action`` returns, trying again while the database is away or the lease is another's.

        Raises:
            _Stopped: The worker was told to stop meanwhile.
        """
        delay = RETRY_FIRST_S
        told = False
        while True:
            try:
                result = action()
            except LeaseLost:
                pass
            except Error as error:
                if not is_transient(error):
                    raise
                if not told:
                    _log.warning("the database does not take anything: %s", str(error).splitlines()[0])
                told = True
                connection.close()
            else:
                if told:
                    _log.info("the database takes facts again")
                return result
            if self._stop.wait(delay * random.uniform(0.5, 1.0)):  # noqa: S311 - spreads retries, guards nothing
                raise _Stopped
            delay = min(delay * 2, RETRY_MOST_S)


class _Stopped(Exception):
    """Told to stop while waiting for the database: what is in hand stays unacknowledged and comes again."""


def is_transient(error: Error) -> bool:
    """Tell whether what failed may succeed later without anybody changing it."""
    cause = error.__cause__
    state = cause.sqlstate if isinstance(cause, PsycopgError) else None
    if state is None:
        return isinstance(error, OperationalError | InterfaceError)
    return state[:2] in _TRANSIENT_CLASSES or state[:2] == "XX"
