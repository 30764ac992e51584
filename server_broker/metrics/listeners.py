"""How many connections a local port has, as the kernel counts them (proc_net_tcp(5))."""

from collections.abc import Sequence
from pathlib import Path

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ESTABLISHED = "01"


def established(ports: Sequence[int], tables: Sequence[Path] = _TABLES) -> dict[int, int]:
    """Return the number of open connections of each local port."""
    counts = dict.fromkeys(ports, 0)
    wanted = {f"{port:04X}": port for port in ports}
    for table in tables:
        if not table.exists():  # a kernel without IPv6 has no second table
            continue
        for line in table.read_text(encoding="ascii").splitlines()[1:]:
            _, local, _, state, *_ = line.split(maxsplit=4)
            port = wanted.get(local.rpartition(":")[2])
            if port is not None and state == _ESTABLISHED:
                counts[port] += 1
    return counts
