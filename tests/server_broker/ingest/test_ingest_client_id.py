"""The ingest worker's place at the broker can never be a station's."""

import msgspec
import pytest

from protocol.units import StationId
from server_broker.ingest.__main__ import client_id
from server_broker.platform.shards import Share


def test_no_station_can_have_the_worker_s_client_id() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(client_id(Share()), StationId)
    assert client_id(Share(1, 2)) != client_id(Share(0, 2))
