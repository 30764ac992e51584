"""Find the network interface of the default route, and how strong its radio signal is."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from agent.drivers.linux_files import text

type LinkKind = Literal["ethernet", "wifi", "modem", "other"]

_UP = 0x1
_ETHER, _PPP = "1", "512"
"""ARPHRD_ETHER, ARPHRD_PPP (linux/if_arp.h)."""
_NAME = re.compile(r"[A-Za-z0-9_.@-]{1,15}")


def link_and_signal(root: Path, modem_signal: Callable[[], int | None]) -> tuple[LinkKind | None, int | None]:
    """Return the kind of the link and the signal in per cent, each None if it is not known."""
    interface = _default_interface(text(root / "proc/net/route"))
    if interface is None:
        return None, None
    kind = _kind(root / "sys/class/net" / interface, interface)
    if kind == "wifi":
        return kind, _wifi_signal(text(root / "proc/net/wireless"), interface)
    return kind, modem_signal() if kind == "modem" else None


def _default_interface(routes: str) -> str | None:
    """Return the interface of the default route with the lowest metric (proc(5), ``/proc/net/route``)."""
    found: list[tuple[int, str]] = []
    for line in routes.splitlines()[1:]:
        fields = line.split()
        # The name becomes part of a path, so it must look like one of an interface.
        if len(fields) < 8 or fields[1] != "00000000" or not _NAME.fullmatch(fields[0]):
            continue
        if re.fullmatch(r"[0-9A-Fa-f]{1,8}", fields[3]) and int(fields[3], 16) & _UP and fields[6].isdecimal():
            found.append((int(fields[6]), fields[0]))
    return min(found)[1] if found else None


def _kind(interface: Path, name: str) -> LinkKind:
    """Return the kind of an interface. A 4G stick that acts as a network card (RNDIS) looks like a cable."""
    hardware = text(interface / "type").strip()
    if "DEVTYPE=wwan" in text(interface / "uevent").splitlines() or hardware == _PPP or name.startswith("wwan"):
        return "modem"
    if (interface / "wireless").exists() or (interface / "phy80211").exists():
        return "wifi"
    return "ethernet" if hardware == _ETHER else "other"


def _wifi_signal(wireless: str, interface: str) -> int | None:
    """Return the signal of ``/proc/net/wireless`` in per cent: −100 dBm is 0 %, −50 dBm is 100 %.

    A driver that reports no dBm reports a link quality of at most 70 instead (cfg80211's wireless extensions).
    """
    found = re.search(rf"^\s*{re.escape(interface)}:\s+\w+\s+(\d{{1,3}})\.?\s+(-?\d{{1,3}})\.?", wireless, re.MULTILINE)
    if found is None:
        return None
    quality, level = int(found[1]), int(found[2])
    percent = 2 * (level + 100) if level < 0 else round(quality / 70 * 100)
    return max(0, min(100, percent))
