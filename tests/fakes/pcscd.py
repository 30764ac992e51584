"""Debian's pcscd, started for a test alone, with Debian's virtual reader or with whatever is on USB."""

import contextlib
import shutil
import socket
import subprocess
import threading
import time
from pathlib import Path

from firmware_scripts.demo.virtual_card import VirtualCard

LIMIT_S = 15
DOOR = "Virtual Door"
_READER = """\
FRIENDLYNAME "{name}"
DEVICENAME /dev/null:{port}
LIBPATH {driver}
CHANNELID {port}
"""


class Pcscd:
    """A pcscd of the test's own: /run/pcscd is another folder for it, and its virtual reader has ports of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.socket = folder / "run" / "pcscd.comm"
        self.socket.parent.mkdir(exist_ok=True)
        self._port: int | None = None
        (folder / "reader.conf").touch()

    def plug(self, name: str) -> None:
        """Choose the virtual reader that there is when it starts. It has two slots, which PC/SC calls two readers."""
        (driver,) = Path("/usr/lib/pcsc/drivers/serial").glob("libifdvpcd.so")
        self._port = _two_free_ports()
        text = _READER.format(name=name, port=self._port, driver=driver)
        (self._folder / "reader.conf").write_text(text)

    def start(self) -> None:
        program = shutil.which("pcscd") or "/usr/sbin/pcscd"
        run, conf = self.socket.parent, self._folder / "reader.conf"
        script = f"mkdir -p /run/pcscd && mount --bind {run} /run/pcscd && exec {program} -f --disable-polkit -c {conf}"
        with (self._folder / "pcscd.log").open("ab") as log:
            self._process = subprocess.Popen(["unshare", "--mount", "sh", "-c", script], stdout=log, stderr=log)
        deadline = time.monotonic() + LIMIT_S
        while not (self.socket.exists() and (self._port is None or _listens(self._port))):
            assert self._process.poll() is None, (self._folder / "pcscd.log").read_text()
            assert time.monotonic() < deadline, "pcscd does not listen"
            threading.Event().wait(0.05)

    def stop(self, *, kill: bool = False) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill() if kill else process.terminate()
            process.wait(LIMIT_S)

    def card(self, uid: str, slot: int = 0) -> VirtualCard:
        """Lay a card on a slot of the virtual reader."""
        assert self._port is not None
        return VirtualCard(uid, port=self._port + slot)


def _two_free_ports() -> int:
    """Return the first of two: vpcd takes the next port for its second slot."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + 1))
                return port


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
