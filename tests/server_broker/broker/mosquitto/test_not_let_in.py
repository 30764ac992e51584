"""A station's own link learns from the county's broker that it is let in no more: revoked, or on no list."""

import queue
from collections.abc import Iterator

import pytest

from agent.drivers.mqtt import PahoLink, station_context
from agent.events import Event, LinkDown
from server_broker import broker
from server_broker.platform.county_config import read_config
from tests.server_broker.broker_county import NOW, Board, BrokerCounty, broker_county


@pytest.fixture(scope="module")
def county() -> Iterator[BrokerCounty]:
    with broker_county() as running:
        yield running


def refused(county: BrokerCounty, board: Board) -> bool:
    events: queue.Queue[Event] = queue.Queue()
    link = PahoLink(
        station=board.station,
        shard=0,
        endpoints=[("127.0.0.1", read_config(county.home).broker_port)],
        context=lambda: station_context(
            ca_file=county.home.root / "ca.pem", certificate_file=board.pair, key_file=board.pair
        ),
        put=events.put,
        mono_ms=lambda: 0,
    )
    link.connect(attempt=1, keepalive_s=60, will=b"")
    first = events.get(timeout=20)
    link.disconnect()
    return isinstance(first, LinkDown) and first.refused


def test_a_revoked_station_and_one_that_the_county_forgot_learn_it(county: BrokerCounty) -> None:
    forgotten, own = county.board("shili-08"), county.board("shili-09")
    broker.refresh(county.home, now=NOW)
    assert not refused(county, own)
    county.revoked(own.station)
    # As a county is that came back from a copy which is older than the station.
    lines = county.journal.path.read_text().splitlines(keepends=True)
    county.journal.path.write_text("".join(line for line in lines if forgotten.station not in line))
    broker.refresh(county.home, now=NOW)
    assert refused(county, own)
    assert refused(county, forgotten)
