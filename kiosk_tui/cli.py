"""``cunhui-kiosk``: the kiosk in this terminal."""

import argparse
import logging
import os
import sys
from pathlib import Path

from kiosk_tui.app import KioskApp
from kiosk_tui.link import AgentLink
from protocol.chinese_argparse import argparse_in_chinese


def main(arguments: list[str] | None = None) -> int:
    """Run the kiosk until it is told to end (SIGTERM, or the terminal is gone). Returns the exit status."""
    with argparse_in_chinese():
        parser = argparse.ArgumentParser(prog="cunhui-kiosk", description="在当前终端里打开站点的大屏")
        parser.add_argument(
            "--socket", type=Path, required=True, metavar="FILE", help="站点程序的大屏接口（kiosk.sock）"
        )
        parser.add_argument("--log", type=Path, metavar="FILE", help="把与站点程序的连接情况记到这个文件")
        parser.add_argument("--may-quit", action="store_true", help="允许按 Ctrl+Q 退出；正式站点上不要用")
        chosen = parser.parse_args(arguments)
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        print("cunhui-kiosk：请在终端里运行", file=sys.stderr)
        return 2
    # The terminal belongs to the screens, so without a file there is nowhere to write.
    log = logging.NullHandler() if chosen.log is None else logging.FileHandler(chosen.log, encoding="utf-8")
    log.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[log], level=logging.INFO)
    # Textual believes these variables before the terminal itself, and they may be another terminal's.
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
    app = KioskApp(AgentLink(chosen.socket), may_quit=chosen.may_quit)
    app.run(mouse=False)
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main())
