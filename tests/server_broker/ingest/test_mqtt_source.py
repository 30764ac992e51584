"""What the worker's connection tells of its own beginnings and ends: each once, and none is lost."""

import threading

import pytest

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


def test_an_end_of_the_connection_between_look_and_answer_is_told_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    source = MqttSource(BrokerAddress("127.0.0.1", 1, "county", "secret"), share=Share(), client_id="county/test")
    monkeypatch.setattr(source, "_interrupted", CutInBetween())
    assert [source.interrupted() for _ in range(3)] == [False, True, False]
