"""``cunhui-kiosk``: the kiosk in this terminal, for as long as the terminal is there."""

import logging
import os
import sys
from functools import partial

from kiosk_tui import textual_alone  # noqa: F401 -- before everything that imports Textual
from kiosk_tui.watched import options, show
from kiosk_tui.watching import watch
from kiosk_tui.watching.session_line import SessionLine

log = logging.getLogger(__name__)


def main(arguments: list[str] | None = None) -> int:
    """Run the kiosk until it is told to end (SIGTERM, or the terminal is gone). Returns the exit status."""
    chosen = options(sys.argv[1:] if arguments is None else arguments)
    if not sys.stdin.isatty() or not sys.stdout.isatty():
        print("cunhui-kiosk：请在终端里运行", file=sys.stderr)
        return 2
    session = SessionLine.of_environment()

    def report(what: str) -> None:
        log.warning("%s", what)
        if session is not None:
            session.report(what)

    kiosk = partial(show, socket=chosen.socket, may_quit=chosen.may_quit)
    return watch.keep_running(kiosk, report=report, token=os.environ.get(watch.TOKEN_VARIABLE, ""))


if __name__ == "__main__":
    sys.exit(main())
