"""The kiosk on a screen that is not there: its unit's command line under a headless cage, photographed by grim.

The command line and the environment are read from ``cunhui-kiosk.service``, so that tests and pictures run what
stations run. Only the folders of programs and sockets are others, and the seat: its screen is nowhere and it has no
keys.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from firmware_scripts.demo.processes import NotInTime, Process, wait_until
from firmware_scripts.systemd import unit

KIOSK_UNIT = unit.FOLDER / "cunhui-kiosk.service"
_OUTPUT = "HEADLESS-1"
_IN_TIME_S = 30
_KEY_S = 2


@dataclass(frozen=True, slots=True, order=True)
class Screen:
    """Width and height of a screen in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"


NORMAL = Screen(1280, 720)
SCREENS = (Screen(1920, 1080), Screen(1366, 768), NORMAL, Screen(1024, 600), Screen(800, 480))
"""What stations have: televisions, monitors and the small panels that are sold for the board."""


class Stage:
    """One screen with what the kiosk's unit shows on it.

    Args:
        folder: For programs and sockets; a short path (unix(7): 107 bytes).
        socket: The agent's kiosk socket.
        screen: How large the screen is from the beginning.
        tmux: Put tmux between terminal and kiosk, which reads the screen's text and presses keys.
        within: What starts the unit's command, such as something that takes rights away from it.
    """

    def __init__(
        self, folder: Path, socket: Path, screen: Screen = NORMAL, *, tmux: bool = True, within: Sequence[str] = ()
    ) -> None:
        self.folder = folder
        self._of_tmux = ["tmux", "-S", str(folder / "tmux"), "-f", str(folder / "tmux.conf")]
        _write_programs(folder, screen, self._of_tmux if tmux else [])
        here = {
            "/usr/lib/cunhui-station/bin/": f"{folder}/",
            "/run/cunhui/kiosk.sock": f"{socket}",
            "/run/cunhui-kiosk": f"{folder}",
        }
        command = unit.command(KIOSK_UNIT)
        for theirs, ours in here.items():
            command = [argument.replace(theirs, ours) for argument in command]
        environment = {**unit.environment(KIOSK_UNIT), **_seat(folder)}
        self.cage = Process("cage", [*within, *command], log=folder / "cage.log", env=environment)

    def open(self) -> None:
        """Start the screen and wait until there is one."""
        self.cage.start()
        wait_until(lambda: self._wayland() is not None, what="the Wayland screen", timeout_s=_IN_TIME_S)

    def close(self) -> None:
        """End the kiosk and its screen."""
        self.tmux("kill-server")
        self.cage.stop()

    def resize(self, screen: Screen) -> None:
        """Give the screen another size while it is on, as another television has."""
        self.tool("wlr-randr", "--output", _OUTPUT, "--custom-mode", str(screen))

    def press(self, key: str, *texts: str) -> None:
        """Press a key by tmux's name until one of ``texts`` is there. A key that comes right after a change of screen
        does not count, so one press may not do.

        Raises:
            NotInTime: None of them came.
        """

        def answered() -> bool:
            self.tmux("send-keys", key)
            try:
                self.wait_for(*texts, timeout_s=_KEY_S)
            except NotInTime:
                return False
            return True

        wait_until(answered, what=f"{texts} after {key}", timeout_s=_IN_TIME_S)

    def cells(self) -> tuple[int, int]:
        """Return the columns and rows of the terminal; (0, 0) before it is there."""
        said = self.tmux("list-clients", "-F", "#{client_width} #{client_height}").split()
        return (int(said[0]), int(said[1])) if len(said) == 2 else (0, 0)

    def text(self) -> str:
        """Return what stands on the screen."""
        return self.tmux("capture-pane", "-p")

    def wait_for(self, *texts: str, timeout_s: float = _IN_TIME_S) -> None:
        """Wait until one of ``texts`` is on the screen.

        Raises:
            NotInTime: None of them came.
        """
        wait_until(lambda: any(text in self.text() for text in texts), what=f"{texts}", timeout_s=timeout_s)

    def photograph(self, path: Path) -> Path:
        """Write a PNG of the screen once it stands still.

        Raises:
            NotInTime: It never did.
        """
        pictures = [b"", b"-"]

        def still() -> bool:
            pictures.append(self.tool("grim", "-"))
            return pictures[-1] == pictures[-2]

        wait_until(still, what="a screen that stands still", timeout_s=_IN_TIME_S)
        path.write_bytes(pictures[-1])
        return path

    def tool(self, *command: str) -> bytes:
        """Run a client of this screen and return what it wrote."""
        environment = {**os.environ, **_seat(self.folder), "WAYLAND_DISPLAY": self._wayland() or ""}
        return subprocess.run(command, check=True, capture_output=True, env=environment).stdout

    def tmux(self, *command: str) -> str:
        """Run a command of tmux's and return what it wrote; nothing while there is no tmux."""
        done = subprocess.run([*self._of_tmux, *command], check=False, capture_output=True, text=True)
        return done.stdout

    def _wayland(self) -> str | None:
        return next((path.name for path in self.folder.glob("wayland-*") if path.suffix != ".lock"), None)


@contextmanager
def stage(socket: Path, screen: Screen = NORMAL, *, tmux: bool = True, within: Sequence[str] = ()) -> Iterator[Stage]:
    """Open a stage in a folder of its own for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="ch-stage-", dir="/tmp") as name:
        opened = Stage(Path(name), socket, screen, tmux=tmux, within=within)
        try:
            opened.open()
            yield opened
        finally:
            opened.close()


def _write_programs(folder: Path, screen: Screen, tmux: list[str]) -> None:
    """Write stand-ins for the station's programs that run ours; the first also sets the screen's size."""
    (folder / "tmux.conf").write_text(
        'set -g status off\nset -as terminal-features ",foot*:RGB"\nset -g escape-time 0\n', encoding="ascii"
    )
    kiosk = f'{sys.executable} -m kiosk_tui.cli "$@"'
    if tmux:
        kiosk = f'{" ".join(tmux)} new-session "exec {sys.executable} -m kiosk_tui.cli $*"'
    programs = {
        "python": f'wlr-randr --output {_OUTPUT} --custom-mode {screen}\nexec {sys.executable} "$@"',
        "cunhui-kiosk": f"exec {kiosk}",
    }
    for name, script in programs.items():
        program = folder / name
        program.write_text(f"#!/bin/sh -e\n{script}\n", encoding="utf-8")
        program.chmod(0o755)


def _seat(folder: Path) -> dict[str, str]:
    return {
        "XDG_RUNTIME_DIR": str(folder),
        "WLR_BACKENDS": "headless",
        "WLR_LIBINPUT_NO_DEVICES": "1",
    }
