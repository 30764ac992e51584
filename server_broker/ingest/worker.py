"""The ingest worker: take messages from the broker, store them, COMMIT, answer, acknowledge.

The order is the promise. A station no longer sends a fact that a receipt covers, and later erases it, so no receipt
leaves before the COMMIT that stores the fact. The broker forgets a message when it is acknowledged, so nothing is
acknowledged before it is stored and answered. Whatever dies in between, the message comes again, and a repeat changes
nothing.

Births go first, in a transaction of their own: their welcomes tell the time, and a station believes a welcome for 2 s
only. What is about pictures goes last, a few messages of a station at a time, because a picture is decoded before it
counts. What is left of it after `BLOBS_S` waits for the births and facts that came meanwhile.

No station waits for another. The source hands out the messages of all stations by turns and lets go what one sends
beyond its share (`server_broker.ingest.inbox`). Stations whose messages turn out to be dear are processed apart and pay
for it (`server_broker.ingest.costs`), and people are told of a station that goes on so (`server_broker.ingest.floods`).
A batch that is worked on for too long is rolled back and done again, each station by itself.

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
  program fails over it                 of it goes on alone, and so on, down
                                        to the messages that fail.
2 The database refuses a row of a fact  ``careful``: the fact has a savepoint  receipt with the    yes
                                        of its own, and is stored held.        held fact
3 A message fails in row 2              ``hold``: the facts of an envelope     receipt with all    yes
                                        are stored held, and nothing is        new facts held
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
import os
import random
import socket
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import chain

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import Error, connection

from server_broker.fleet.alarm_codes import MEDIA_FOLDER
from server_broker.fleet.alarms import raise_alarm
from server_broker.fleet.silence import SilenceWatch
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.costs import Costs
from server_broker.ingest.dating.walk import LateDating
from server_broker.ingest.downlink import DesiredNotices, send_due_commands
from server_broker.ingest.durable import wait_for_the_disk
from server_broker.ingest.floods import FloodWatch
from server_broker.ingest.inbox import Rank, rank_of
from server_broker.ingest.messages import Incoming, Outgoing
from server_broker.ingest.models import IngestLease
from server_broker.ingest.own_work import OwnWork, TookTooLong
from server_broker.ingest.source import Source
from server_broker.ingest.telling import TimeTelling
from server_broker.platform.county_clock import CountyClock
from server_broker.platform.county_config import FACTS_A_DAY
from server_broker.platform.shards import Share
from server_broker.platform.transient import is_transient

_log = logging.getLogger(__name__)

BATCH_MESSAGES = 1_000
BATCH_BYTES = 2**20
"""Facts of this size take about 0.5 s. A birth that comes meanwhile waits so long, and its welcome counts for 2 s."""
BLOBS_S = 0.5
"""After so long the rest of the messages about pictures waits for the next step."""
BLOBS_OF_ONE = 2
"""Messages about pictures of a station in one batch. They may complete as many pictures, which may be hard to open, and
nothing can be put off within a batch. By the contract a station has one under way."""
IDLE_S = 0.25
RETRY_FIRST_S = 0.2
RETRY_MOST_S = 2.0

_MEDIA_FOLDER_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS, errno.EACCES)
"""What a full, worn out or wrongly mounted disk says. Any other `OSError` is a bug and ends the worker."""

LOCK_SPACE = 0x43554E48
"""First key of our PostgreSQL advisory locks ("CUNH"). The second key is a shard."""


def boottime_ms() -> int:
    """Return milliseconds since the machine started, including those in which it slept."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


