"""``cunhui-server logs``: the last lines of the county's logs, from the journal or from its own files."""

import subprocess
from collections.abc import Callable, Sequence

from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.platform.units import UNITS

LINES = 50


def log_command(home: CountyHome, part: str, *, follow: bool) -> list[str]:
    """Return the command that shows the last lines of one part's log, or of all parts.

    Raises:
        ServiceError: There is no such part, or it has no log yet.
    """
    if part and part not in UNITS:
        raise ServiceError(f"没有部件 {part}，可选：{'、'.join(UNITS)}")
    wanted = [part] if part else list(UNITS)
    if home.by_units:
        units = [word for one in wanted for word in ("-u", UNITS[one])]
        return ["/usr/bin/journalctl", "--no-pager", "-n", str(LINES), *units, *(["-f"] if follow else [])]
    files = [str(file) for one in wanted if (file := home.logs / f"{one}.log").exists()]
    if not files:
        raise ServiceError(f"{home.logs} 里还没有日志")
    return ["/usr/bin/tail", "-n", str(LINES), *(["-F"] if follow else []), *files]


def show_log(command: Sequence[str], *, say: Callable[[str], None]) -> int:
    """Say each line that the program shows, until it ends, and return its exit status.

    The lines do not go past us, so that no terminal obeys one (`server_broker.platform.plain_output`): broker and
    database write logs of their own.
    """
    with subprocess.Popen(  # noqa: S603 - argv is ours
        list(command), stdout=subprocess.PIPE, encoding="utf-8", errors="backslashreplace"
    ) as program:
        try:
            for line in program.stdout or ():
                say(line.removesuffix("\n"))
            return program.wait()
        finally:
            program.terminate()  # it may follow a log that never grows again
