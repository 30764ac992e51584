"""Stations of a running county, connected by TLS with certificates of their own: one process holds thousands of them.

``make COUNT FOLDER``, in the county's environment, takes them in all at once, as admission would one by one: rows,
lines of the journal, certificates in the folder. ``hold PORT CA FOLDER COUNT`` keeps them connected until its input
ends. ``herd PORT CA FOLDER COUNT LIVE`` has all but the first few come back together with a week's backlog. ``work``
with the same words has those few at work: for each line of its input it tells how long receipts took since the one
before, and it ends with its input. Each is a process of its own, because one that makes five hundred connections hears
nothing for seconds. What they tell is one JSON object a line.
"""

import asyncio
import contextlib
import datetime as dt
import fcntl
import itertools
import json
import resource
import ssl
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from protocol.codec import decode, encode
from protocol.envelope import Envelope
from protocol.receipts import Receipt
from protocol.signing import Signed
from protocol.topics import DOWN, topic
from tests.benchmarks.county.light_client import LightClient, connected
from tests.benchmarks.county.presigned import PresignedStation, make_stations
from tests.benchmarks.measures.figures import percentile

AT_ONCE = 64
"""Connections that are being made at any moment."""
TRIES = 20
WEEK = 5
"""Envelopes of 200 facts: of a week of 60 touches a day, a picture of each, and ten events."""
LIVE_EVERY_S = 0.5
SAID_AGAIN_S = 10.0
"""Without all receipts for so long, a station that came back says again what it has none for. Ours waits 20 s."""
_PREFIX = "fleet"


def stations_of(count: int) -> list[PresignedStation]:
    """Return the stations."""
    return make_stations(count, shard=0, prefix=_PREFIX)


def make(count: int, folder: Path) -> None:
    """Take the stations in. They share one TLS key, because making keys is not what is measured."""
    import django  # noqa: PLC0415

    django.setup()
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat  # noqa: PLC0415

    from server_broker import broker  # noqa: PLC0415 - needs the settings
    from server_broker.settings import HOME  # noqa: PLC0415
    from server_broker.trust import StationJournal, county_keys  # noqa: PLC0415
    from server_broker.trust.journal import JournalEntry, journal_time  # noqa: PLC0415
    from server_broker.trust.station_roll import sealed  # noqa: PLC0415
    from tests.benchmarks.county.feeding import enrol  # noqa: PLC0415
    from tests.cast import SHILI_VILLAGE  # noqa: PLC0415

    now = dt.datetime.now(dt.UTC)
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    authority = county_keys(HOME).authority
    stations = stations_of(count)
    enrol(stations)
    lines = []
    for one in stations:
        issued = authority.issue_station(one.id, key.public_key(), now=now)
        (folder / f"{one.id}.pem").write_text(issued.pem + pem, encoding="ascii")
        entry = JournalEntry(
            at=journal_time(now),
            event="enrolled",
            station=one.id,
            serial=issued.serial,
            record_key=one.public.hex(),
            name="示例站",
            village=SHILI_VILLAGE,
        )
        lines.append(sealed(entry) + b"\n")
    with StationJournal(HOME).path.open("ab", buffering=0) as journal:
        fcntl.flock(journal, fcntl.LOCK_EX)
        journal.write(b"".join(lines))
    broker.refresh(HOME, now=now)


class Line:
    """Connects stations, some at any moment."""

    def __init__(self, port: int, ca: Path, folder: Path) -> None:
        self._port = port
        self._ca = ca
        self._folder = folder
        self._slots = asyncio.Semaphore(AT_ONCE)
        self.tried_again = 0

    async def connect(self, station: PresignedStation) -> LightClient:
        """Return the station's connection, with its subscriptions. It tries again, as stations do.

        Raises:
            OSError: The broker did not let it in, however often it tried.
        """
        filters = [topic(shard=station.shard, station=station.id, leaf=leaf) for leaf in DOWN]
        async with self._slots:
            context = ssl.create_default_context(cafile=str(self._ca))
            context.load_cert_chain(self._folder / f"{station.id}.pem")
            for _ in range(TRIES):
                with contextlib.suppress(OSError):
                    return await connected(self._port, station.id, filters, tls=context)
                self.tried_again += 1
                await asyncio.sleep(0.5)
            return await connected(self._port, station.id, filters, tls=context)


async def hold(line: Line, count: int) -> None:
    """Connect all and keep them, until the input ends."""
    began = time.monotonic()
    clients = await asyncio.gather(*(_born(line, station) for station in stations_of(count)))
    seconds = round(time.monotonic() - began, 1)
    print(json.dumps({"connected": len(clients), "seconds": seconds, "tried_again": line.tried_again}), flush=True)
    await asyncio.to_thread(sys.stdin.readline)
    for client in clients:
        client.close()


