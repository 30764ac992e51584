"""Nodes of the clusters: each is one machine's programs on an address of its own, killed and started as one."""

import os
import pwd
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from firmware_scripts.demo.processes import Process, is_alive, wait_until

ADDRESSES = ("127.0.0.11", "127.0.0.12", "127.0.0.13")


class Node:
    """One machine's program with all its children."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        folder: Path,
        account: str = "",
        env: Mapping[str, str] | None = None,
        elsewhere: Callable[[], list[int]] = list,
    ) -> None:
        """Name its program.

        Args:
            folder: Where it works and writes its log; owned by ``account``.
            account: Who it runs as, if we are root.
            elsewhere: Names processes of it that are no children of its program.
        """
        self.name = name
        self.folder = folder
        self._elsewhere = elsewhere
        as_account: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)
        if account and os.geteuid() == 0:
            entry = pwd.getpwnam(account)
            os.chown(folder, entry.pw_uid, entry.pw_gid)
            as_account = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups", "--"]
        folder.chmod(0o700)
        # The log is ours: a node's account may not write beside its folder.
        log = folder.parent / f"{name}.log"
        self._process = Process(name, [*as_account, *command], log=log, env=env, cwd=folder)

    @property
    def log(self) -> Path:
        """What it said."""
        return self._process.log

    def start(self) -> None:
        """Start it; what was killed before comes back with its disk as it was."""
        self._process.start()

    def running(self) -> bool:
        """Whether its program has not ended."""
        return self._process.running()

    def kill9(self) -> None:
        """Kill all its processes at once, as a machine that loses its power does."""
        pids = self._pids()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.kill9()
        wait_until(lambda: not any(map(is_alive, pids)), what=f"the end of {self.name}", timeout_s=20)

    def stop(self) -> None:
        """End it in good order, and what is left of it by force."""
        if not self._process.pid:
            return
        pids = self._pids()
        self._process.stop(timeout_s=20)
        for pid in pids:
            if is_alive(pid):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def memory_mb(self) -> float:
        """Return the memory of all its processes, what they share divided among them (PSS, proc(5))."""
        total_kb = 0
        for pid in self._pids():
            with suppress(FileNotFoundError, ProcessLookupError):
                text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
                total_kb += next(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))
        return round(total_kb / 1024, 1)

    def _pids(self) -> list[int]:
        found = [self._process.pid] if self.running() else []
        for pid in found:  # grows as it is read
            found += children_of(pid)
        return list(dict.fromkeys([*found, *self._elsewhere()]))


class Machine:
    """All nodes at one address. It can lose its power: then no packet tells the others that it has gone."""

    def __init__(self, address: str, nodes: Sequence[Node]) -> None:
        self.name = f"machine {address}"
        self._address = address
        self._nodes = nodes

    def kill9(self) -> None:
        """Take it off the network, and kill what runs there."""
        rules = f"""
            table ip dark {{
                chain coming {{
                    type filter hook input priority 0
                    ip daddr {self._address} drop
                    ip saddr {self._address} drop
                }}
            }}"""
        subprocess.run(["nft", "-f", "-"], input=rules, text=True, check=True)
        for node in self._nodes:
            node.kill9()

    def start(self) -> None:
        """Give it back its network and start everything."""
        subprocess.run(["nft", "delete", "table", "ip", "dark"], check=True)
        for node in self._nodes:
            node.start()


def children_of(pid: int) -> list[int]:
    """Return the children of all threads of a process."""
    found: list[int] = []
    with suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):
                found += [int(child) for child in (task / "children").read_text(encoding="ascii").split()]
    return found
