"""See from outside which agents run an errand: a process of their own, which renews the certificate."""

from pathlib import Path

_MODULE = b"agent.errands"


def errands(*, proc: Path = Path("/proc")) -> dict[int, int]:
    """Return the errands that run on this machine, by the pid of their agent. A pack is fetched by an errand, too."""
    found = {}
    for folder in proc.iterdir():
        if folder.name.isdecimal() and _MODULE in _content(folder / "cmdline").split(b"\0"):
            found[_parent(folder)] = int(folder.name)
    return found


def _parent(folder: Path) -> int:
    """Return a process's parent (proc(5), stat: the name is in brackets and may hold anything), or 0."""
    fields = _content(folder / "stat").rpartition(b")")[2].split()
    return int(fields[1]) if len(fields) > 1 else 0


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
