"""How a reader is looked for again if it is missing or comes and goes."""

import threading

import pytest

from agent.drivers.looping_reader import GONE_AFTER_S, LoopingReader, Pauses, PresentCards
from agent.ports import DeviceError
from tests.agent.drivers.drivers_heard import listening


def test_a_missing_device_is_looked_for_at_least_every_two_seconds() -> None:
    pauses = Pauses()
    assert [pauses.next_s(None) for _ in range(6)] == [0.25, 0.5, 1, 2, 2, 2]


def test_a_device_that_comes_and_goes_gets_pauses_of_up_to_a_minute() -> None:
    pauses = Pauses()
    assert [pauses.next_s(0.1) for _ in range(10)] == [0.25, 0.5, 1, 2, 4, 8, 16, 32, 60, 60]
    assert pauses.next_s(10) == 0.25
    assert [pauses.next_s(0.1), pauses.next_s(0.1)] == [0.25, 0.5]


def test_a_device_that_goes_again_is_looked_for_soon() -> None:
    pauses = Pauses()
    assert [pauses.next_s(None) for _ in range(4)] == [0.25, 0.5, 1, 2]
    assert [pauses.next_s(60), pauses.next_s(None)] == [0.25, 0.25]


def test_a_card_that_lies_on_the_reader_is_new_only_once() -> None:
    now = [10.0]
    present = PresentCards(mono_s=lambda: now[0])
    seen = []
    for step in (0.0, 0.5, GONE_AFTER_S, GONE_AFTER_S, GONE_AFTER_S + 0.1):
        now[0] += step
        seen.append((present.is_new("a"), present.is_new("b")))
    assert seen == [(True, True), (False, False), (False, False), (False, False), (True, True)]
    now[0] += GONE_AFTER_S / 2
    assert present.is_new("c")
    assert not present.is_new("a")


class Faulty(LoopingReader):
    """A driver with a bug, then without a device, then well."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[Exception] = [ZeroDivisionError("a bug"), DeviceError("away")]

    def _attend(self) -> None:
        if self.faults:
            raise self.faults.pop(0)
        self._set_ready(True)
        self._stopping.wait()
        raise DeviceError("it went while the driver was being stopped")


def test_a_bug_is_logged_and_the_reader_comes_back(caplog: pytest.LogCaptureFixture) -> None:
    with listening(Faulty()) as heard:
        assert [heard.is_ready(), heard.is_ready()] == [False, True]
    assert heard.ready.empty()
    assert [record.exc_info is not None for record in caplog.records] == [True]


class Hung(LoopingReader):
    """A driver whose device answers only when the test allows it."""

    def __init__(self) -> None:
        super().__init__()
        self.let_go, self.told = threading.Event(), threading.Event()

    def _attend(self) -> None:
        self._set_ready(True)
        self.let_go.wait()
        self._touched("04a1b2c3")
        self.told.set()


def test_a_thread_that_hangs_is_left_behind_and_ignored(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.drivers.looping_reader._HANGS_AFTER_S", 0.2)
    reader = Hung()
    with listening(reader) as heard:
        assert heard.is_ready()
    reader.let_go.set()
    assert reader.told.wait(5)
    assert heard.touches.empty()
    assert "hangs" in caplog.text
