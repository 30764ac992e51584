"""The county's clock jumps while a batch is open: its facts keep their times, and nobody is told the wrong one."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection

from protocol.birth import NOT_TOLD, Birth, Welcome
from protocol.codec import decode, encode
from protocol.signing import Signed
from server_broker.attendance.models import Touch
from server_broker.ingest import batch
from server_broker.ingest.messages import Incoming
from server_broker.ingest.presence import take_presence
from server_broker.ingest.worker import Worker
from server_broker.platform.county_clock import CountyClock
from server_broker.platform.shards import Share
from tests.fakes.clockwork import HOUR_MS
from tests.fakes.county_machine import YEAR_MS, CountyMachine
from tests.server_broker.recording_source import RecordingSource
from tests.server_broker.station_double import BOOT, WALL, StationDouble, touch

pytestmark = pytest.mark.django_db(transaction=True)

JUMPS = (-WALL, -6 * YEAR_MS, -HOUR_MS, YEAR_MS)


def at(wall_ms: int) -> datetime:
    return datetime.fromtimestamp(wall_ms / 1000, UTC)


class County:
    """A worker whose machine's clock jumps in the middle of the batches of one step."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.machine = CountyMachine(wall_ms=WALL)
        self.machine.ntp = True
        self.source = RecordingSource()
        self.worker = Worker(
            source=self.source,
            key=Ed25519PrivateKey.generate(),
            share=Share(),
            clock=lambda: at(self.machine.wall),
            stop=threading.Event(),
            county_clock=CountyClock(root, machine=self.machine, mode="ntp", build_ms=WALL - 100 * 24 * HOUR_MS),
            mono_ms=self.machine.mono_ms,
        )
        self.worker.do_chores()
        self._jump_ms = 0
        taken: Callable[..., object] = take_presence

        def take_after_a_jump(*args: object, **more: object) -> object:
            self.machine.set_wall(self.machine.wall + self._jump_ms)
            self._jump_ms = 0
            return taken(*args, **more)

        # It comes after the facts, in the same transaction.
        monkeypatch.setattr(batch, "take_presence", take_after_a_jump)

    def step(self, *messages: Incoming, jump_ms: int = 0) -> None:
        self.source.waiting += messages
        self._jump_ms = jump_ms
        self.worker.step(timeout_s=0)
        self.worker.do_chores()
        assert self._jump_ms == 0

    def welcomes(self) -> list[Welcome]:
        payloads = [payload for topic, payload in self.source.published if topic.endswith("/welcome")]
        return [decode(decode(payload, Signed).payload, Welcome) for payload in payloads]


@pytest.fixture
def county(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[County]:
    yield County(tmp_path, monkeypatch)
    connection.close()


def birth(station: StationDouble) -> Incoming:
    said = Birth(
        station=station.id,
        head=station.signed(0),
        boot=BOOT,
        nonce=b"n" * 16,
        software="1",
        generation=0,
        question=b"q" * 16,
    )
    return station.message("birth", encode(said))


@pytest.mark.parametrize("jump_ms", JUMPS)
def test_facts_keep_their_times_and_are_receipted(county: County, jump_ms: int) -> None:
    station = StationDouble()
    station.enrol()
    station.add(touch(1_000), touch(2_000, quality="unknown"))
    county.step(station.facts_message(), jump_ms=jump_ms)
    rows = Touch.objects.order_by("seq")
    assert [(row.wall, row.corrected_wall) for row in rows] == [(at(WALL + 1_000), None), (at(WALL + 2_000), None)]
    assert {row.received_at for row in rows} == {at(WALL)}
    assert [topic for topic, _ in county.source.published if topic.endswith("/receipt")]


@pytest.mark.parametrize("jump_ms", JUMPS)
def test_a_welcome_of_the_batch_tells_no_time(county: County, jump_ms: int) -> None:
    station = StationDouble()
    station.enrol()
    county.step(birth(station), jump_ms=jump_ms)
    assert [welcome.wall for welcome in county.welcomes()] == [NOT_TOLD]
