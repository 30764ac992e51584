"""``cunhui-kiosk``: the kiosk in this terminal."""

import argparse
import logging
import os
import sys
from pathlib import Path
from typing import Any

from kiosk_tui.app import KioskApp
from kiosk_tui.link import AgentLink


def main(arguments: list[str] | None = None) -> int:
    """Run the kiosk until it is told to end (SIGTERM, or the terminal is gone). Returns the exit status."""
    chosen = _parser().parse_args(arguments)
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        print("cunhui-kiosk：请在终端里运行", file=sys.stderr)
        return 2
    _log_to(chosen.log)
    _forget_other_sizes()
    app = KioskApp(AgentLink(chosen.socket), may_quit=chosen.may_quit)
    app.run(mouse=False)
    return app.return_code or 0


class _ChineseUsage(argparse.HelpFormatter):
    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, "用法：" if prefix is None else prefix)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cunhui-kiosk", description="在当前终端里打开站点的大屏", formatter_class=_ChineseUsage, add_help=False
    )
    options = parser.add_argument_group("选项")
    options.add_argument("-h", "--help", action="help", help="显示这些说明")
    options.add_argument("--socket", type=Path, required=True, metavar="FILE", help="站点程序的大屏接口（kiosk.sock）")
    options.add_argument("--log", type=Path, metavar="FILE", help="把与站点程序的连接情况记到这个文件")
    options.add_argument("--may-quit", action="store_true", help="允许按 Ctrl+Q 退出；正式站点上不要用")
    return parser


def _forget_other_sizes() -> None:
    # Textual believes these variables before the terminal itself, and they may be another terminal's.
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)


def _log_to(path: Path | None) -> None:
    # The terminal belongs to the screens, so without a file there is nowhere to write.
    handler = logging.NullHandler() if path is None else logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.INFO)


if __name__ == "__main__":
    sys.exit(main())
