"""Lamp, beeper and door contact by gpiozero, lgpio and the kernel, with real levels and real edges of gpio-sim."""

import os
import queue
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.drivers.gpio_contact import GpioContact
from agent.drivers.gpio_indicator import GpioIndicator
from agent.ports import DeviceError
from tests.agent.drivers.contact_contract import check_contact
from tests.agent.drivers.indicator_contract import check_indicator
from tests.rig.gpio_sim import Header, header

DRIVER = "gpio"
STACK = "gpiozero 2.0.1, lgpio 0.2.2, Linux gpio-sim with edges"

GREEN, AMBER, RED, BUZZER, DOOR = 17, 27, 22, 23, 24
LAMPS = {"green": GREEN, "amber": AMBER, "red": RED}
PI_3B = 0xA02082
LIMIT_S = 30


@pytest.fixture(scope="session", autouse=True)
def a_pi(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Say that this is a Pi 3B, which the board's firmware would, and let lgpio make its pipe."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("lgpio"))
        from gpiozero.pins import local  # noqa: PLC0415 -- only where the rig runs

        patch.setattr(local, "get_pi_revision", lambda: PI_3B)
        yield


@pytest.fixture
def pi() -> Iterator[Header]:
    with header() as made:
        yield made


def indicator(pi: Header, **settings: Any) -> GpioIndicator:
    return GpioIndicator(green=GREEN, amber=AMBER, red=RED, chip=pi.number, **settings)


@pytest.mark.parametrize("active_high", [True, False])
def test_the_lamp_keeps_the_contract(pi: Header, active_high: bool) -> None:
    def seen() -> str:
        (colour,) = [colour for colour, line in LAMPS.items() if pi.level(line) == active_high]
        return colour

    check_indicator(indicator(pi, active_high=active_high), seen)


@pytest.mark.parametrize(("colour", "beeps"), [("green", 1), ("amber", 2), ("red", 1)])
def test_each_outcome_sounds_its_own_pattern(pi: Header, colour: Any, beeps: int) -> None:
    lamp = indicator(pi, buzzer=BUZZER)
    lamp.show(colour, fact="ab/1")
    levels, end = [1], time.monotonic() + LIMIT_S
    while len(levels) < 2 * beeps:
        assert time.monotonic() < end, levels
        if (level := pi.level(BUZZER)) != levels[-1]:
            levels.append(level)
    assert levels == [1, 0] * beeps
    lamp.close()


def test_the_contact_keeps_the_contract(pi: Header) -> None:
    pi.pull(DOOR, high=False)
    contact = GpioContact(pin=DOOR, pull="none", chip=pi.number)
    check_contact(contact, lambda open_: pi.pull(DOOR, high=open_), silent_s=0.5)


def test_a_contact_that_bounces_is_one_change(pi: Header) -> None:
    told: queue.Queue[bool] = queue.Queue()
    pi.pull(DOOR, high=False)
    contact = GpioContact(pin=DOOR, pull="none", debounce_ms=1_000, chip=pi.number)
    contact.start(changed=told.put)
    assert told.get(timeout=LIMIT_S) is False
    for bounce in range(41):
        pi.pull(DOOR, high=bounce % 2 == 0)
    assert told.get(timeout=LIMIT_S) is True
    with pytest.raises(queue.Empty):
        told.get(timeout=2)
    contact.stop()


def test_a_pin_that_another_program_has(pi: Header) -> None:
    import lgpio  # noqa: PLC0415 -- only where the rig runs

    other = lgpio.gpiochip_open(pi.number)
    lgpio.gpio_claim_output(other, GREEN)
    lamp = indicator(pi)
    with pytest.raises(DeviceError, match="busy"):
        lamp.show("green", fact="ab/1")
    lgpio.gpiochip_close(other)
    lamp.show("green", fact="ab/2")
    assert pi.level(GREEN) == 1
    lamp.close()


def test_a_working_directory_that_can_not_be_written_is_an_error_and_no_crash() -> None:
    """lgpio makes its pipe when it is loaded: a fresh interpreter in a folder where nobody can write."""
    program = (
        "import os; os.chdir('/proc')\n"
        "from agent.drivers.gpio_indicator import GpioIndicator\n"
        "from agent.ports import DeviceError\n"
        "lamp = GpioIndicator(green=17, amber=27, red=22)\n"
        "try: lamp.show('green', fact='')\n"
        "except DeviceError as error: print(error)\n"
    )
    root = str(Path(__file__).parents[2])
    environ = os.environ | {"PYTHONPATH": f"{root}:{os.environ.get('PYTHONPATH', '')}"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environ, check=True)
    assert "lgd-nfy" in done.stdout
