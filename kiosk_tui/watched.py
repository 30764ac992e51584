"""The kiosk itself, as `kiosk_tui.watch` starts it, with the arguments of ``cunhui-kiosk``."""

import os
import sys

from kiosk_tui import watch
from kiosk_tui.app import KioskApp
from kiosk_tui.cli import log_to, options
from kiosk_tui.heart import Heart
from kiosk_tui.link import AgentLink
from kiosk_tui.session_line import SessionLine
from protocol.kiosk_keeping import Hello


def main() -> int:
    """Show the kiosk until it is told to end. Returns the exit status."""
    chosen = options(sys.argv[1:])
    log_to(chosen.log)
    # Textual believes these variables before the terminal itself, and they may be another terminal's.
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
    hello = Hello(token=os.environ[watch.TOKEN_VARIABLE], fresh=watch.FRESH_VARIABLE in os.environ)
    app = KioskApp(
        AgentLink(chosen.socket, hello=hello),
        may_quit=chosen.may_quit,
        resumes=not hello.fresh,
        session=SessionLine.of_environment(),
        heart=Heart(int(os.environ[watch.BEAT_VARIABLE])),
    )
    app.run(mouse=False)
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main())
