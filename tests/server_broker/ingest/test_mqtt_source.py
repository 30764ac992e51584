"""What the worker's connection tells of its own beginnings and ends: each once, and none is lost."""

import threading

import pytest

from server_broker.ingest import wire
from server_broker.ingest.mqtt import BrokerAddress, MqttSource
from server_broker.platform.shards import Share


class CutInBetween(threading.Event):
    """The connection ends on the network's thread just after the worker's has looked."""

    def __init__(self) -> None:
        super().__init__()
        self._cuts = 1

    def is_set(self) -> bool:
        was = super().is_set()
        if self._cuts:
            self._cuts -= 1
            self.set()
        return was


def source() -> MqttSource:
    return MqttSource(BrokerAddress("127.0.0.1", 1, "county", "secret"), share=Share(), client_id="county/test")


def test_each_message_beyond_a_station_s_share_is_acknowledged_and_counted() -> None:
    """It is let go before it is copied, so the inbox never sees it."""
    flooded = source()
    answers = [flooded._put(wire.Publish(b"cunhui/1/0/shili-01/facts", mid, False, b"x")) for mid in range(1, 21)]
    assert answers[:8] == [b""] * 8
    assert answers[8:] == [wire.puback(mid) for mid in range(9, 21)]
    assert flooded.let_go() == {"shili-01": 12}
    assert flooded.let_go() == {}


def test_an_end_of_the_connection_between_look_and_answer_is_told_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = source()
    monkeypatch.setattr(cut, "_interrupted", CutInBetween())
    assert [cut.interrupted() for _ in range(3)] == [False, True, False]
