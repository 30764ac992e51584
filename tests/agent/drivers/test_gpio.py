"""Lamp, beeper, door contact and motion sensor on gpiozero's own mock pins. Real edges: tests/rig/test_gpio.py."""

import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from gpiozero.pins.mock import MockFactory

from agent.clocking.lamp import Lamp
from agent.drivers import gpio_indicator
from agent.drivers.gpio_contact import GpioContact
from agent.drivers.gpio_indicator import GpioIndicator
from agent.ports import DeviceError
from tests.agent.drivers.contact_contract import check_contact
from tests.agent.drivers.indicator_contract import check_indicator

GREEN, AMBER, RED, BUZZER, DOOR = 17, 27, 22, 23, 24
LAMPS = {"green": GREEN, "amber": AMBER, "red": RED}


class Board:
    """Mock pins that a driver opens and closes, as many times as it likes."""

    def __init__(self) -> None:
        self.factory = MockFactory()
        self.error: Exception | None = None
        self.chips: list[int] = []

    def pins(self, chip: int) -> Any:
        if self.error is not None:
            raise self.error
        self.chips.append(chip)
        return self.factory

    def pin(self, number: int) -> Any:
        return self.factory.pin(number)

    def states(self, number: int) -> list[bool]:
        """Every level that a pin has had."""
        return [bool(state.state) for state in self.pin(number).states]


@pytest.fixture
def board() -> Iterator[Board]:
    made = Board()
    yield made
    made.factory.close()


def indicator(board: Board, **settings: Any) -> GpioIndicator:
    return GpioIndicator(green=GREEN, amber=AMBER, red=RED, pins=board.pins, **settings)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 15
    while not true():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize("active_high", [True, False])
def test_the_lamp_on_pins_keeps_the_contract(board: Board, active_high: bool) -> None:
    def seen() -> str:
        (colour,) = [colour for colour, number in LAMPS.items() if board.pin(number).state is active_high]
        return colour

    check_indicator(indicator(board, active_high=active_high), seen)


@pytest.mark.parametrize(("colour", "beeps"), [("green", 1), ("amber", 2), ("red", 1)])
def test_each_outcome_sounds_its_own_pattern(
    board: Board, colour: Any, beeps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpio_indicator, "LIT_S", 0.05)
    lamp = indicator(board, buzzer=BUZZER)
    lamp.show(colour, fact="ab/1")
    until(lambda: board.states(BUZZER) == [False, *([True, False] * beeps)])
    until(lambda: board.states(LAMPS[colour]) == [False, True, False])
    lamp.close()
    assert gpio_indicator.BEEPS["red"][1] > 4 * gpio_indicator.BEEPS["green"][1]


