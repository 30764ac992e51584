"""The station's units under a systemd that is pid 1: the agent gets ready, touches and pictures go on in the sandboxes,
the kiosk is on the screen, and what the camera's sandbox must keep out is tried from inside it.
"""

import pwd
import socket
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from evdev import UInput, ecodes
from PIL import ImageColor

from agent.doctor.asking import ask_agent
from kiosk_tui.drawing import theme
from protocol.kiosk_status import Status
from tests.rig.station import (
    CONFIG,
    HELP_IS_ANOTHER_PAGE,
    KIOSK_SOCKET,
    STATE,
    commonest_colour,
    different,
    in_sandbox,
    install,
    picture,
    systemctl,
    until,
    within,
)

DRIVER = "systemd units"
STACK = "systemd 257 as pid 1, udev, Linux 6.12; the camera by V4L2 and vivid"

pytestmark = pytest.mark.timeout(420)

PROBE = textwrap.dedent("""
    import ctypes, json, mmap, os, socket

    def tried(what):
        try:
            what()
        except OSError as error:
            return type(error).__name__
        return ""

    def opened(path, flags=os.O_RDONLY):
        return tried(lambda: os.close(os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)))

    def connected(path):
        with socket.socket(socket.AF_UNIX) as made:
            return tried(lambda: made.connect(path))

    def called(number, *arguments):
        made = ctypes.CDLL(None, use_errno=True)
        ctypes.set_errno(0)
        made.syscall(number, *arguments)
        return os.strerror(ctypes.get_errno())

    told = {"user": os.getuid(), "executable memory": tried(lambda: mmap.mmap(-1, 4096, prot=7))}
    told["adjtimex"] = called(159, ctypes.create_string_buffer(512))
    told["internet"] = tried(lambda: socket.socket(socket.AF_INET).close())
    with open("/proc/self/net/dev") as file:
        told["networks"] = [line.partition(":")[0].strip() for line in file.readlines()[2:]]
    foreign = ("/dev/vda", "/dev/mem", "/dev/uinput")
""")


@pytest.fixture(scope="module", autouse=True)
def installed() -> Iterator[None]:
    install()
    yield
    systemctl("stop", "cunhui-kiosk.service", "cunhui-agent.service", "cunhui-camera.socket")


@pytest.fixture
def agent() -> str:
    """The agent's unit, which is ready: the start of a unit with ``Type=notify`` returns only then."""
    systemctl("start", "cunhui-camera.socket", "cunhui-agent.service")
    return "cunhui-agent.service"


def shown(unit: str, name: str) -> str:
    return systemctl("show", "--value", "-p", name, unit)


def touch(uid: str) -> bytes:
    with socket.socket(socket.AF_UNIX) as reader:
        reader.settimeout(60)
        reader.connect(str(STATE / "touch.sock"))
        reader.sendall(uid.encode() + b"\n")
        return reader.recv(16)


def pictures() -> list[Path]:
    return [path for path in (STATE / "blobs").rglob("*") if path.is_file() and path.read_bytes()[:2] == b"\xff\xd8"]


def test_the_agent_gets_ready_and_a_touch_has_its_picture_from_the_other_sandbox(agent: str) -> None:
    assert (shown(agent, "ActiveState"), shown(agent, "User")) == ("active", "cunhui")
    assert touch("04a1b2c3d4e5f6") == b"ok\n"
    until(pictures)
    until(lambda: not list(Path("/var/spool/cunhui-camera").glob("*.jpg")))
    assert shown(agent, "NRestarts") == "0"


def test_the_camera_sees_neither_network_nor_keys_nor_outbox(agent: str) -> None:
    keys = [str(path) for path in STATE.iterdir() if path.is_file()]
    assert str(STATE / "outbox.db") in keys
    script = PROBE + textwrap.dedent(f"""
        told["kept out"] = {{path: opened(path) for path in {keys!r} + [{str(CONFIG)!r}]}}
        told["kiosk"] = connected("/run/cunhui/kiosk.sock")
        told["other devices"] = {{path: opened(path) for path in (*foreign, "/dev/ttyS0")}}
        told["camera"] = opened("/dev/video0", os.O_RDWR)
        told["spool"] = opened("/var/spool/cunhui-camera/x.jpg", os.O_RDWR | os.O_CREAT)
        told["system"] = opened("/etc/x", os.O_RDWR | os.O_CREAT)
        print(json.dumps(told))
    """)
    told = in_sandbox("cunhui-camera@.service", "/run/cunhui-camera.sock", script)
    assert told["user"] == pwd.getpwnam("cunhui-camera").pw_uid
    assert told["internet"] == "OSError"
    assert told["networks"] == ["lo"]
    assert set(told["kept out"].values()) <= {"PermissionError", "FileNotFoundError"}
    assert told["kiosk"] in ("PermissionError", "FileNotFoundError")
    assert set(told["other devices"].values()) <= {"PermissionError", "FileNotFoundError"}
    assert (told["camera"], told["spool"], told["system"]) == ("", "", "OSError")
    assert told["executable memory"] == "PermissionError"


def test_the_kiosk_is_on_the_screen_and_hears_a_keypad_that_comes_later(agent: str) -> None:
    kiosk = "cunhui-kiosk.service"
    systemctl("start", kiosk)
    until(lambda: isinstance(status := ask_agent(KIOSK_SOCKET), Status) and status.screen)
    until(lambda: commonest_colour() == ImageColor.getrgb(theme.COLOURS["day"]["paper"]))
    home = picture()
    with UInput({ecodes.EV_KEY: [ecodes.KEY_KP9, ecodes.KEY_9]}, name="keypad") as keypad:

        def answered() -> bool:
            for value in (1, 0):
                keypad.write(ecodes.EV_KEY, ecodes.KEY_9, value)
                keypad.syn()
            # A key that came before the screen had been read means nothing, so it is pressed again.
            return within(5, lambda: different(home, picture()) > HELP_IS_ANOTHER_PAGE)

        until(answered)
    assert (shown(kiosk, "ActiveState"), shown(kiosk, "NRestarts")) == ("active", "0")
