"""A keyboard that nobody allowed is an alarm for the county."""

import queue
from collections.abc import Callable, Iterator

import pytest

from agent.drivers.keyboard_watch import KeyboardWatch
from agent.drivers.keyboards import Keyboard
from agent.events import AlarmSeen, StrangeKeyboard
from agent.inbox import Inbox
from agent.inputs.watched_devices import MOST_AN_HOUR, RAISE_AGAIN_AFTER_S, WatchedKeyboards
from tests.fakes.keyboards import WEDGE, FakeKeyboards, keyboard

KEYPAD, STRANGE = "1a2c:0e24", "dead:beef"
LIMIT_S = 5


@pytest.fixture
def keyboards(monkeypatch: pytest.MonkeyPatch) -> FakeKeyboards:
    monkeypatch.setattr("agent.drivers.keyboard_watch._LOOK_EVERY_S", 0.02)
    return FakeKeyboards()


@pytest.fixture
def seen(keyboards: FakeKeyboards) -> Iterator[queue.Queue[str]]:
    heard: queue.Queue[str] = queue.Queue()
    watch = KeyboardWatch(allowed=[(WEDGE, "1.2"), (KEYPAD, "")], keyboards=keyboards)
    watch.start(unknown=lambda usb, _: heard.put(usb), there=lambda _: None)
    yield heard
    watch.stop()


def test_reader_keypad_and_media_keys_are_none_of_its_business(
    keyboards: FakeKeyboards, seen: queue.Queue[str]
) -> None:
    keyboards.plug(keyboard(WEDGE))
    keyboards.plug(keyboard(KEYPAD))
    keyboards.plug(keyboard(STRANGE, types=False))
    with pytest.raises(queue.Empty):
        seen.get(timeout=0.2)


def test_a_strange_one_is_told_of_once_each_time_it_is_plugged_in(
    keyboards: FakeKeyboards, seen: queue.Queue[str]
) -> None:
    plugged = keyboards.plug(keyboard(STRANGE))
    assert seen.get(timeout=LIMIT_S) == STRANGE
    with pytest.raises(queue.Empty):
        seen.get(timeout=0.2)
    keyboards.unplug(plugged)
    keyboards.plug(plugged)
    assert seen.get(timeout=LIMIT_S) == STRANGE


def test_one_that_calls_itself_the_reader_at_another_port_is_strange(
    keyboards: FakeKeyboards, seen: queue.Queue[str]
) -> None:
    keyboards.plug(keyboard(KEYPAD, port="1.4"))
    keyboards.plug(keyboard(WEDGE, port="1.3"))
    assert seen.get(timeout=LIMIT_S) == WEDGE


def test_one_that_was_there_before_the_station_is_seen() -> None:
    keyboards, heard = FakeKeyboards(), queue.Queue[str]()
    keyboards.plug(keyboard(STRANGE))
    watch = KeyboardWatch(allowed=[], keyboards=keyboards)
    watch.start(unknown=lambda usb, _: heard.put(usb), there=lambda _: None)
    assert heard.get(timeout=LIMIT_S) == STRANGE
    watch.stop()


def test_whether_any_is_there_is_told_at_each_change(keyboards: FakeKeyboards) -> None:
    heard: queue.Queue[bool] = queue.Queue()
    watch = KeyboardWatch(allowed=[], keyboards=keyboards)
    watch.start(unknown=lambda *_: None, there=heard.put)
    plugged = [keyboards.plug(keyboard(STRANGE)), keyboards.plug(keyboard(KEYPAD))]
    assert heard.get(timeout=LIMIT_S) is True
    keyboards.unplug(plugged[0])
    with pytest.raises(queue.Empty):
        heard.get(timeout=0.2)
    keyboards.unplug(plugged[1])
    assert heard.get(timeout=LIMIT_S) is False
    watch.stop()
    assert heard.empty()


def test_a_fault_costs_a_look_and_not_the_watch(
    keyboards: FakeKeyboards, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    faults = [RuntimeError("odd device"), RuntimeError("odd device")]

    def present() -> list[Keyboard]:
        if faults:
            raise faults.pop()
        return [keyboard(STRANGE)]

    monkeypatch.setattr(keyboards, "present", present)
    heard: queue.Queue[str] = queue.Queue()
    watch = KeyboardWatch(allowed=[], keyboards=keyboards)
    watch.start(unknown=lambda usb, _: heard.put(usb), there=lambda _: None)
    assert heard.get(timeout=LIMIT_S) == STRANGE
    watch.stop()
    assert caplog.text.count("can't be looked at") == 1


class Guard:
    """A keyboard guard that reports what the test says."""

    def start(self, *, unknown: Callable[[str, str], None], there: Callable[[bool], None]) -> None:
        self.see, self.there = unknown, there

    def stop(self) -> None:
        return


def test_it_is_an_alarm_at_most_one_an_hour_for_a_loose_plug() -> None:
    guard, inbox, now = Guard(), Inbox(), [1.0]
    WatchedKeyboards(guard, inbox, mono_s=lambda: now[0]).start()
    for _ in range(100):
        guard.see(STRANGE, "Evil\x1b[2J\n Keys " + "x" * 500)
    guard.see(KEYPAD, "")
    now[0] += RAISE_AGAIN_AFTER_S
    guard.see(STRANGE, "")
    events = [inbox.get(timeout_s=0) for _ in range(inbox.waiting())]
    assert [event.detail for event in events if isinstance(event, AlarmSeen)] == [
        f"USB 编号 dead:beef，自称“{('Evil[2J Keys ' + 'x' * 500)[:80]}”",
        "USB 编号 1a2c:0e24，自称“”",
        "USB 编号 dead:beef，自称“”",
    ]


def test_one_that_always_has_another_number_raises_a_few_an_hour() -> None:
    guard, inbox, now = Guard(), Inbox(), [1.0]
    WatchedKeyboards(guard, inbox, mono_s=lambda: now[0]).start()
    for number in range(1_000):
        guard.see(f"dead:{number:04x}", "")
    assert inbox.waiting() == MOST_AN_HOUR
    now[0] += RAISE_AGAIN_AFTER_S
    guard.see(STRANGE, "")
    assert inbox.waiting() == MOST_AN_HOUR + 1


def test_the_core_hears_whether_one_is_there() -> None:
    guard, inbox = Guard(), Inbox()
    WatchedKeyboards(guard, inbox).start()
    guard.there(True)
    guard.there(False)
    assert [inbox.get(timeout_s=0), inbox.get(timeout_s=0)] == [StrangeKeyboard(True), StrangeKeyboard(False)]
