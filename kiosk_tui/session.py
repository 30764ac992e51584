"""Run the kiosk on the whole screen, with letters of a size that suits it: ``python -m kiosk_tui.session COMMAND ...``.

A program can't tell its terminal to use another font size. So this program starts foot with the command in it, and
starts foot again when the screen's size has changed, for example because a television was switched on later.
"""

import argparse
import os
import select
import subprocess
import sys
from pathlib import Path

from kiosk_tui.outputs import NoScreen, Outputs, compositor_socket
from kiosk_tui.textsize import TextSize, fitting
from protocol.chinese_argparse import argparse_in_chinese

TERMINAL_CONFIG = Path(__file__).with_name("foot.ini")
_END_WITHIN_S = 3
EXIT_NO_SCREEN = 1


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
        with Outputs(compositor_socket()) as outputs:
            return _show(command, outputs)
    except NoScreen as lost:
        sys.stderr.write(f"kiosk_tui.session：没有可用的屏幕（{lost}）\n")
        return EXIT_NO_SCREEN


def terminal(size: TextSize) -> list[str]:
    """Return the command that opens a terminal with text of this size; what is to run in it follows."""
    settings = {
        "main.font": f"Noto Sans Mono CJK SC:pixelsize={size.font_px}",
        "main.letter-spacing": f"{size.letter_px}px",
        "main.line-height": f"{size.line_px}px",
    }
    return [
        "/usr/bin/foot",
        f"--config={TERMINAL_CONFIG}",
        *(f"--override={name}={value}" for name, value in settings.items()),
    ]


def _show(command: list[str], outputs: Outputs) -> int:
    # A station may start hours before anybody switches its television on.
    while (size := outputs.size()) is None:
        outputs.listen()
    while True:
        # foot wants a locale in UTF-8, which a service does not have by itself.
        environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        shown = subprocess.Popen([*terminal(fitting(*size)), *command], env=environment)  # noqa: S603 -- the unit's own
        try:
            status = _wait_for_end(shown, outputs, size)
        finally:
            shown.terminate()
            try:
                shown.wait(_END_WITHIN_S)
            except subprocess.TimeoutExpired:
                shown.kill()
                shown.wait()
        if status is not None:
            return status
        # If the screen has been unplugged meanwhile, the last size is as good as any until the next one comes.
        size = outputs.size() or size


def _wait_for_end(shown: "subprocess.Popen[bytes]", outputs: Outputs, size: tuple[int, int]) -> int | None:
    """Wait for the terminal's end and return its exit status; None if the screen's size changes first."""
    pid_fd = os.pidfd_open(shown.pid)
    try:
        # An unplugged screen (None) ends nothing: most often the same one comes back.
        while outputs.size() in (None, size):
            ready, _, _ = select.select([pid_fd, outputs.fileno()], [], [])
            if pid_fd in ready:
                return shown.wait()
            outputs.listen()
    finally:
        os.close(pid_fd)
    return None


if __name__ == "__main__":
    sys.exit(main())
