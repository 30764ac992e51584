"""One kiosk, for a program that watches it. `kiosk_tui.cli` does that; without it: ``python -m kiosk_tui.watched``.

A kiosk that is started by itself is not started again when it ends. Its environment has what its `watch.Turn` says.
"""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from kiosk_tui import textual_alone  # noqa: F401 -- before everything that imports Textual
from kiosk_tui.app import KioskApp
from kiosk_tui.link import AgentLink
from kiosk_tui.watching.heart import Heart
from kiosk_tui.watching.session_line import SessionLine
from kiosk_tui.watching.watch import TOKEN_VARIABLE, Turn
from protocol.chinese_argparse import argparse_in_chinese
from protocol.kiosk_keeping import Hello

BEAT_VARIABLE = "CUNHUI_KIOSK_BEAT"


def main(arguments: Sequence[str] | None = None) -> int:
    """Be the kiosk of an environment. Returns the exit status."""
    chosen = options(sys.argv[1:] if arguments is None else arguments)
    turn = Turn(os.environ[TOKEN_VARIABLE], fresh=False, beat=int(os.environ[BEAT_VARIABLE]))
    return show(turn, socket=chosen.socket, may_quit=chosen.may_quit)


def show(turn: Turn, *, socket: Path, may_quit: bool) -> int:
    """Be one kiosk until it is told to end. Returns the exit status."""
    app = KioskApp(
        AgentLink(socket, hello=Hello(token=turn.token, fresh=turn.fresh)),
        may_quit=may_quit,
        resumes=not turn.fresh,
        session=SessionLine.of_environment(),
        heart=Heart(turn.beat),
    )
    app.run(mouse=False)
    return app.return_code or 0


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line, begin the log, and forget what another terminal has left in the environment."""
    with argparse_in_chinese():
        parser = argparse.ArgumentParser(prog="cunhui-kiosk", description="在当前终端里打开站点的大屏")
        parser.add_argument(
            "--socket", type=Path, required=True, metavar="FILE", help="站点程序的大屏接口（kiosk.sock）"
        )
        parser.add_argument("--log", type=Path, metavar="FILE", help="把与站点程序的连接情况记到这个文件")
        parser.add_argument("--may-quit", action="store_true", help="允许按 Ctrl+Q 退出；正式站点上不要用")
        chosen = parser.parse_args(arguments)
    # The terminal belongs to the screens, so without a file there is nowhere to write.
    log = logging.NullHandler() if chosen.log is None else logging.FileHandler(chosen.log, encoding="utf-8")
    log.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[log], level=logging.INFO)
    # Textual believes these variables before the terminal itself.
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
    return chosen


if __name__ == "__main__":
    sys.exit(main())