class Lease:
    """The right to work some shards: an advisory lock for each, on the very connection that writes.

    If that connection dies, the locks and the uncommitted writes die together. So two workers never write at once, also
    while the workers of another division of the shards have not ended yet.
    """

    def __init__(self, share: Share) -> None:
        self._share = share
        self._held_on: object = None
        self._warned = False

    def hold(self, *, now: datetime) -> bool:
        """Take the lease, or make sure that it is still ours; return whether it is.

        Raises:
            OperationalError: The database is away.
        """
        connection.ensure_connection()
        # The lock belongs to a connection: if Django has opened another one since, the lease must be taken again.
        if self._held_on is connection.connection:
            return True
        with connection.cursor() as cursor:
            # No statement of the intake may read a table whole. PostgreSQL does so where one station has most rows of
            # it, because it takes the station for one that has as many as any.
            cursor.execute("SET enable_seqscan = off")
            shards = list(self._share.shards)
            cursor.execute("SELECT s, pg_try_advisory_lock(%s, s) FROM unnest(%s::int[]) AS s", [LOCK_SPACE, shards])
            ours = [shard for shard, locked in cursor.fetchall() if locked]
            if len(ours) < len(shards):
                # All or none: two workers that each held some of the other's would wait for each other.
                cursor.execute("SELECT pg_advisory_unlock(%s, s) FROM unnest(%s::int[]) AS s", [LOCK_SPACE, ours])
                if not self._warned:
                    _log.warning("share %s: another worker holds the lease; waiting", self._share)
                self._warned = True
                return False
        wait_for_the_disk()
        worker = f"{socket.gethostname()[:48]}:{os.getpid()}"
        IngestLease.objects.bulk_create(
            [IngestLease(shard=shard, worker=worker, since=now) for shard in shards],
            update_conflicts=True,
            unique_fields=["shard"],
            update_fields=["worker", "since"],
        )
        self._held_on, self._warned = connection.connection, False
        _log.info("share %s: lease taken", self._share)
        return True


