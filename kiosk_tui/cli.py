"""``cunhui-kiosk``: the kiosk in this terminal."""

import argparse
import logging
import os
import sys
from pathlib import Path

from kiosk_tui.app import KioskApp
from kiosk_tui.link import AgentLink


def main(arguments: list[str] | None = None) -> int:
    """Run the kiosk until it is told to end (SIGTERM, or the terminal is gone). Returns the exit status."""
    parser = argparse.ArgumentParser(prog="cunhui-kiosk", description="Show a station's kiosk in this terminal.")
    parser.add_argument("--socket", type=Path, required=True, help="the agent's kiosk socket")
    parser.add_argument("--log", type=Path, help="write what happens on the link to this file")
    parser.add_argument("--may-quit", action="store_true", help="let ctrl+q end the kiosk (not on a station)")
    chosen = parser.parse_args(arguments)
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        print("cunhui-kiosk: this needs a terminal", file=sys.stderr)
        return 2
    _log_to(chosen.log)
    _forget_other_sizes()
    app = KioskApp(AgentLink(chosen.socket), may_quit=chosen.may_quit)
    app.run(mouse=False)
    return app.return_code or 0


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