async def _born(line: Line, station: PresignedStation) -> LightClient:
    client = await line.connect(station)
    client.publish(topic(shard=0, station=station.id, leaf="birth"), encode(station.birth()), mid=1)
    return client


class Uplink:
    """A connected station that has one envelope under way at a time, by the contract (docs/protocol.md, section 5)."""

    def __init__(self, client: LightClient, station: PresignedStation) -> None:
        self._client = client
        self._name = topic(shard=0, station=station.id, leaf="facts")
        self._mids = itertools.count(2)
        self._through = 0
        self._receipted = asyncio.Event()
        client.on_message = self._heard

    async def say(self, envelope: Envelope) -> None:
        """Return once it has its receipt. Without one it is said again: the county may have let it go."""
        while self._through < envelope.head.through:
            self._receipted.clear()
            self._client.publish(self._name, encode(envelope), mid=next(self._mids))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._receipted.wait(), SAID_AGAIN_S)

    def close(self) -> None:
        """End the connection in good order."""
        self._client.close()

    def _heard(self, name: str, payload: bytes) -> None:
        if name.endswith("/receipt"):
            # Not verified: what a station does for that costs this process, which has to be five hundred of them.
            through = decode(decode(payload, Signed).payload, Receipt).through
            if through > self._through:
                self._through = through
                self._receipted.set()


@dataclass
class AtWork:
    """A station that has nothing behind it: it makes one touch every half second and keeps how long receipts took."""

    station: PresignedStation
    waits_s: list[float] = field(default_factory=list)
    waiting: dict[int, float] = field(default_factory=dict)
    """When what has no receipt yet was made, by seq."""
    _made: "asyncio.Queue[Envelope]" = field(default_factory=asyncio.Queue)

    async def run(self, line: Line, ended: asyncio.Event) -> None:
        """Work until the event. What is made while an envelope is under way is in the next one, as at a station."""
        uplink = Uplink(await _born(line, self.station), self.station)
        sending = asyncio.create_task(self._send(uplink))
        while not ended.is_set():
            envelope = self.station.envelope("single")
            self.waiting[envelope.first] = time.monotonic()
            self._made.put_nowait(envelope)
            await asyncio.sleep(LIVE_EVERY_S)
        sending.cancel()
        uplink.close()

    async def _send(self, uplink: Uplink) -> None:
        while True:
            some = [await self._made.get()]
            while not self._made.empty():
                some.append(self._made.get_nowait())
            facts = [fact for one in some for fact in one.facts]
            await uplink.say(Envelope(station=self.station.id, first=some[0].first, facts=facts, head=some[-1].head))
            self.waits_s += [time.monotonic() - self.waiting.pop(one.first) for one in some]


async def come_back(line: Line, station: PresignedStation, backlog: Sequence[Envelope]) -> None:
    """Connect, and say all of a backlog."""
    uplink = Uplink(await _born(line, station), station)
    for envelope in backlog:
        await uplink.say(envelope)
    uplink.close()


async def herd(line: Line, count: int, live: int) -> dict[str, float]:
    """Return how long the herd took."""
    back = [(one, [one.envelope("backlog") for _ in range(WEEK)]) for one in stations_of(count)[live:]]
    facts = sum(backlog[-1].head.through for _, backlog in back)
    began = time.monotonic()
    await asyncio.gather(*(come_back(line, station, backlog) for station, backlog in back))
    return {"stations": len(back), "facts": facts, "drained_s": time.monotonic() - began}


async def work(line: Line, count: int, live: int) -> None:
    """Have the first stations at work until the input ends, and say for each of its lines what they waited."""
    at_work = [AtWork(station) for station in stations_of(count)[:live]]
    ended = asyncio.Event()
    working = [asyncio.create_task(one.run(line, ended)) for one in at_work]
    while await asyncio.to_thread(sys.stdin.readline):
        waits = _taken(at_work)
        found = {
            "receipts": len(waits),
            "p50_s": percentile(waits, 0.5),
            "p99_s": percentile(waits, 0.99),
            "max_s": max(waits),
            "waiting": sum(len(one.waiting) for one in at_work),
        }
        print(json.dumps(found), flush=True)
    ended.set()
    await asyncio.gather(*working)


def _taken(at_work: Sequence[AtWork]) -> list[float]:
    """Return the waits so far, and forget them."""
    waits = [wait for one in at_work for wait in one.waits_s]
    for one in at_work:
        one.waits_s.clear()
    return waits


def main(words: list[str]) -> None:
    """Do what the first word says."""
    if words[0] == "make":
        make(int(words[1]), Path(words[2]))
        return
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    port, ca, folder, count = int(words[1]), Path(words[2]), Path(words[3]), int(words[4])
    line = Line(port, ca, folder)
    if words[0] == "hold":
        asyncio.run(hold(line, count))
    elif words[0] == "work":
        asyncio.run(work(line, count, int(words[5])))
    else:
        print(json.dumps(asyncio.run(herd(line, count, int(words[5])))), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
