"""The machine has booted again, nobody has touched it, and the kiosk is on the screen; what kills it has it back."""

import contextlib
import os
import pwd
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from evdev import UInput, ecodes
from PIL import Image, ImageColor

from agent.doctor.asking import ask_agent
from kiosk_tui.drawing.theme import COLOURS
from kiosk_tui.watching.watch import Patience
from protocol.kiosk_status import Status
from tests.rig.station import (
    HELP_IS_ANOTHER_PAGE,
    KIOSK_SOCKET,
    OF_THE_KIOSK,
    STATE,
    commonest_colour,
    different,
    picture,
    systemctl,
    until,
    within,
)

DRIVER = "kiosk session"
STACK = "cage and foot on DRM (Bochs), started by systemd 257 at boot; a keypad by uinput"
BACK_WITHIN_S = 3.0
SAME = 0.01
"""The clock's minute may have changed meanwhile."""

PAPER = ImageColor.getrgb(COLOURS["day"]["paper"])

pytestmark = pytest.mark.timeout(420)


@pytest.fixture(scope="module")
def keypad() -> Iterator[UInput]:
    with UInput({ecodes.EV_KEY: [ecodes.KEY_9, ecodes.KEY_0]}, name="keypad") as made:
        yield made


@pytest.fixture(scope="module")
def home(record_testsuite_property: Callable[[str, object], None]) -> Image.Image:
    until(lambda: isinstance(status := ask_agent(KIOSK_SOCKET), Status) and status.screen)
    until(lambda: commonest_colour() == PAPER)
    record_testsuite_property("boot to screen", f"{time.clock_gettime(time.CLOCK_BOOTTIME):.1f} s")
    return picture()


def press(keypad: UInput, key: int) -> None:
    for value in (1, 0):
        keypad.write(ecodes.EV_KEY, key, value)
        keypad.syn()


def ask_for_help(keypad: UInput, home: Image.Image) -> Image.Image:
    def shown() -> bool:
        press(keypad, ecodes.KEY_9)
        return within(5, lambda: different(home, picture()) > HELP_IS_ANOTHER_PAGE)

    until(shown)
    # Its keys are named a moment after its text, and the picture is compared with a later one.
    stands = [picture()]

    def still() -> bool:
        stands.append(picture())
        return different(*stands[-2:]) == 0

    until(still)
    return stands[-1]


def kiosks() -> list[int]:
    """The watching program and the kiosk, which is its child."""
    return sorted(_of_the_kiosk(lambda process: b"kiosk_tui.cli" in (process / "cmdline").read_bytes()), key=_started)


def _of_the_kiosk(is_it: Callable[[Path], bool]) -> list[int]:
    """Return the processes of the kiosk's user that are such; zombies have no command line."""
    user, found = pwd.getpwnam("cunhui-kiosk").pw_uid, []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):  # it ended while it was looked at
            if process.stat().st_uid == user and is_it(process):
                found.append(int(process.name))
    return found


def _started(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])


def test_after_a_reboot_the_screen_is_there_by_itself(home: Image.Image) -> None:
    assert systemctl("show", "--value", "-p", "NRestarts", "cunhui-kiosk.service") == "0"
    assert home.width > 0
    assert len(kiosks()) == 2


def test_a_killed_kiosk_is_back_on_the_same_screen(
    home: Image.Image, keypad: UInput, record_property: Callable[[str, object], None]
) -> None:
    helped = ask_for_help(keypad, home)
    watching, kiosk = kiosks()
    killed_at = time.monotonic()
    os.kill(kiosk, signal.SIGKILL)
    # Asking and photographing take an emulated machine a second each, so the agent's word counts: it has shown the next
    # kiosk what was kept.
    until(lambda: len(now := kiosks()) == 2 and now[1] != kiosk)
    until(lambda: isinstance(status := ask_agent(KIOSK_SOCKET), Status) and status.screen)
    back_s = time.monotonic() - killed_at
    record_property("killed kiosk back", f"{back_s:.1f} s")
    assert back_s <= BACK_WITHIN_S
    until(lambda: different(helped, picture()) < SAME)
    assert kiosks()[0] == watching


def test_a_hung_kiosk_is_ended_from_outside(home: Image.Image, keypad: UInput) -> None:
    _, kiosk = kiosks()
    hung_at = time.monotonic()
    os.kill(kiosk, signal.SIGSTOP)
    until(lambda: len(now := kiosks()) == 2 and now[1] != kiosk)
    # The last beat may have come right before.
    assert Patience().silent_s - 1.5 <= time.monotonic() - hung_at <= Patience().silent_s + BACK_WITHIN_S
    until(lambda: different(home, picture()) < HELP_IS_ANOTHER_PAGE or ask_for_help(keypad, home))


@pytest.mark.parametrize(("name", "restarts"), [("foot", "0"), ("cage", "1")])
def test_a_killed_terminal_or_compositor_is_back(home: Image.Image, name: str, restarts: str) -> None:
    before = _only(name)
    os.kill(before, signal.SIGKILL)
    until(lambda: _only(name) not in (0, before))
    until(lambda: there() and commonest_colour() == PAPER)
    assert systemctl("show", "--value", "-p", "NRestarts", "cunhui-kiosk.service") == restarts


def there() -> bool:
    """Whether there is a screen at all."""
    return subprocess.run(["grim", "-"], capture_output=True, env={**os.environ, **OF_THE_KIOSK}).returncode == 0


def _only(name: str) -> int:
    """Return the process of this name, 0 if there is none now."""
    found = _of_the_kiosk(lambda process: (process / "comm").read_text().strip() == name)
    return found[0] if found else 0


def test_its_user_can_neither_read_nor_write_what_is_the_agents(home: Image.Image) -> None:
    until(lambda: len(kiosks()) == 2)
    _, kiosk = kiosks()
    user = pwd.getpwnam("cunhui-kiosk")
    inside = ["nsenter", f"--target={kiosk}", "--mount", "setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}"]
    for tried in (
        f"ls {STATE}",
        f"touch {STATE}/x",
        "touch /etc/x",
        "touch /usr/lib/cunhui-station/bin/x",
        "ls /etc/cunhui",
    ):
        done = subprocess.run([*inside, "--init-groups", "sh", "-c", tried], capture_output=True, text=True)
        assert done.returncode != 0, tried
        assert "denied" in done.stderr or "Read-only" in done.stderr or "No such file" in done.stderr, done.stderr