def test_a_following_card_ends_the_pattern_that_runs(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    # Longer than any test: what ends before that was interrupted.
    monkeypatch.setattr(gpio_indicator, "LIT_S", 1_000)
    monkeypatch.setitem(gpio_indicator.BEEPS, "red", (1, 1_000))
    lamp = indicator(board, buzzer=BUZZER)
    lamp.show("red", fact="")
    assert (board.pin(RED).state, board.pin(BUZZER).state) == (True, True)
    lamp.show("green", fact="ab/1")
    assert (board.pin(RED).state, board.pin(GREEN).state) == (False, True)
    until(lambda: board.states(BUZZER)[-1] is False)
    lamp.show("red", fact="")
    lamp.close()
    assert [board.pin(number).state for number in (*LAMPS.values(), BUZZER)] == [False] * 4


def test_a_buzzer_that_sounds_on_low_is_silent_at_rest(board: Board) -> None:
    lamp = indicator(board, buzzer=BUZZER, buzzer_active_high=False)
    assert board.pin(BUZZER).state is True
    lamp.show("red", fact="")
    assert board.pin(BUZZER).state is False
    lamp.close()


def test_pins_that_can_not_be_had_are_tried_again_with_each_light(board: Board) -> None:
    board.error = OSError("no /dev/gpiochip0")
    lamp = indicator(board, buzzer=BUZZER, chip=4)
    assert (lamp.ready, Lamp(lamp).ready) == (False, False)
    with pytest.raises(DeviceError, match="no /dev/gpiochip0"):
        lamp.show("green", fact="ab/1")
    board.error = None
    lamp.show("green", fact="ab/2")
    assert (lamp.ready, Lamp(lamp).ready) == (True, True)
    assert (board.pin(GREEN).state, board.chips) == (True, [4])
    lamp.close()


def test_a_pin_that_another_device_has_is_an_error_and_no_lamp_is_half_taken(board: Board) -> None:
    lamp = GpioIndicator(green=GREEN, amber=AMBER, red=AMBER, pins=board.pins)
    with pytest.raises(DeviceError, match="in use"):
        lamp.show("green", fact="ab/1")
    assert board.pin(GREEN).state is False
    lamp.close()


def test_without_lgpio_the_lamp_is_broken_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lgpio", None)
    monkeypatch.delitem(sys.modules, "gpiozero.pins.lgpio", raising=False)
    lamp = GpioIndicator(green=GREEN, amber=AMBER, red=RED)
    with pytest.raises(DeviceError, match="lgpio"):
        lamp.show("green", fact="ab/1")
    lamp.close()


def test_pins_that_fail_at_the_end_hold_nothing_up(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    lamp, contact = indicator(board), GpioContact(pin=DOOR, pins=board.pins)
    contact.start(changed=lambda _: None)
    lamp.show("green", fact="ab/1")
    monkeypatch.setattr(type(board.pin(GREEN)), "_set_state", broken)
    monkeypatch.setattr(type(board.pin(GREEN)), "_set_function", broken)
    with pytest.raises(DeviceError, match="no such device"):
        lamp.show("red", fact="")
    lamp.close()
    contact.stop()


def broken(*_: object) -> None:
    raise OSError("no such device")


def drive(board: Board, high: bool) -> None:
    pin = board.pin(DOOR)
    if pin.function == "input":
        (pin.drive_high if high else pin.drive_low)()


@pytest.mark.parametrize("pull", ["up", "down", "none"])
@pytest.mark.parametrize("active", ["high", "low"])
def test_the_contact_on_a_pin_keeps_the_contract(board: Board, pull: str, active: str) -> None:
    contact = GpioContact(pin=DOOR, pull=pull, active=active, pins=lambda _: Rested(board, active))
    check_contact(contact, lambda open_: drive(board, open_ is (active == "high")))


class Rested:
    """The board's pins with the door closed when they are opened. A mock pin by itself would follow its pull."""

    def __init__(self, board: Board, active: str) -> None:
        self._board, self._active = board, active

    def __getattr__(self, name: str) -> Any:
        if name == "ticks":
            # The last that gpiozero asks before it looks at the level for the first time.
            drive(self._board, self._active == "low")
        return getattr(self._board.factory, name)


def test_the_pull_reaches_the_pin(board: Board) -> None:
    contact = GpioContact(pin=DOOR, pull="down", debounce_ms=80, pins=board.pins)
    contact.start(changed=lambda _: None)
    assert board.pin(DOOR).pull == "down"
    contact.stop()


def test_a_contact_that_can_not_be_watched(board: Board) -> None:
    board.error = OSError("no /dev/gpiochip0")
    contact = GpioContact(pin=DOOR, pins=board.pins)
    with pytest.raises(DeviceError, match="gpiochip0"):
        contact.start(changed=lambda _: None)
    contact.stop()


def test_a_contact_whose_pin_was_taken_can_be_tried_again(board: Board) -> None:
    other, contact = GpioContact(pin=DOOR, pins=board.pins), GpioContact(pin=DOOR, pins=board.pins)
    heard: list[bool] = []
    other.start(changed=lambda _: None)
    with pytest.raises(DeviceError, match="in use"):
        contact.start(changed=heard.append)
    other.stop()
    contact.start(changed=heard.append)
    assert len(heard) == 1
    contact.stop()
