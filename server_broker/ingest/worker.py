"""The ingest worker: take messages from the broker, store them, COMMIT, answer, acknowledge.

The order is the promise. A station no longer sends a fact that a receipt covers, and later erases it, so no receipt
leaves before the COMMIT that stores the fact. The broker forgets a message when it is acknowledged, so nothing is
acknowledged before it is stored and answered. Whatever dies in between, the message comes again, and a repeat changes
nothing.

Births go first, in a transaction of their own: their welcomes tell the time, and a station believes a welcome for 2 s
only. What is about pictures goes last, a few messages of a station at a time, because a picture is decoded before it
counts. What is left of it after half a second waits for the births and facts that came meanwhile
(`server_broker.ingest.pictures`).

No station waits for another. The source hands out the messages of all stations by turns and lets go what one sends
beyond its share (`server_broker.ingest.inbox`). Stations whose messages turn out to be dear are processed apart and pay
for it (`server_broker.ingest.costs`), and people are told of a station that goes on so (`server_broker.ingest.floods`).
A batch that is worked on for too long is rolled back and done again, each station by itself. What becomes of a batch
that fails, `server_broker.ingest.ladder` says.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection

from server_broker.fleet.silence import SilenceWatch
from server_broker.ingest.batch import BatchProcessor
from server_broker.ingest.costs import Costs
from server_broker.ingest.dating.walk import LateDating
from server_broker.ingest.downlink import DesiredNotices, send_due_commands
from server_broker.ingest.floods import FloodWatch
from server_broker.ingest.inbox import Precedence, precedence_of
from server_broker.ingest.ladder import Ladder
from server_broker.ingest.lease import LeasedDatabase, Stopped
from server_broker.ingest.messages import Incoming
from server_broker.ingest.pictures import PictureQueue
from server_broker.ingest.source import Source
from server_broker.ingest.telling import TimeTelling
from server_broker.platform.county_clock import CountyClock
from server_broker.platform.county_config import FACTS_A_DAY
from server_broker.platform.shards import Share

_log = logging.getLogger(__name__)

BATCH_MESSAGES = 1_000
BATCH_BYTES = 2**20
"""Facts of this size take about 0.5 s. A birth that comes meanwhile waits so long, and its welcome counts for 2 s."""
IDLE_S = 0.25


def boottime_ms() -> int:
    """Return milliseconds since the machine started, including those in which it slept."""
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


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
        self._database = LeasedDatabase(share, clock=clock, stop=stop, alive=alive)
        self._telling = TimeTelling(county_clock, key=key, wall=clock)
        self._notices = DesiredNotices(shards=share.shards)
        self._costs = Costs(time.monotonic)
        self._floods = FloodWatch(time.monotonic)
        self._ladder = Ladder(
            source=source,
            database=self._database,
            processor=BatchProcessor(clock=clock, facts_a_day=facts_a_day),
            costs=self._costs,
            floods=self._floods,
            telling=self._telling,
            clock=clock,
            mono_ms=mono_ms,
        )
        self._pictures = PictureQueue(self._ladder, self._costs)
        self._look_again = 0.0
        self._silence = SilenceWatch(shards=share.shards, mono_ms=mono_ms())
        self._late_dating = LateDating(shards=share.shards, clock=time.monotonic)

    def run(self) -> None:
        """Work until the stop event is set; return with nothing half done."""
        try:
            # Listen only with the lease in hand: otherwise the broker's messages would lie here unacknowledged.
            self._database.do(lambda: None)
            self._source.start()
            self._ladder.start()
            while not self._stop.is_set():
                self.step(timeout_s=IDLE_S)
        except Stopped:
            _log.info("told to stop while the database was away")
        finally:
            self._source.stop()
            self._ladder.stop()
            connection.close()

    def step(self, *, timeout_s: float) -> int:
        """Process what is at hand, waiting up to ``timeout_s`` for it; return the number of messages."""
        self._alive()
        messages = self._source.drain(
            max_messages=BATCH_MESSAGES,
            max_bytes=BATCH_BYTES,
            timeout_s=timeout_s if self._pictures.is_empty else 0,
            blobs=self._pictures.is_empty,
        )
        # Asked after the drain, because the source tells of a new connection before it hands out its first message.
        if self._source.interrupted():
            self._database.do(
                lambda: self._silence.begin_anew(now=self._clock(), mono_ms=self._mono_ms()),
            )
        by_precedence: dict[Precedence, list[Incoming]] = {its: [] for its in Precedence}
        for message in messages:
            by_precedence[precedence_of(message)].append(message)
        births, others, about_pictures = by_precedence.values()
        for batch in (*self._costs.batches(births), *self._costs.batches(others)):
            self._ladder.store(batch)
        pictures_done = self._pictures.process(about_pictures)
        for topic, payload in self._telling.due(mono_ms=self._mono_ms()):
            self._source.publish(topic, payload, must_arrive=False)
        if time.monotonic() >= self._look_again:
            self.do_chores()
            self._look_again = time.monotonic() + IDLE_S
        return len(births) + len(others) + pictures_done

    def do_chores(self) -> None:
        """Do what no message asks for: judge the clock, send what changed here, look for silent stations, date late.

        A step does it once every `IDLE_S`.
        """
        # Read before the county's clock is judged, so that a step of the clock that shows in `now` shows there too.
        now = self._clock()
        # Each action reads the other clocks itself, because the database may be away for hours before it succeeds.
        on_database = self._database.do
        on_database(self._telling.follow_clock)
        on_database(lambda: self._ladder.publish(self._notices.take()))
        on_database(lambda: send_due_commands(shards=self._shards, now=self._clock(), publish=self._ladder.publish))
        on_database(
            lambda: self._silence.look(
                now=now, mono_ms=self._mono_ms(), connected=self._source.connected, run=self._telling.run
            )
        )
        on_database(lambda: self._late_dating.step(now=self._clock()))
        if self._floods.is_due():
            let_go, refusals = self._source.let_go(), self._source.refusals()
            for station in on_database(lambda: self._floods.look(let_go, refusals, now=self._clock())):
                self._source.end_connection(station)
