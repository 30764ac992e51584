"""The wedge by evdev and the kernel, typed to by uinput: nobody but the driver hears a key of the reader."""

import queue
from collections.abc import Iterator
from importlib.metadata import version

import evdev
import pytest
from evdev import ecodes

from agent.drivers.keyboard_watch import KeyboardWatch
from agent.drivers.keyboards import LOST_KEYS, EvdevKeyboards
from agent.drivers.wedge import WedgeReader
from agent.inputs.uid import Format
from firmware_scripts.rig.typist import MEDIA_KEYS, Typist, typist
from tests.agent.drivers.drivers_heard import listening, reading
from tests.agent.drivers.reader_contract import check_reader
from tests.rig.bystander import bystander, heard

DRIVER = "wedge"
STACK = f"evdev {version('evdev')}, Linux evdev with EVIOCGRAB, uinput"
WEDGE, KEYPAD, STRANGE = "ffff:0035", "1a2c:0e24", "dead:beef"
CARD, OTHER = "04a2b2c3", "0077b1c2"
LIMIT_S = 15


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agent.drivers.wedge._LOOK_EVERY_S", 0.1)
    monkeypatch.setattr("agent.drivers.keyboard_watch._LOOK_EVERY_S", 0.1)


@pytest.fixture
def plugged() -> Iterator[Typist]:
    with typist(WEDGE) as made:
        yield made


def wedge(*, port: str = "", form: Format = "hex") -> WedgeReader:
    return WedgeReader(usb=WEDGE, format=form, port=port)


def test_it_keeps_the_contract_of_every_reader(plugged: Typist) -> None:
    check_reader(wedge(), lambda uid: plugged.type(uid.upper() + "\n"), uids=(CARD, OTHER))


def test_nobody_else_hears_a_key_while_it_runs_and_everybody_after(plugged: Typist) -> None:
    with bystander(plugged) as kiosk:
        with reading(wedge()) as reader:
            plugged.type("04A2B2C3\n")
            assert reader.touch() == CARD
            assert heard(kiosk) == []
            with pytest.raises(OSError, match="busy"):
                kiosk.grab()
        plugged.type("1")
        assert heard(kiosk) == [ecodes.KEY_1]


def test_ctrl_alt_del_escape_and_menu_keys_go_nowhere(plugged: Typist) -> None:
    with typist(WEDGE, keys=MEDIA_KEYS) as media, bystander(plugged) as kiosk, bystander(media) as other:
        with reading(wedge()) as reader:
            plugged.chord(ecodes.KEY_LEFTCTRL, ecodes.KEY_LEFTALT, ecodes.KEY_DELETE)
            plugged.press(ecodes.KEY_ESC, ecodes.KEY_LEFTBRACE, ecodes.KEY_2, ecodes.KEY_J, ecodes.KEY_ENTER)
            media.press(*MEDIA_KEYS)
            reader.nothing()
            plugged.type("04A2B2C3\n")
            assert reader.touch() == CARD
        assert (heard(kiosk), heard(other)) == ([], [])


def test_the_numeric_keypad_is_left_to_the_kiosk(plugged: Typist) -> None:
    with typist(KEYPAD, port="1.4") as keypad, bystander(keypad) as kiosk, reading(wedge()) as reader:
        keypad.type("5\n")
        reader.nothing()
        assert heard(kiosk) == [ecodes.KEY_5, ecodes.KEY_ENTER]


def test_the_port_tells_two_of_a_kind_apart(plugged: Typist) -> None:
    with (
        typist(WEDGE, port="1.3") as second,
        reading(wedge(port="1.2")) as at_first,
        reading(wedge(port="1.3")) as at_second,
    ):
        second.type("0077B1C2\n")
        plugged.type("04A2B2C3\n")
        assert (at_first.touch(), at_second.touch()) == (CARD, OTHER)


def test_another_program_that_has_it_makes_it_not_ready(plugged: Typist) -> None:
    device = evdev.InputDevice(plugged.path)
    device.grab()
    with listening(wedge()) as reader:
        assert reader.is_ready() is False
        device.ungrab()
        assert reader.is_ready() is True
    device.close()


def test_unplugged_in_the_middle_of_a_card_it_says_so_and_comes_back(plugged: Typist) -> None:
    with reading(wedge()) as reader:
        plugged.type("04A2B2")
        plugged.unplug()
        assert reader.is_ready() is False
        with typist(WEDGE) as again:
            assert reader.is_ready() is True
            again.type("0077B1C2\n")
            assert reader.touch() == OTHER


def test_keys_that_the_kernel_gave_up_are_seen_as_lost(plugged: Typist) -> None:
    (keyboard,) = [one for one in EvdevKeyboards().present() if one.usb == WEDGE]
    keys = EvdevKeyboards().grab(keyboard)
    plugged.type("1" * 5_000)
    assert LOST_KEYS in keys.read()
    keys.close()


def test_a_strange_keyboard_is_seen_and_those_allowed_are_not(plugged: Typist) -> None:
    seen: queue.Queue[str] = queue.Queue()
    watch = KeyboardWatch(allowed=[(one.usb, one.port) for one in EvdevKeyboards().present()])
    watch.start(unknown=lambda usb, _: seen.put(usb), there=lambda _: None)
    try:
        with typist(STRANGE, keys=MEDIA_KEYS), typist(STRANGE, port="1.1"):
            assert seen.get(timeout=LIMIT_S) == STRANGE
            with pytest.raises(queue.Empty):
                seen.get(timeout=0.5)
        with typist(STRANGE, port="1.1"):
            assert seen.get(timeout=LIMIT_S) == STRANGE
    finally:
        watch.stop()
