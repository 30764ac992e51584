"""Run the kiosk on the whole screen, with letters of a size that suits it: ``python -m kiosk_tui.session COMMAND ...``.

A program can't tell its terminal to use another font size. So this program starts foot with the command in it. When the
kiosk asks for another size of text (`kiosk_tui.watching.session_line`), foot is made to set it in the same window
(`kiosk_tui.session.zoom`). When the screen itself has changed, for example because a television was switched on later,
foot is started again; the agent keeps what the kiosk showed.
"""

import argparse
import os
import secrets
import select
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from kiosk_tui.drawing.textsize import SIZE_NAMES, TextSize, fitting
from kiosk_tui.session.outputs import Outputs
from kiosk_tui.session.wayland import NoScreen, compositor_socket
from kiosk_tui.session.zoom import LARGER_KEY, SMALLER_KEY, Zoom
from kiosk_tui.watching.session_line import ONE_SIZE_VARIABLE, SESSION_VARIABLE, SessionEar
from kiosk_tui.watching.watch import TOKEN_VARIABLE
from protocol.chinese_argparse import argparse_in_chinese
from protocol.units import TextSizeName

TERMINAL_CONFIG = Path(__file__).with_name("foot.ini")
_END_WITHIN_S = 3
EXIT_NO_SCREEN = 1
EXIT_TERMINAL_FAILED = 230
"""foot(1): foot itself failed, not what runs in it."""
LIVED_S = 10.0
"""A terminal that lived for so long is started again when it dies. One that dies sooner would die again, so the session
ends with it, and the service manager begins anew with everything."""


def main(arguments: list[str] | None = None) -> int:
    """Show a command until it or the compositor ends. Returns the command's exit status, or 1 if there is no screen."""
    with argparse_in_chinese():
        parser = argparse.ArgumentParser(
            prog="python -m kiosk_tui.session",
            description="用适合屏幕大小的字，全屏运行一个命令；屏幕大小变了就重新运行",
        )
        parser.add_argument("command", nargs="+", metavar="COMMAND", help="在终端里运行的命令")
        command: list[str] = parser.parse_args(arguments).command
    try:
        compositor = compositor_socket()
        ear = compositor.parent / "kiosk-session.sock"
        with Outputs(compositor) as outputs, _zoom(compositor) as zoom, SessionEar(ear) as kiosks:
            # foot wants a locale in UTF-8, which a service does not have by itself.
            session = {"LC_ALL": "C.UTF-8", SESSION_VARIABLE: str(ear), TOKEN_VARIABLE: secrets.token_hex(16)}
            return _Session(command, {**os.environ, **session}, outputs, zoom, kiosks).run()
    except NoScreen as lost:
        sys.stderr.write(f"kiosk_tui.session：没有可用的屏幕（{lost}）\n")
        return EXIT_NO_SCREEN


def terminal(size: TextSize, step_px: int = 0) -> list[str]:
    """Return the command that opens a terminal with text of this size; what is to run in it follows.

    Args:
        step_px: By how much its text becomes larger or smaller when `kiosk_tui.session.zoom` wants it.
    """
    settings = {
        "main.font": f"Noto Sans Mono CJK SC:pixelsize={size.font_px}",
        "main.letter-spacing": f"{size.letter_px}px",
        "main.line-height": f"{size.line_px}px",
        "main.font-size-adjustment": f"{max(step_px, 1)}px",
        "key-bindings.font-increase": LARGER_KEY,
        "key-bindings.font-decrease": SMALLER_KEY,
    }
    return [
        "/usr/bin/foot",
        f"--config={TERMINAL_CONFIG}",
        *(f"--override={name}={value}" for name, value in settings.items()),
    ]


def _zoom(compositor: Path) -> AbstractContextManager[Zoom | None]:
    """Return what changes the size of the text; None under a compositor that does not allow it."""
    try:
        return Zoom(compositor)
    except NoScreen as lacking:
        sys.stderr.write(f"kiosk_tui.session: one size of text only: {lacking}\n")
        return nullcontext()


class _Session:
    def __init__(
        self,
        command: Sequence[str],
        environment: dict[str, str],
        outputs: Outputs,
        zoom: Zoom | None,
        kiosks: SessionEar,
    ) -> None:
        self._command = list(command)
        self._environment = environment
        self._outputs = outputs
        self._zoom = zoom
        self._kiosks = kiosks
        self._size: TextSizeName = SIZE_NAMES[0]
        """That of the terminal now."""

    def run(self) -> int:
        """Show the command until it ends, and return its status."""
        # A station may start hours before anybody switches its television on.
        while (screen := self._outputs.size()) is None:
            self._outputs.listen()
        while True:
            began = time.monotonic()
            status = self._one_terminal(screen)
            died = status is not None and (status < 0 or status == EXIT_TERMINAL_FAILED)
            if died:
                sys.stderr.write(f"kiosk_tui.session: the terminal died ({status})\n")
            if status is not None and not (died and time.monotonic() - began >= LIVED_S):
                return status
            # If the screen has been unplugged meanwhile, the last size is as good as any until the next one comes.
            screen = self._outputs.size() or screen

    def _one_terminal(self, screen: tuple[int, int]) -> int | None:
        """Run a terminal. Return its exit status; None if the screen's size changed first."""
        sizes = fitting(*screen)
        opened = [*terminal(sizes.named(self._size), sizes.step_px), *self._command]
        zooms = self._zoom is not None and sizes.step_px > 0
        environment = self._environment | {ONE_SIZE_VARIABLE: "0" if zooms else "1"}
        shown = subprocess.Popen(opened, env=environment)  # noqa: S603 -- the unit's own
        try:
            return self._wait_for_end(shown, screen)
        finally:
            shown.terminate()
            try:
                shown.wait(_END_WITHIN_S)
            except subprocess.TimeoutExpired:
                shown.kill()
                shown.wait()

    def _wait_for_end(self, shown: "subprocess.Popen[bytes]", screen: tuple[int, int]) -> int | None:
        pid_fd = os.pidfd_open(shown.pid)
        try:
            # An unplugged screen (None) ends nothing: most often the same one comes back.
            while self._outputs.size() in (None, screen):
                ready, _, _ = select.select([pid_fd, self._outputs.fileno(), self._kiosks.fileno()], [], [])
                if pid_fd in ready:
                    return shown.wait()
                if self._kiosks.fileno() in ready:
                    self._hear()
                if self._outputs.fileno() in ready:
                    self._outputs.listen()
        finally:
            os.close(pid_fd)
        return None

    def _hear(self) -> None:
        size, said = self._kiosks.hear()
        if said:
            sys.stderr.write(f"kiosk_tui.session: {said}\n")
        if size is not None and self._zoom is not None:
            self._zoom.larger(SIZE_NAMES.index(size) - SIZE_NAMES.index(self._size))
        self._size = size or self._size
