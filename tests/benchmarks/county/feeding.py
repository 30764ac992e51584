"""``python -m tests.benchmarks.county.feeding SHARD LOAD STATIONS ENVELOPES IN_HAND``: one ingest worker at full speed.

The real `Worker` of one shard takes messages that were signed beforehand out of this program's memory, and stores them
in the database of the settings. So the broker and the stations cost nothing here. When everything is signed the program
prints ``ready``, and begins when it is told ``go`` on its standard input, so that several begin together. Its last line
is one JSON object.
"""

import json
import os
import sys
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from server_broker.broker.refusals import BrokerRefusals
from server_broker.ingest.garbage import spare_what_lives_on
from server_broker.ingest.messages import Incoming
from server_broker.platform.shards import Share
from tests.benchmarks.county.presigned import FACTS_AN_ENVELOPE, PresignedStation, make_stations, messages

WARM_UP = 3
"""Envelopes of each station that go through first: they make the streams, and compile what is compiled once."""


@dataclass
class MessagesInHand:
    """A `Source` whose messages are here already. It hands out at most ``in_hand`` at once."""

    in_hand: int
    waiting: deque[Incoming] = field(default_factory=deque)
    connected: bool = True
    answers: int = 0
    acknowledged: int = 0
    _began: bool = False

    def start(self) -> None:
        """Nothing to connect."""

    def stop(self) -> None:
        """Nothing to disconnect."""

    def interrupted(self) -> bool:
        """Tell once that the connection began."""
        began, self._began = self._began, True
        return not began

    def drain(self, *, max_messages: int, max_bytes: int, timeout_s: float, blobs: bool = True) -> list[Incoming]:
        """Return the next messages."""
        found: list[Incoming] = []
        size = 0
        while self.waiting and len(found) < min(max_messages, self.in_hand) and size < max_bytes:
            found.append(self.waiting.popleft())
            size += len(found[-1].payload)
        return found

    def charge(self, station: str, seconds: float) -> None:
        """Nobody is slowed down here."""

    def put_back(self, messages: Sequence[Incoming], *, most: int) -> None:
        """Take them again later."""
        self.waiting.extendleft(reversed(messages))

    def let_go(self) -> dict[str, int]:
        """Nothing is let go here."""
        return {}

    def refusals(self) -> dict[str, BrokerRefusals]:
        """There is no broker here."""
        return {}

    def end_connection(self, station: str) -> None:
        """Nobody is connected."""

    def publish(self, topic: str, payload: bytes, *, must_arrive: bool) -> None:
        """Count what would go to a station."""
        self.answers += 1

    def acknowledge(self, messages: Sequence[Incoming]) -> None:
        """Count what is dealt with."""
        self.acknowledged += len(messages)


def enrol(stations: list[PresignedStation]) -> None:
    """Put stations into the database as enrolled ones."""
    from server_broker.fleet.models import Station  # noqa: PLC0415 - needs the settings
    from server_broker.regions.models import Region  # noqa: PLC0415
    from tests.cast import REGIONS, SHILI_VILLAGE  # noqa: PLC0415

    Region.objects.get_or_create(code=SHILI_VILLAGE, defaults={"name": REGIONS[SHILI_VILLAGE]})
    made = {"name": "示例站", "village_id": SHILI_VILLAGE, "enrolled_at": datetime.now(UTC)}
    Station.objects.bulk_create(Station(id=one.id, shard=one.shard, record_key=one.public, **made) for one in stations)


class Feeder:
    """A worker of one shard, and the source that feeds it."""

    def __init__(self, *, shard: int, in_hand: int, before: int = 0) -> None:
        """Take the number of facts that each station had sent ``before``.

        They are not counted at each measure. To count two million rows empties the processor's caches, and the worker
        would pay for that with half as much time again.
        """
        from server_broker.ingest.worker import Worker  # noqa: PLC0415 - needs the settings

        self._shard = shard
        self._before = before
        self._source = MessagesInHand(in_hand)
        self._worker = Worker(
            source=self._source,
            key=Ed25519PrivateKey.generate(),
            share=Share(shard, 64),
            clock=lambda: datetime.now(UTC),
            stop=threading.Event(),
        )

    def feed(self, made: Sequence[Incoming]) -> None:
        """Have the worker deal with all of these messages."""
        self._source.waiting.extend(made)
        until = self._source.acknowledged + len(made)
        while self._source.acknowledged < until:
            self._worker.step(timeout_s=0)

    def measured(self, made: Sequence[Incoming], *, facts: int) -> dict[str, float]:
        """Return what it costs to store messages with this many new facts."""
        backend = int(_one("SELECT pg_backend_pid()"))
        stored, wal = stored_facts(self._shard, beyond=self._before), wal_bytes()
        began = time.monotonic(), time.process_time(), cpu_s(backend)
        self.feed(made)
        ended = time.monotonic(), time.process_time(), cpu_s(backend)
        seconds, worker_s, backend_s = (after - first for after, first in zip(ended, began, strict=True))
        return {
            "facts": facts,
            "missing": facts - (stored_facts(self._shard, beyond=self._before) - stored),
            "seconds": seconds,
            "worker_us": worker_s / facts * 1e6,
            "backend_us": backend_s / facts * 1e6,
            "wal_bytes": wal_bytes() - wal,
            "resident_mb": resident_mb(os.getpid()),
        }


def cpu_s(pid: int) -> float:
    """Return the processor time that a process of one thread has used, by /proc/PID/schedstat, in nanoseconds there."""
    return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9


def wal_bytes() -> int:
    """Return how much the whole cluster has written to its log so far."""
    return int(_one("SELECT pg_current_wal_lsn() - '0/0'"))


def stored_facts(shard: int, *, beyond: int = 0) -> int:
    """Return how many facts of the shard's stations the database has beyond this seq."""
    return int(
        _one(
            f"""SELECT count(*) FROM ingest_fact f JOIN fleet_stream s ON s.id = f.stream_id
            JOIN fleet_station n ON n.id = s.station_id WHERE n.shard = {shard} AND f.seq > {beyond}"""
        )
    )


def _one(statement: str) -> Any:
    from django.db import connection  # noqa: PLC0415 - needs the settings

    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()[0]


def resident_mb(pid: int) -> float:
    """Return the memory that a process holds, in MB of 10**6 bytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def main() -> None:
    """Feed one worker, once everything is signed and somebody says so."""
    shard, said, count, envelopes, in_hand = sys.argv[1:]
    [load] = [one for one in FACTS_AN_ENVELOPE if one == said]
    stations = make_stations(int(count), shard=int(shard), prefix=f"bench-{load}-{in_hand}")
    enrol(stations)
    feeder = Feeder(shard=int(shard), in_hand=int(in_hand))
    spare_what_lives_on()
    feeder.feed(messages(stations, "single", envelopes=WARM_UP))
    made = messages(stations, load, envelopes=int(envelopes))
    print("ready", flush=True)
    sys.stdin.readline()
    print(json.dumps(feeder.measured(made, facts=len(made) * FACTS_AN_ENVELOPE[load])))


if __name__ == "__main__":
    import django

    django.setup()
    main()
