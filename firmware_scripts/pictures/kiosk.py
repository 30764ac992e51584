"""Draw the kiosk as a village sees it: the real program in foot, under a headless cage, photographed by grim."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from firmware_scripts.demo.processes import Process, wait_until
from kiosk_tui import theme, words

FONT = "Noto Sans Mono CJK SC"
_IN_TIME_S = 20


@dataclass(frozen=True, slots=True)
class TextSize:
    """How foot sets text on a screen of 1280x720 pixels: the font's pixels, and the pixels around its letters."""

    columns: int
    rows: int
    font_px: int
    letter_px: int
    line_px: int


NORMAL = TextSize(columns=80, rows=22, font_px=28, letter_px=2, line_px=32)


class Stage:
    """A headless screen with one kiosk on it.

    Args:
        folder: For the sockets of tmux and Wayland; a short path (unix(7): 107 bytes).
        socket: The agent's kiosk socket.
        size: The text's size.
    """

    def __init__(self, folder: Path, socket: Path, size: TextSize = NORMAL) -> None:
        self._folder = folder
        self._tmux = ["tmux", "-S", str(folder / "tmux"), "-f", str(_tmux_settings(folder))]
        kiosk = f"exec {sys.executable} -m kiosk_tui.cli --socket {socket}"
        command = ["cage", "--", *_foot(size), *self._tmux, "new-session", kiosk]
        self._cage = Process("cage", command, log=folder / "cage.log", env=_environment(folder))

    def open(self) -> None:
        """Start the screen and wait until the kiosk stands on it."""
        self._cage.start()
        wait_until(lambda: self._wayland() is not None, what="the Wayland screen", timeout_s=_IN_TIME_S)

    def close(self) -> None:
        """End the kiosk and its screen."""
        subprocess.run([*self._tmux, "kill-server"], check=False, capture_output=True)
        self._cage.stop()

    def press(self, key: str) -> None:
        """Press a key by tmux's name."""
        subprocess.run([*self._tmux, "send-keys", key], check=True)

    def wait_for(self, *texts: str) -> None:
        """Wait until one of ``texts`` is on the screen.

        Raises:
            NotInTime: None of them came.
        """
        wait_until(lambda: any(text in self._text() for text in texts), what=f"{texts}", timeout_s=_IN_TIME_S)

    def photograph(self, path: Path) -> Path:
        """Write a PNG of the screen once it stands still.

        Raises:
            NotInTime: It never did.
        """
        pictures = [b"", b"-"]

        def still() -> bool:
            pictures.append(self._grim())
            return pictures[-1] == pictures[-2]

        wait_until(still, what="a screen that stands still", timeout_s=_IN_TIME_S)
        path.write_bytes(pictures[-1])
        return path

    def _text(self) -> str:
        done = subprocess.run([*self._tmux, "capture-pane", "-p"], check=False, capture_output=True, text=True)
        return done.stdout

    def _wayland(self) -> str | None:
        return next((path.name for path in self._folder.glob("wayland-*") if path.suffix != ".lock"), None)

    def _grim(self) -> bytes:
        environment = {**_environment(self._folder), "WAYLAND_DISPLAY": self._wayland() or ""}
        done = subprocess.run(["grim", "-"], check=True, capture_output=True, env={**os.environ, **environment})
        return done.stdout


@contextmanager
def stage(socket: Path, size: TextSize = NORMAL) -> Iterator[Stage]:
    """Open a stage in a folder of its own for the length of the block."""
    with tempfile.TemporaryDirectory(prefix="ch-stage-", dir="/tmp") as name:
        opened = Stage(Path(name), socket, size)
        try:
            opened.open()
            yield opened
        finally:
            opened.close()


def take(socket: Path, out_dir: Path, *, touch: Callable[[], object], size: TextSize = NORMAL) -> list[Path]:
    """Draw home, a touch result and a question into ``out_dir`` and return the files.

    Args:
        socket: The kiosk socket of a running agent that has a level to play.
        touch: Presents a card to that agent.
        size: The text's size.

    Raises:
        NotInTime: The kiosk did not show what was waited for.
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    suffix = "" if size == NORMAL else f"-{size.columns}x{size.rows}"
    with stage(socket, size) as kiosk:
        kiosk.wait_for(words.KEY_LEARN)  # keys are named once they count
        drawn = [kiosk.photograph(out_dir / f"kiosk-home{suffix}.png")]
        touch()
        kiosk.wait_for(*words.ANSWER.values())
        kiosk.wait_for(words.KEY_BACK)
        drawn.append(kiosk.photograph(out_dir / f"kiosk-touch{suffix}.png"))
        kiosk.press("0")
        kiosk.wait_for(words.KEY_LEARN)
        kiosk.press("1")
        kiosk.wait_for(words.CHOOSE_LEVEL)
        kiosk.wait_for(words.KEY_BACK)
        kiosk.press("1")
        kiosk.wait_for(*words.KIND.values())
        kiosk.wait_for(words.KEY_LEAVE)
        drawn.append(kiosk.photograph(out_dir / f"kiosk-question{suffix}.png"))
    return drawn


def _foot(size: TextSize) -> list[str]:
    settings = {
        "main.font": f"{FONT}:pixelsize={size.font_px}",
        "main.letter-spacing": f"{size.letter_px}px",
        "main.line-height": f"{size.line_px}px",
        "main.pad": "0x0 center",
        "csd.preferred": "none",
        "colors.background": theme.PAPER.removeprefix("#"),
        "colors.foreground": theme.INK.removeprefix("#"),
    }
    return ["foot", *(f"--override={name}={value}" for name, value in settings.items())]


def _tmux_settings(folder: Path) -> Path:
    path = folder / "tmux.conf"
    path.write_text('set -g status off\nset -as terminal-features ",foot*:RGB"\nset -g escape-time 0\n', "ascii")
    return path


def _environment(folder: Path) -> dict[str, str]:
    return {
        "XDG_RUNTIME_DIR": str(folder),
        "WLR_BACKENDS": "headless",
        "WLR_RENDERER": "pixman",
        "WLR_LIBINPUT_NO_DEVICES": "1",
        "LANG": "C.UTF-8",
        "COLORTERM": "truecolor",
    }
