"""Watch any command as a kiosk is watched; the arguments are SILENT_S PAUSES REPORTS COMMAND..."""

import os
import sys
from pathlib import Path

from kiosk_tui.watching import watch


def main() -> int:
    """Return the exit status of the watching program."""
    silent_s, pauses, reports, *command = sys.argv[1:]

    def report(what: str) -> None:
        with Path(reports).open("a", encoding="utf-8") as file:
            file.write(f"{what}\n")

    def kiosk(turn: watch.Turn) -> int:
        os.set_inheritable(turn.beat, True)
        os.execvpe(command[0], command, {**os.environ, "BEAT": str(turn.beat)})

    patience = watch.Patience(silent_s=float(silent_s), pauses_s=tuple(float(pause) for pause in pauses.split(",")))
    return watch.keep_running(kiosk, report=report, patience=patience)


if __name__ == "__main__":
    sys.exit(main())
