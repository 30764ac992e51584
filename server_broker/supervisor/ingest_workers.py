"""How many ingest workers run, to be compared with how many ``county.toml`` asks for."""

from pathlib import Path

from server_broker.platform.control import pid_file
from server_broker.platform.county_config import CountyConfig
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import running_pid


def workers_running(home: CountyHome, config: CountyConfig) -> int:
    """Return how many ingest workers run now. One alone is the part's own process; several are its children."""
    pid = running_pid(pid_file(home, "ingest"))
    if pid is None:
        return 0
    if config.ingest_workers == 1:
        return 1
    try:
        return len(Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split())
    except OSError:
        return 0  # it has ended since
