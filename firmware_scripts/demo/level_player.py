"""A player in a real terminal: the kiosk runs in tmux, keys go in, and what it sees is what is on the screen."""

import re
import subprocess
import sys
import unicodedata
from pathlib import Path

from firmware_scripts.demo.processes import wait_until


class Terminal:
    """One tmux server of its own with the kiosk in it."""

    def __init__(self, *, socket: Path, kiosk_socket: Path, columns: int = 80, rows: int = 22) -> None:
        self._tmux = ["tmux", "-S", str(socket), "-f", "/dev/null"]
        command = f"exec {sys.executable} -m kiosk_tui.cli --socket {kiosk_socket}"
        subprocess.run(
            [*self._tmux, "new-session", "-d", "-x", str(columns), "-y", str(rows), command],
            check=True,
            env={"PATH": "/usr/bin:/bin", "TERM": "xterm-256color", "LANG": "C.UTF-8", "COLORTERM": "truecolor"},
        )

    def press(self, *keys: str) -> None:
        """Send keys by tmux's names."""
        subprocess.run([*self._tmux, "send-keys", *keys], check=True)

    def screen(self) -> str:
        """Return the text on the screen."""
        done = subprocess.run([*self._tmux, "capture-pane", "-p"], capture_output=True, text=True, check=True)
        return done.stdout

    def wait_for(self, *texts: str, timeout_s: float = 15) -> str:
        """Wait until one of ``texts`` is on the screen and return the first that is.

        Raises:
            NotInTime: With the names of what was awaited.
        """
        wait_until(lambda: self._first(texts) is not None, what=f"{texts} on the kiosk", timeout_s=timeout_s)
        return self._first(texts) or texts[0]

    def _first(self, texts: tuple[str, ...]) -> str | None:
        screen = _plain(self.screen())
        return next((text for text in texts if _plain(text) in screen), None)

    def close(self) -> None:
        """End the kiosk and its terminal."""
        subprocess.run([*self._tmux, "kill-server"], check=False)


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFC", text))
