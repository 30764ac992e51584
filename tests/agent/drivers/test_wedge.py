"""The keyboard wedge: which keyboard it grabs, which of its keys are a card, and that nobody else gets any of them.

The kernel's part (the grab itself) is tried with uinput by `tests.rig.test_wedge_uinput`.
"""

import os
from queue import Queue
from types import SimpleNamespace

import pytest
from evdev import InputEvent, ecodes
from hypothesis import given
from hypothesis import strategies as st

from agent.doctor.cards import first_line
from agent.drivers.keyboards import LOST_KEYS, EvdevKeyboards, KeyEvent
from agent.drivers.wedge import HALF_LINE_S, PrintingWedge, TypedLine, WedgeReader
from agent.inputs.uid import Format
from tests.agent.drivers.drivers_heard import listening, reading
from tests.agent.drivers.reader_contract import check_reader
from tests.fakes.keyboards import WEDGE, FakeKeyboards, keyboard

CARD, OTHER = "04a2b2c3", "0077b1c2"


@pytest.fixture
def keyboards() -> FakeKeyboards:
    return FakeKeyboards()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look for new devices often enough for a test."""
    monkeypatch.setattr("agent.drivers.wedge._LOOK_EVERY_S", 0.02)


def wedge(keyboards: FakeKeyboards, *, port: str = "", form: Format = "hex") -> WedgeReader:
    return WedgeReader(usb=WEDGE, format=form, port=port, keyboards=keyboards)


def test_it_keeps_the_contract_of_every_reader(keyboards: FakeKeyboards) -> None:
    plugged = keyboards.plug(keyboard())
    check_reader(wedge(keyboards), lambda uid: keyboards.type(plugged, uid.upper() + "\n"), uids=(CARD, OTHER))


@pytest.mark.parametrize(
    ("form", "typed"),
    [
        ("hex", "04A22B1C"),
        ("hex_reversed", "1C2BA204"),
        ("decimal", "77736732"),
        ("decimal_reversed", "0472621572"),
        ("8H10D", "0077736732"),
    ],
)
def test_the_number_is_brought_into_the_order_of_the_card(keyboards: FakeKeyboards, form: Format, typed: str) -> None:
    plugged = keyboards.plug(keyboard())
    with reading(wedge(keyboards, form=form)) as heard:
        keyboards.type(plugged, typed + "\n")
        assert heard.touch() == "04a22b1c"


def test_a_number_of_another_form_is_answered_in_red(keyboards: FakeKeyboards) -> None:
    plugged = keyboards.plug(keyboard())
    with reading(wedge(keyboards, form="8H10D")) as heard:
        keyboards.type(plugged, "007773673\n")
        assert heard.touch() == ""


def test_the_keypads_own_digits_and_enter(keyboards: FakeKeyboards) -> None:
    plugged = keyboards.plug(keyboard())
    with reading(wedge(keyboards)) as heard:
        keyboards.press(plugged, *[getattr(ecodes, f"KEY_KP{digit}") for digit in "11223344"], ecodes.KEY_KPENTER)
        assert heard.touch() == "11223344"


def test_a_card_that_lies_there_is_one_touch(keyboards: FakeKeyboards) -> None:
    plugged = keyboards.plug(keyboard())
    with reading(wedge(keyboards)) as heard:
        keyboards.type(plugged, "04A2B2C3\n" * 5)
        assert heard.touch() == CARD
        heard.nothing()


def test_another_keyboard_is_left_alone(keyboards: FakeKeyboards) -> None:
    keypad = keyboards.plug(keyboard("1a2c:0e24"))
    with listening(wedge(keyboards)) as heard:
        assert heard.is_ready() is False
        keyboards.type(keypad, "1\n")
        heard.nothing(for_s=0.1)
    assert keyboards.others_heard == [ecodes.KEY_1, ecodes.KEY_ENTER]


def test_the_port_tells_two_of_a_kind_apart(keyboards: FakeKeyboards) -> None:
    door = keyboards.plug(keyboard(path="/dev/input/event4", port="1.1"))
    desk = keyboards.plug(keyboard(path="/dev/input/event5", port="1.2"))
    with reading(wedge(keyboards, port="1.1")) as at_door, reading(wedge(keyboards, port="1.2")) as at_desk:
        keyboards.type(desk, "04A2B2C3\n")
        keyboards.type(door, "0077B1C2\n")
        assert (at_door.touch(), at_desk.touch()) == (OTHER, CARD)


def test_without_a_port_all_of_a_kind_are_its_own_and_their_digits_do_not_mix(keyboards: FakeKeyboards) -> None:
    first = keyboards.plug(keyboard(path="/dev/input/event4", port="1.1"))
    second = keyboards.plug(keyboard(path="/dev/input/event5", port="1.2"))
    with reading(wedge(keyboards)) as heard:
        keyboards.type(first, "04A2")
        keyboards.type(second, "0077B1C2\n")
        keyboards.type(first, "B2C3\n")
        assert {heard.touch(), heard.touch()} == {OTHER, CARD}
    assert keyboards.others_heard == []


def test_its_media_keys_are_grabbed_too_and_do_not_make_a_reader(keyboards: FakeKeyboards, quick: None) -> None:
    media = keyboards.plug(keyboard(path="/dev/input/event4", types=False))
    with listening(wedge(keyboards)) as heard:
        assert heard.is_ready() is False
        typing = keyboards.plug(keyboard())
        assert heard.is_ready() is True
        keyboards.press(media, ecodes.KEY_POWER, ecodes.KEY_MENU)
        keyboards.type(typing, "04A2B2C3\n")
        assert heard.touch() == CARD
    assert keyboards.others_heard == []


def test_a_second_device_that_comes_later_is_grabbed_as_well(keyboards: FakeKeyboards, quick: None) -> None:
    keyboards.plug(keyboard())
    with reading(wedge(keyboards)) as heard:
        later = keyboards.plug(keyboard(path="/dev/input/event9", port="1.4"))
        while later not in keyboards.grabbed:
            heard.nothing(for_s=0.02)
        keyboards.type(later, "04A2B2C3\n")
        assert heard.touch() == CARD


def test_somebody_else_has_it(keyboards: FakeKeyboards) -> None:
    keyboards.plug(keyboard())
    with reading(wedge(keyboards)), listening(wedge(keyboards)) as second:
        assert second.is_ready() is False


def test_unplugged_in_the_middle_of_a_card_it_says_so_and_comes_back(keyboards: FakeKeyboards) -> None:
    plugged = keyboards.plug(keyboard())
    with reading(wedge(keyboards)) as heard:
        keyboards.type(plugged, "04A2B2")
        keyboards.unplug(plugged)
        assert heard.is_ready() is False
        plugged = keyboards.plug(keyboard(path="/dev/input/event7"))
        assert heard.is_ready() is True
        keyboards.type(plugged, "0077B1C2\n")
        assert heard.touch() == OTHER
        heard.nothing(for_s=0.1)


CTRL_ALT_DEL = (ecodes.KEY_LEFTCTRL, ecodes.KEY_LEFTALT, ecodes.KEY_DELETE)
ESCAPE = (ecodes.KEY_ESC, ecodes.KEY_LEFTBRACE, ecodes.KEY_2, ecodes.KEY_J)


@pytest.mark.parametrize(
    "codes",
    [
        CTRL_ALT_DEL,
        (*CTRL_ALT_DEL, ecodes.KEY_ENTER),
        (*ESCAPE, ecodes.KEY_ENTER),
        (ecodes.KEY_MENU, ecodes.KEY_ENTER),
        (ecodes.KEY_COMPOSE, ecodes.KEY_DOWN, ecodes.KEY_ENTER),
        (ecodes.KEY_LEFTALT, ecodes.KEY_F2, ecodes.KEY_ENTER),
        (ecodes.KEY_ENTER,) * 50,
        (ecodes.KEY_1,) * 5_000 + (ecodes.KEY_ENTER,),
        (LOST_KEYS.code, ecodes.KEY_1, ecodes.KEY_2, ecodes.KEY_ENTER),
    ],
)
def test_typing_that_is_no_card_goes_nowhere(keyboards: FakeKeyboards, codes: tuple[int, ...]) -> None:
    plugged = keyboards.plug(keyboard())
    with reading(wedge(keyboards)) as heard:
        keyboards.press(plugged, *codes)
        heard.nothing(for_s=0.1)
        if codes[-1] == ecodes.KEY_ENTER:
            keyboards.type(plugged, "04A2B2C3\n")
            assert heard.touch() == CARD
    assert keyboards.others_heard == []


@pytest.mark.parametrize("before", [ecodes.KEY_SEMICOLON, LOST_KEYS.code], ids=["prefix", "lost"])
def test_a_cards_digits_among_other_keys_are_answered_in_red(keyboards: FakeKeyboards, before: int) -> None:
    digits = [getattr(ecodes, f"KEY_{digit}") for digit in "0077736732"]
    plugged = keyboards.plug(keyboard())
    with reading(wedge(keyboards, form="8H10D")) as heard:
        keyboards.press(plugged, before, *digits, ecodes.KEY_ENTER)
        assert heard.touch() == ""
        keyboards.press(plugged, before, *digits[:7], ecodes.KEY_ENTER)
        heard.nothing(for_s=0.1)
        keyboards.type(plugged, "0077736732\n")
        assert heard.touch() == "04a22b1c"


def test_what_a_wedge_prints_is_heard_as_it_was_typed_and_by_nobody_else(keyboards: FakeKeyboards) -> None:
    printed: Queue[str] = Queue()
    plugged = keyboards.plug(keyboard())
    with reading(PrintingWedge(usb=WEDGE, port="", printed=printed.put, keyboards=keyboards)):
        keyboards.type(plugged, "0077736732\n")
        with open(os.devnull, encoding="ascii") as terminal:
            assert first_line(printed, terminal, alone=False, within_s=15) == "0077736732"
    assert keyboards.others_heard == []


def test_the_first_line_is_the_readers_or_the_terminals_or_none() -> None:
    read, write = os.pipe()
    with os.fdopen(read) as terminal:
        assert first_line(Queue(), terminal, alone=True, within_s=0.2) is None
        os.write(write, b"123\n")
        assert first_line(Queue(), terminal, alone=False, within_s=15) == "123\n"
        os.close(write)
        assert first_line(Queue(), terminal, alone=True, within_s=600) is None
        assert first_line(Queue(), terminal, alone=False, within_s=0.3) is None


def test_it_lets_go_when_it_stops(keyboards: FakeKeyboards) -> None:
    plugged = keyboards.plug(keyboard())
    with reading(wedge(keyboards)):
        assert list(keyboards.grabbed) == [plugged]
    assert keyboards.grabbed == {}


def line_of(*keys: tuple[int, float], line: TypedLine | None = None) -> list[str]:
    """Press keys, each at its time, and return the lines."""
    line = line or TypedLine()
    return [typed for code, at_s in keys if (typed := line.take(KeyEvent(code, 1), at_s))]


def test_half_a_line_is_forgotten_when_nothing_follows() -> None:
    late = 10 + HALF_LINE_S + 0.1
    assert line_of((ecodes.KEY_1, 10), (ecodes.KEY_2, late), (ecodes.KEY_ENTER, late)) == ["2"]
    assert line_of((ecodes.KEY_1, 10), (ecodes.KEY_ENTER, late)) == []
    assert line_of((ecodes.KEY_1, 10), (ecodes.KEY_2, 10 + HALF_LINE_S), (ecodes.KEY_ENTER, 11)) == ["12"]


def test_a_key_that_spoilt_a_line_is_forgotten_when_nothing_follows() -> None:
    late = 10 + HALF_LINE_S + 0.1
    assert line_of((ecodes.KEY_ESC, 10), (ecodes.KEY_2, late), (ecodes.KEY_ENTER, late)) == ["2"]


def test_releases_and_repeats_are_no_digits_and_shift_changes_none() -> None:
    line = TypedLine()
    for key in (
        KeyEvent(ecodes.KEY_LEFTSHIFT, 1),
        KeyEvent(ecodes.KEY_A, 1),
        KeyEvent(ecodes.KEY_A, 2),
        KeyEvent(ecodes.KEY_A, 0),
    ):
        assert line.take(key, 1) is None
    assert line.take(KeyEvent(ecodes.KEY_ENTER, 1), 1) == "A"


@given(codes=st.lists(st.integers(0, 0x2FF), max_size=80))
def test_any_keys_leave_a_reader_that_reads_the_next_card(codes: list[int]) -> None:
    line = TypedLine()
    noise = line_of(*((code, 1.0) for code in codes), line=line)
    assert all(len(typed) <= 40 and set(typed) <= set("0123456789ABCDEF") for typed in noise)
    line_of((ecodes.KEY_ENTER, 1.0), line=line)
    assert line_of((ecodes.KEY_7, 1.0), (ecodes.KEY_ENTER, 1.0), line=line) == ["7"]


def test_keys_that_the_kernel_gave_up_spoil_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """If keys in the middle are lost, the rest may be the number of another card."""
    typed = [(ecodes.EV_KEY, code, 1) for code in range(ecodes.KEY_1, ecodes.KEY_9)]
    typed.append((ecodes.EV_KEY, ecodes.KEY_ENTER, 1))
    device = SimpleNamespace(grab=lambda: None, close=lambda: None, fd=-1)
    monkeypatch.setattr("agent.drivers.keyboards.evdev.InputDevice", lambda path: device)
    keys = EvdevKeyboards().grab(keyboard())
    for events, line in (
        (typed, "12345678"),
        ([typed[0], (ecodes.EV_SYN, ecodes.SYN_REPORT, 0), *typed[1:]], "12345678"),
        ([typed[0], (ecodes.EV_SYN, ecodes.SYN_DROPPED, 0), *typed[1:]], ""),
    ):
        device.read = lambda events=events: [InputEvent(0, 0, *event) for event in events]
        taken = TypedLine()
        assert [taken.take(key, 1.0) for key in keys.read()][-1] == line
