"""The compositor's outputs as its wire tells them: which counts, which is gone, and what is no compositor."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kiosk_tui.session.outputs import Outputs
from kiosk_tui.session.wayland import NoScreen
from tests.conftest import short_folder

DISPLAY, REGISTRY = 1, 2
CURRENT, PREFERRED = 1, 2


def message(sender: int, opcode: int, body: bytes) -> bytes:
    return struct.pack("=IHH", sender, opcode, 8 + len(body)) + body


def string(text: str) -> bytes:
    raw = text.encode() + b"\0"
    return struct.pack("=I", len(raw)) + raw + bytes(-len(raw) % 4)


def announced(name: int, interface: str = "wl_output") -> bytes:
    return message(REGISTRY, 0, struct.pack("=I", name) + string(interface) + struct.pack("=I", 4))


def removed(name: int) -> bytes:
    return message(REGISTRY, 1, struct.pack("=I", name))


def geometry(output: int, transform: int = 0) -> bytes:
    place = struct.pack("=iiiii", 0, 0, 0, 0, 0)
    return message(output, 0, place + string("maker") + string("model") + struct.pack("=i", transform))


def mode(output: int, width: int, height: int, flags: int = CURRENT) -> bytes:
    return message(output, 1, struct.pack("=Iiii", flags, width, height, 60_000))


def done(output: int) -> bytes:
    return message(output, 2, b"")


@contextmanager
def compositor() -> Iterator[tuple[Outputs, socket.socket]]:
    with short_folder() as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "wayland-0"))
        listener.listen()
        with Outputs(folder / "wayland-0") as outputs:
            ours, _ = listener.accept()
            with ours:
                assert ours.recv(100) == message(DISPLAY, 1, struct.pack("=I", REGISTRY))
                yield outputs, ours


def test_a_size_counts_when_all_of_it_is_said() -> None:
    with compositor() as (outputs, ours):
        ours.sendall(announced(7, "wl_seat") + announced(9))
        outputs.listen()
        bound = struct.pack("=I", 9) + string("wl_output") + struct.pack("=II", 2, 3)
        assert ours.recv(100) == message(REGISTRY, 0, bound)
        ours.sendall(geometry(3) + mode(3, 1920, 1080, PREFERRED) + mode(3, 1366, 768))
        outputs.listen()
        assert outputs.size() is None
        ours.sendall(done(3))
        outputs.listen()
        assert outputs.size() == (1366, 768)
        ours.sendall(mode(3, 800, 480) + geometry(3, transform=3) + done(3))
        outputs.listen()
        assert outputs.size() == (480, 800)


def test_messages_may_come_in_pieces() -> None:
    with compositor() as (outputs, ours):
        for byte in announced(9) + mode(3, 640, 480) + done(3):
            ours.sendall(bytes([byte]))
            outputs.listen()
        assert outputs.size() == (640, 480)


def test_of_several_the_newest_counts_until_it_is_gone() -> None:
    with compositor() as (outputs, ours):
        ours.sendall(announced(9) + announced(10) + mode(3, 640, 480) + done(3) + mode(4, 800, 600) + done(4))
        outputs.listen()
        assert outputs.size() == (800, 600)
        ours.sendall(removed(10))
        outputs.listen()
        assert outputs.size() == (640, 480)
        ours.sendall(removed(9))
        outputs.listen()
        assert outputs.size() is None


@pytest.mark.parametrize(
    "said",
    [
        struct.pack("=IHH", 5, 0, 3),
        message(REGISTRY, 0, b"\0"),
        message(DISPLAY, 0, struct.pack("=II", 2, 0) + string("invalid object 2")),
        b"",
    ],
    ids=["no-length", "too-short", "error", "end"],
)
def test_a_compositor_that_breaks_off_is_no_screen(said: bytes) -> None:
    with compositor() as (outputs, ours):
        ours.sendall(said)
        ours.shutdown(socket.SHUT_WR)
        with pytest.raises(NoScreen):
            outputs.listen()
