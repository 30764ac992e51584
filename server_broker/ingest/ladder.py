"""Store batches of messages, answer them and acknowledge them, whatever fails.

Most batches are stored at the first try. This is what happens when something fails. Rows 1 to 4 are a ladder: a message
goes down to the next row only if it failed in the one before.

= ====================================  =====================================  ==================  ============
  What fails                            What the worker does                   Answer              Acknowledged
= ====================================  =====================================  ==================  ============
- The database is away, full or         It keeps what is in hand and tries     after the COMMIT    after it
  shutting down, or another worker      again, for as long as it takes. This
  holds the lease                       holds in every row below, too.
- A fact cannot be read, or nobody has  The fact is stored held (unread)       receipt with the    yes
  signed for it                         beside its neighbours.                 held fact
1 The database refuses a batch, or the  The batch is rolled back. Each half    as in row 2         as in row 2
  program fails over it                 of its stations goes on alone, and so
                                        on; of a station alone, a half or less
                                        at each step, down to one message.
2 The database refuses a row of a fact  ``careful``: the fact is found by      receipt with the    yes
                                        halves, and is stored held.            held fact
3 A message fails in row 2, or takes    ``hold``: the facts of an envelope     receipt with all    yes
  longer than `CAREFUL_S`               are stored held, and nothing is        new facts held
                                        derived from them. The stream goes on.
4 A message fails in row 3              It is kept raw in quarantine, and an   none                yes
                                        alarm is raised.
- The media folder cannot be written    An alarm is raised. The station still  none                yes
                                        has the picture and sends it again.
- A batch reaches its limit             It is rolled back. Each station's part  as in row 2         as in row 2
                                        goes on alone; of a station alone, a
                                        half or less at each step.
- SIGTERM while the database is away    The program ends.                      none                no
= ====================================  =====================================  ==================  ============
"""

import errno
import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from django.db import Error, connection

from server_broker.fleet.alarm_codes import MEDIA_FOLDER
from server_broker.fleet.alarms import raise_alarm
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.costs import Costs
from server_broker.ingest.floods import FloodWatch
from server_broker.ingest.inbox import Precedence, precedence_of
from server_broker.ingest.lease import LeasedDatabase, Stopped
from server_broker.ingest.messages import Incoming, Outgoing, stations_of
from server_broker.ingest.own_work import OwnWork, TookTooLong
from server_broker.ingest.source import Source
from server_broker.ingest.telling import TimeTelling
from server_broker.platform.transient import is_transient

_log = logging.getLogger(__name__)

CAREFUL_S = 1.0
"""For so long a message may be worked on in row 2. All stations wait for it, and one may make messages that fail."""
_MEDIA_FOLDER_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES)
"""What a full, worn out or wrongly mounted disk says. Any other `OSError` is a bug and ends the worker."""