class Worker:
    """Works its share of the stations until it is told to stop."""

    def __init__(
        self,
        *,
        source: Source,
        key: Ed25519PrivateKey,
        share: Share,
        clock: Callable[[], datetime],
        stop: threading.Event,
        county_clock: CountyClock | None = None,
        mono_ms: Callable[[], int] = boottime_ms,
        alive: Callable[[], None] = lambda: None,
        facts_a_day: int = FACTS_A_DAY,
    ) -> None:
        """Make a worker.

        Args:
            alive: Called while the worker works or waits for the database: nothing else tells that it does not hang.
            county_clock: Judges whether stations may be told the time. Without it they are always told.
            facts_a_day: How much is taken of a station in a day (`server_broker.ingest.quota`).
            mono_ms: Measures durations. Nobody can set this clock.
        """
        self._source = source
        self._shards = share.shards
        self._clock = clock
        self._mono_ms = mono_ms
        self._stop = stop
        self._alive = alive
        self._lease = Lease(share)
        self._processor = BatchProcessor(clock=clock, facts_a_day=facts_a_day)
        self._telling = TimeTelling(county_clock, key=key, wall=clock)
        self._notices = DesiredNotices(shards=share.shards)
        self._costs = Costs(time.monotonic)
        self._own_work = OwnWork()
        self._about_blobs: list[Incoming] = []
        """Messages about pictures that an earlier step had no time for. No more are taken while there are any."""
        self._floods = FloodWatch(time.monotonic)
        self._look_again = 0.0
        self._silence = SilenceWatch(shards=share.shards, mono_ms=mono_ms())
        self._late_dating = LateDating(shards=share.shards, clock=time.monotonic)

    def run(self) -> None:
        """Work until the stop event is set; return with nothing half done."""
        try:
            # Listen only with the lease in hand: otherwise the broker's messages would lie here unacknowledged.
            self._retry_while_database_away(lambda: None)
            self._source.start()
            self._own_work.start()
            while not self._stop.is_set():
                self.step(timeout_s=IDLE_S)
        except _Stopped:
            _log.info("told to stop while the database was away")
        finally:
            self._source.stop()
            self._own_work.stop()
            connection.close()

    def step(self, *, timeout_s: float) -> int:
        """Process what is at hand, waiting up to ``timeout_s`` for it; return the number of messages."""
        self._alive()
        some_wait = bool(self._about_blobs)
        messages = self._source.drain(
            max_messages=BATCH_MESSAGES,
            max_bytes=BATCH_BYTES,
            timeout_s=0 if some_wait else timeout_s,
            blobs=not some_wait,
        )
        # Asked after the drain, because the source tells of a new connection before it hands out its first message.
        if self._source.interrupted():
            self._retry_while_database_away(
                lambda: self._silence.begin_anew(now=self._clock(), mono_ms=self._mono_ms()),
            )
        births, others, about_blobs = ([one for one in messages if rank_of(one) is rank] for rank in Rank)
        for batch in (*self._costs.batches(births), *self._costs.batches(others)):
            self._store_by_halves(batch)
        blobs_done = self._process_blobs([*self._about_blobs, *about_blobs])
        for topic, payload in self._telling.due(mono_ms=self._mono_ms()):
            self._source.publish(topic, payload, must_arrive=False)
        if time.monotonic() >= self._look_again:
            self.do_chores()
            self._look_again = time.monotonic() + IDLE_S
        return len(births) + len(others) + blobs_done

    def do_chores(self) -> None:
        """Do what no message asks for: judge the clock, send what changed here, look for silent stations, date late.

        A step does it once every `IDLE_S`.
        """
        # Read before the county's clock is judged, so that a step of the clock that shows in `now` shows there too.
        now = self._clock()
        # Each action reads the other clocks itself, because the database may be away for hours before it succeeds.
        retry = self._retry_while_database_away
        retry(self._telling.follow_clock)
        retry(lambda: self._publish(self._notices.take()))
        retry(lambda: send_due_commands(shards=self._shards, now=self._clock(), publish=self._publish))
        retry(
            lambda: self._silence.look(
                now=now, mono_ms=self._mono_ms(), connected=self._source.connected, run=self._telling.run
            )
        )
        retry(lambda: self._late_dating.step(now=self._clock()))
        if self._floods.is_due():
            let_go, refusals = self._source.let_go(), self._source.refusals()
            for station in retry(lambda: self._floods.look(let_go, refusals, now=self._clock())):
                self._source.end_connection(station)

    def _process_blobs(self, messages: Sequence[Incoming]) -> int:
        """Process messages about pictures for `BLOBS_S`, at least a batch of them, and return how many these were."""
        until = time.monotonic() + BLOBS_S
        batches = deque(part for batch in self._costs.batches(messages) for part in _by_turns(batch))
        done = 0
        while batches and (not done or time.monotonic() < until):
            batch = batches.popleft()
            self._process_blob_batch(batch)
            done += len(batch)
        # Those of a station are still in order.
        self._about_blobs = list(chain.from_iterable(batches))
        return done

    def _process_blob_batch(self, batch: Sequence[Incoming]) -> None:
        """Process a batch about pictures. If the media folder cannot be written, raise an alarm and drop it."""
        try:
            self._store_by_halves(batch)
        except OSError as error:
            if error.errno not in _MEDIA_FOLDER_ERRORS:
                raise
            _log.error("the media folder cannot be written: %s", error)
            detail = "图片目录无法写入"
            self._retry_while_database_away(
                lambda: raise_alarm(
                    station=None, code=MEDIA_FOLDER, severity="critical", detail=detail, at=self._clock()
                ),
            )
            # Nothing was stored, but the station has its picture until the county says that it lacks nothing of it.
            self._source.acknowledge(batch)

    def _store_by_halves(self, batch: Sequence[Incoming]) -> None:
        """Store a batch, answer it and acknowledge it, however long the database is away."""
        try:
            outgoing = self._retry_while_database_away(lambda: self._store_and_charge(batch))
        except (OSError, _Stopped):
            # `_process_blob_batch` deals with an OSError of the media folder. Any other one is a bug: the worker ends.
            raise
        except TookTooLong:
            self._store_by_stations(batch)
            return
        except Exception:  # noqa: BLE001 - the top of the worker: one message that fails must not stop the others
            if len(batch) == 1:
                _log.exception("a message on %s failed; its facts are stored one by one", batch[0].topic)
                self._store_one_by_one(batch[0])
                return
            _log.warning("a batch of %d messages failed; its halves are processed apart", len(batch))
            middle = len(batch) // 2
            for half in (batch[:middle], batch[middle:]):
                self._store_by_halves(half)
            return
        self._publish(outgoing)
        self._source.acknowledge(batch)

    def _store_by_stations(self, batch: Sequence[Incoming]) -> None:
        """Process a batch again that reached its limit, in parts. What is of one station waits for the next step."""
        if len({message.station for message in batch}) == 1:
            _log.warning("%s: %d messages reached the limit together", batch[0].station, len(batch))
            self._source.put_back(batch, most=len(batch) // 2)
            return
        with self._costs.search(batch) as parts:
            _log.warning("a batch of %d messages reached its limit; %d parts go on alone", len(batch), len(parts))
            for part in parts:
                self._store_by_halves(part)

    def _store_and_charge(self, batch: Sequence[Incoming], *, careful: bool = False, hold: str = "") -> list[Outgoing]:
        """Process a batch, and charge a station that makes it dear, also if it fails."""
        began, blameless, ended_early = time.monotonic(), False, False
        with connection.wrap_database_errors:
            backend = connection.connection.info.backend_pid
        self._own_work.begin(backend, most_s=self._costs.limit_s(batch))
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

    def _store_one_by_one(self, message: Incoming) -> None:
        """Store a message that failed in row 1, by row 2, 3 or 4 of the ladder, and acknowledge it."""
        # Apart from now on, or its next message would fail the batch of its neighbours too.
        self._costs.watch(message.station)
        try:
            outgoing = self._retry_while_database_away(
                lambda: self._store_and_charge([message], careful=True),
            )
        except (OSError, _Stopped):
            raise
        except Exception as error:  # noqa: BLE001 - likewise
            _log.exception("a message on %s cannot be processed", message.topic)
            outgoing = self._hold_or_quarantine(
                message, "refused_by_database" if isinstance(error, Error) else "unsettled"
            )
        self._publish(outgoing)
        self._source.acknowledge([message])

    def _hold_or_quarantine(self, message: Incoming, reason: str) -> list[Outgoing]:
        """Store an envelope's facts held and return the receipt. If even that fails, keep the message in quarantine.

        A message in quarantine gets no receipt, because its facts have no place in their stream.
        """
        try:
            return self._retry_while_database_away(lambda: self._store_and_charge([message], hold=reason))
        except (OSError, _Stopped):
            raise
        except Exception as error:  # noqa: BLE001 - likewise
            _log.exception("a message on %s is set aside", message.topic)
            detail = type(error).__name__
            self._retry_while_database_away(lambda: self._processor.set_aside(message, "unsettled", detail))
            return []

    def _publish(self, outgoing: Sequence[Outgoing]) -> None:
        for one in outgoing:
            payload = self._telling.seal(one, mono_ms=self._mono_ms())
            # None: a welcome that must go later, when its station no longer takes the time from it.
            if payload is not None:
                self._source.publish(one.topic, payload, must_arrive=one.must_arrive)

    def _retry_while_database_away[T](self, action: Callable[[], T]) -> T:
        """Take the lease and return what ``action`` returns.

        Try again while the database is away or another worker holds the lease. ``action`` is called on the connection
        that holds the lease. It opens its own transaction, or none.

        Raises:
            _Stopped: The worker was told to stop meanwhile.
            django.db.Error: The database refuses what ``action`` does, and would refuse it again.
        """
        delay = RETRY_FIRST_S
        warned = False
        while True:
            self._alive()
            try:
                if self._lease.hold(now=self._clock()):
                    result = action()
                    if warned:
                        _log.info("the database takes facts again")
                    return result
            except Error as error:
                if not is_transient(error):
                    raise
                if not warned:
                    _log.warning("the database does not take anything: %s", str(error).splitlines()[0])
                warned = True
                # The next try opens a new connection: this one may be dead without knowing it.
                connection.close()
            if self._stop.wait(delay * random.uniform(0.5, 1.0)):  # noqa: S311 - spreads retries, guards nothing
                raise _Stopped
            delay = min(delay * 2, RETRY_MOST_S)


def _by_turns(messages: Sequence[Incoming]) -> list[list[Incoming]]:
    """Return messages in batches, each with at most `BLOBS_OF_ONE` of a station. Those of a station stay in order."""
    batches: defaultdict[int, list[Incoming]] = defaultdict(list)
    before: Counter[str] = Counter()
    for message in messages:
        batches[before[message.station] // BLOBS_OF_ONE].append(message)
        before[message.station] += 1
    return list(batches.values())


class _Stopped(Exception):
    """Told to stop while waiting for the database: what is in hand stays unacknowledged and comes again."""
