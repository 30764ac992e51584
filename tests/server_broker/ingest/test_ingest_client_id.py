"""The ingest worker's place at the broker can never be a station's."""

import msgspec
import pytest

from protocol.units import StationId
from server_broker.ingest.__main__ import client_id


def test_no_station_can_have_the_worker_s_client_id() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(client_id(0), StationId)
    assert client_id(1) != client_id(0)