class Ladder:
    """One object lives as long as the worker. Only the worker's thread uses it, but for `start` and `stop`."""

    def __init__(
        self,
        *,
        source: Source,
        database: LeasedDatabase,
        processor: BatchProcessor,
        costs: Costs,
        floods: FloodWatch,
        telling: TimeTelling,
        clock: Callable[[], datetime],
        mono_ms: Callable[[], int],
    ) -> None:
        """Make it.

        Args:
            costs: Told how long each batch took.
            floods: Told of stations whose messages are dear.
        """
        self._source = source
        self._database = database
        self._processor = processor
        self._costs = costs
        self._floods = floods
        self._telling = telling
        self._clock = clock
        self._mono_ms = mono_ms
        self._own_work = OwnWork()

    def start(self) -> None:
        """Begin to look at batches that take long."""
        self._own_work.start()

    def stop(self) -> None:
        """End the looking."""
        self._own_work.stop()

    def store(self, batch: Sequence[Incoming]) -> None:
        """Store a batch, answer it and acknowledge it, however long the database is away.

        Several messages of one station that fail or reach their limit together are put back instead, to come in parts.

        Raises:
            Stopped: The worker was told to stop while the database was away. What was not stored is not acknowledged.
            OSError: A bug, or an error of the disk in what is not about pictures. The worker ends.
        """
        try:
            outgoing = self._database.do(lambda: self._store_and_charge(batch))
        except Stopped:
            raise
        except OSError as error:
            self._drop_pictures(batch, error)
            return
        except TookTooLong:
            self._store_by_stations(batch)
            return
        except Exception:  # noqa: BLE001 - the top of the worker: one message that fails must not stop the others
            if len(batch) == 1:
                _log.exception("a message on %s failed; it is tried by the next rows", batch[0].topic)
                self._store_by_lower_rows(batch[0])
                return
            if len(stations_of(batch)) == 1:
                # Each of them may fail, and what follows then takes long. So it is one of them in each step.
                _log.warning("%s: %d messages failed together", batch[0].station, len(batch))
                self._source.put_back(batch, most=len(batch) // 2)
                return
            _log.warning("a batch of %d messages failed; its halves are processed apart", len(batch))
            for half in _halves(batch):
                self.store(half)
            return
        self.publish(outgoing)
        self._source.acknowledge(batch)

    def _drop_pictures(self, batch: Sequence[Incoming], error: OSError) -> None:
        """Raise an alarm because the media folder cannot be written, and acknowledge what is about pictures.

        Raises:
            OSError: It is another error, and so a bug. The worker ends.
        """
        if error.errno not in _MEDIA_FOLDER_ERRORS or any(precedence_of(one) is not Precedence.BLOBS for one in batch):
            raise error
        _log.error("the media folder cannot be written: %s", error)
        detail = "图片目录无法写入"
        self._database.do(
            lambda: raise_alarm(station=None, code=MEDIA_FOLDER, severity="critical", detail=detail, at=self._clock()),
        )
        # Nothing was stored, but the station has its picture until the county says that it lacks nothing of it.
        self._source.acknowledge(batch)

    def _store_by_stations(self, batch: Sequence[Incoming]) -> None:
        """Process a batch again that reached its limit, in parts. What is of one station waits for the next step."""
        if len(stations_of(batch)) == 1:
            _log.warning("%s: %d messages reached the limit together", batch[0].station, len(batch))
            self._source.put_back(batch, most=len(batch) // 2)
            return
        with self._costs.search(batch) as parts:
            _log.warning("a batch of %d messages reached its limit; %d parts go on alone", len(batch), len(parts))
            for part in parts:
                self.store(part)

    def _store_and_charge(self, batch: Sequence[Incoming], *, careful: bool = False, hold: str = "") -> list[Outgoing]:
        """Process a batch, and charge a station that makes it dear, also if it fails."""
        began, blameless, ended_early = time.monotonic(), False, False
        # Before the batch's time begins: a dead connection shows here, and is nobody's cost.
        with connection.wrap_database_errors:
            backend = connection.connection.info.backend_pid
        self._own_work.begin(backend, most_s=CAREFUL_S if careful else self._costs.limit_s(batch))
        try:
            with connection.execute_wrapper(self._own_work.guard):
                return self._processor.process_batch(batch, careful=careful, hold=hold)
        except TookTooLong:
            ended_early = True
            raise
        except (Error, OSError) as error:
            blameless = isinstance(error, OSError) or is_transient(error)
            raise
        finally:
            own_s = self._own_work.end()
            if not blameless:
                self._charge(batch, time.monotonic() - began, own_s, ended_early=ended_early)

    def _charge(self, batch: Sequence[Incoming], seconds: float, own_s: float, *, ended_early: bool) -> None:
        verdict = self._costs.took(batch, seconds, own_s, ended_early=ended_early)
        if verdict.pays_s:
            self._source.charge(batch[0].station, verdict.pays_s)
        for station, over_s in verdict.dear.items():
            self._floods.cost_dear(station, over_s)

    def _store_by_lower_rows(self, message: Incoming) -> None:
        """Store a message that failed in row 1, by row 2, 3 or 4 of the ladder, and acknowledge it."""
        # Apart from now on, or its next message would fail the batch of its neighbours too.
        self._costs.watch(message.station)
        try:
            outgoing = self._store_carefully(message)
        except OSError as error:
            self._drop_pictures([message], error)
            return
        self.publish(outgoing)
        self._source.acknowledge([message])

    def _store_carefully(self, message: Incoming) -> list[Outgoing]:
        """Store a message by row 2; if that fails, by the rows below."""
        try:
            return self._database.do(lambda: self._store_and_charge([message], careful=True))
        except (OSError, Stopped):
            raise
        except Exception as error:  # noqa: BLE001 - likewise
            _log.exception("a message on %s cannot be processed", message.topic)
            reason = "refused_by_database" if isinstance(error, Error) else "unsettled"
            return self._hold_or_quarantine(message, reason)

    def _hold_or_quarantine(self, message: Incoming, reason: str) -> list[Outgoing]:
        """Store an envelope's facts held and return the receipt. If even that fails, keep the message in quarantine.

        A message in quarantine gets no receipt, because its facts have no place in their stream.
        """
        try:
            return self._database.do(lambda: self._store_and_charge([message], hold=reason))
        except (OSError, Stopped):
            raise
        except Exception as error:  # noqa: BLE001 - likewise
            _log.exception("a message on %s is set aside", message.topic)
            detail = type(error).__name__
            self._database.do(lambda: self._processor.put_in_quarantine(message, "unsettled", detail))
            return []

    def publish(self, outgoing: Sequence[Outgoing]) -> None:
        """Sign messages and send them."""
        for one in outgoing:
            payload = self._telling.seal(one, mono_ms=self._mono_ms())
            # None: a welcome that must go later, when its station no longer takes the time from it.
            if payload is not None:
                self._source.publish(one.topic, payload, must_arrive=one.must_arrive)


def _halves(batch: Sequence[Incoming]) -> list[list[Incoming]]:
    """Return the messages of the first half of a batch's stations, and those of the others; each in their order."""
    stations = stations_of(batch)
    first = set(stations[: len(stations) // 2])
    return [[one for one in batch if (one.station in first) is is_first] for is_first in (True, False)]
