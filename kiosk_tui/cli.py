"""``cunhui-kiosk``: the kiosk in this terminal, for as long as the terminal is there.

This program only watches (`kiosk_tui.watch`). The kiosk itself is `kiosk_tui.watched`, with the same arguments.
"""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from kiosk_tui import watch
from kiosk_tui.session_line import SessionLine
from protocol.chinese_argparse import argparse_in_chinese

log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Run the kiosk until it is told to end (SIGTERM, or the terminal is gone). Returns the exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    chosen = options(given)
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        print("cunhui-kiosk：请在终端里运行", file=sys.stderr)
        return 2
    log_to(chosen.log)
    session = SessionLine.of_environment()

    def report(what: str) -> None:
        log.warning("%s", what)
        if session is not None:
            session.report(what)

    safe_path = ["-P"] if sys.flags.safe_path else []
    kiosk = [sys.executable, *safe_path, "-m", "kiosk_tui.watched", *given]
    return watch.keep_running(kiosk, report=report, token=os.environ.get(watch.TOKEN_VARIABLE, ""))


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; a wrong one ends the program with a Chinese sentence."""
    with argparse_in_chinese():
        parser = argparse.ArgumentParser(prog="cunhui-kiosk", description="在当前终端里打开站点的大屏")
        parser.add_argument(
            "--socket", type=Path, required=True, metavar="FILE", help="站点程序的大屏接口（kiosk.sock）"
        )
        parser.add_argument("--log", type=Path, metavar="FILE", help="把与站点程序的连接情况记到这个文件")
        parser.add_argument("--may-quit", action="store_true", help="允许按 Ctrl+Q 退出；正式站点上不要用")
        return parser.parse_args(arguments)


def log_to(file: Path | None) -> None:
    """Write the log into a file. The terminal belongs to the screens, so without a file there is nowhere to write."""
    handler = logging.NullHandler() if file is None else logging.FileHandler(file, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.INFO)


if __name__ == "__main__":
    sys.exit(main())
