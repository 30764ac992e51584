"""Look at an emulated machine from inside: run commands as root by ssh, all through one connection."""

import subprocess
from pathlib import Path

from firmware_scripts.demo.processes import Process, wait_until

_OPTIONS = (
    *("-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR", "-o", "ConnectTimeout=60"),
    *("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"),
)
"""No host keys are checked: the board is on this machine's loopback address, and its key is as new as its SD card."""
CONNECT_S = 150.0


class CommandFailed(Exception):
    """A command on the board ended with an error; the message has what it printed."""


class Guest:
    """A board that is reached at a port of this machine."""

    def __init__(self, *, port: int, key: Path, folder: Path) -> None:
        self._where = [*_OPTIONS, "-i", str(key), "-p", str(port)]
        self._folder = folder
        self._connections = 0
        self._socket = folder / "ssh-0.sock"
        self._master: Process | None = None

    def connect(self, *, timeout_s: float = CONNECT_S) -> None:
        """Connect as soon as the board answers. Call it again after the board was switched off.

        Raises:
            NotInTime: It does not answer.
        """
        self._connections += 1
        self._socket = self._folder / f"ssh-{self._connections}.sock"
        command = ["ssh", *self._where, "-M", "-N", "-S", str(self._socket), "root@127.0.0.1"]
        master = self._master = Process("ssh", command, log=self._folder / "ssh.log")

        def connected() -> bool:
            # ssh ends if nobody listens at the port yet, so it is started until it stays.
            if not master.running():
                master.start()
                return False
            return subprocess.run(self._through("-O", "check"), capture_output=True, check=False).returncode == 0

        wait_until(connected, what="ssh to the board", timeout_s=timeout_s, every_s=0.5)

    def run(self, command: str, *, given: bytes = b"", timeout_s: float = 300) -> str:
        """Have the board's shell carry out a command and return what it printed.

        Raises:
            CommandFailed: It ended with an error.
            subprocess.TimeoutExpired: It did not end.
        """
        done = subprocess.run(self._through(command), input=given, capture_output=True, timeout=timeout_s, check=False)
        if done.returncode:
            said = (done.stdout + done.stderr).decode(errors="replace")
            raise CommandFailed(f"{command.splitlines()[0][:80]}: {done.returncode}: {said[-3_000:]}")
        return done.stdout.decode(errors="replace")

    def put(self, folder: Path, to: str, *, timeout_s: float = 300) -> None:
        """Copy a folder's files into a new folder of the board's."""
        packed = subprocess.run(["tar", "-C", str(folder), "-c", "."], capture_output=True, check=True)
        self.run(f"mkdir {to} && tar -C {to} --no-same-owner -x", given=packed.stdout, timeout_s=timeout_s)

    def start(self, command: str, *, log: Path) -> "subprocess.Popen[str]":
        """Start a command that reads and writes lines. Its errors go to a file."""
        with log.open("ab") as errors:
            return subprocess.Popen(
                self._through(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
            )

    def close(self) -> None:
        """End the connection."""
        if self._master is not None:
            self._master.stop()

    def _through(self, *words: str) -> list[str]:
        """Return the command line of ssh through the connection: ssh's options stand before the host, the command after
        it."""
        options = list(words) if words[0].startswith("-") else []
        rest = [] if options else list(words)
        return ["ssh", *self._where, "-S", str(self._socket), *options, "root@127.0.0.1", *rest]
