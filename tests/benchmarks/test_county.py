"""The bench of a county measures what it says: every fact that it signs beforehand is stored, and read."""

import asyncio

import pytest

from server_broker.attendance.models import Touch
from server_broker.ingest.models import Fact
from server_broker.media.models import Blob
from tests.benchmarks.county.feeding import Feeder, enrol
from tests.benchmarks.county.light_client import LightClient, was_delivered
from tests.benchmarks.county.presigned import FACTS_AN_ENVELOPE, make_stations, messages


@pytest.mark.django_db(transaction=True)
def test_what_was_signed_beforehand_is_stored_and_read() -> None:
    stations = make_stations(3, shard=7)
    enrol(stations)
    feeder = Feeder(shard=7, in_hand=2)
    singles = messages(stations, "single", envelopes=2)
    assert feeder.measured(singles, facts=len(singles))["missing"] == 0
    backlog = messages(stations, "backlog", envelopes=1)
    found = feeder.measured(backlog, facts=len(backlog) * FACTS_AN_ENVELOPE["backlog"])
    assert found["missing"] == 0
    assert found["worker_us"] > 0
    assert found["backend_us"] > 0
    assert Fact.objects.count() == 606
    assert not Fact.objects.exclude(held_reason="").exists()
    assert 340 < Touch.objects.count() < 420
    assert 160 < Blob.objects.count() < 230


class Wire(asyncio.Transport):
    """What a client writes."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""

    def write(self, data: "bytes | bytearray | memoryview[int]") -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return False


@pytest.mark.parametrize("piece", [1, 3, 1000])
def test_the_light_client_reads_packets_however_they_are_cut(piece: int) -> None:
    async def talk() -> tuple[list[tuple[str, bytes]], list[tuple[int, int]], bytes]:
        client, wire = LightClient("fleet-0-00001", ["a/b"]), Wire()
        heard: list[tuple[str, bytes]] = []
        acknowledged: list[tuple[int, int]] = []
        client.on_message = lambda topic, payload: heard.append((topic, payload))
        client.on_acknowledged = lambda mid, reason: acknowledged.append((mid, reason))
        client.connection_made(wire)
        long = b"x" * 200
        said = b"\x20\x03\x00\x00\x00" + b"\x90\x04\x00\x01\x00\x01" + b"\x40\x02\x00\x07" + b"\x40\x03\x00\x08\x10"
        said += b"\x30\xce\x01\x00\x03a/b\x00" + long + b"\x32\x09\x00\x03a/b\x00\x05\x00y"
        for at in range(0, len(said), piece):
            client.data_received(said[at : at + piece])
        await client.ready
        return heard, acknowledged, wire.written

    heard, acknowledged, written = asyncio.run(talk())
    assert heard == [("a/b", b"x" * 200), ("a/b", b"y")]
    assert acknowledged == [(7, 0), (8, 0x10)]
    assert [was_delivered(reason) for _, reason in acknowledged] == [True, False]
    assert written.endswith(b"\x40\x02\x00\x05")
