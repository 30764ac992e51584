"""A real PC/SC stack without a reader: pcscd with Debian's virtual reader, and cards put on it."""

import os
import shutil
import socket
from pathlib import Path

from firmware_scripts.demo.processes import Process, wait_until
from firmware_scripts.demo.virtual_card import VirtualCard

VPCD_PORT = 35963
"""vsmartcard-vpcd's first slot, as Debian's /etc/reader.conf.d/vpcd sets it."""

_PCSCD_SOCKET = Path("/run/pcscd/pcscd.comm")


class ReaderBench:
    """pcscd on this machine. Only one can run: its socket has a fixed place."""

    def __init__(self, *, log: Path) -> None:
        pcscd = shutil.which("pcscd") or "/usr/sbin/pcscd"
        self._pcscd = Process("pcscd", [pcscd, "--foreground", "--disable-polkit"], log=log)

    def start(self) -> None:
        """Start pcscd and wait until the virtual reader takes cards."""
        _PCSCD_SOCKET.parent.mkdir(exist_ok=True)
        self._pcscd.start()

        def slot_open() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", VPCD_PORT)) == 0

        wait_until(slot_open, what="the virtual card reader", timeout_s=15)

    def stop(self) -> None:
        """Stop pcscd: from then on no card can be read through it."""
        self._pcscd.stop()

    def card(self, uid: str) -> VirtualCard:
        """Put a card on the reader; it lies there until the returned context ends."""
        return VirtualCard(uid, port=VPCD_PORT)


def obstacle() -> str:
    """Return why the bench can't run here, or nothing."""
    if os.geteuid() != 0:
        return "pcscd keeps its socket in /run/pcscd: the unattended demonstration needs root"
    with socket.socket(socket.AF_UNIX) as probe:
        if probe.connect_ex(str(_PCSCD_SOCKET)) == 0:
            return f"another pcscd runs on this machine ({_PCSCD_SOCKET}): stop it first"
    return ""
