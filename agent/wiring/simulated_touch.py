"""Present a card at a simulated reader of a station that runs on this machine."""

import re
import socket

from agent.causes import cause
from agent.config.station_config import StationConfig

_UID = re.compile(r"[0-9a-f]{8}|[0-9a-f]{14}|[0-9a-f]{20}")
"""ISO/IEC 14443-3: single, double and triple size."""
_PATIENCE_S = 10.0


class NoSuchReader(Exception):
    """Nothing was presented. The message is Chinese, for the person who typed it."""


def present_card(config: StationConfig, uid: str, *, reader: str = "") -> str:
    """Present the card at the station's simulated reader, and return the reader's name.

    Args:
        uid: Hex digits, in either case.
        reader: Its name; may be empty if there is one alone.

    Raises:
        NoSuchReader: The number is none, there is no such reader, or the station does not run.
    """
    if not _UID.fullmatch(uid.lower()):
        raise NoSuchReader(f"“{uid}”不是卡号：要 8、14 或 20 位十六进制数字")
    simulated = [one for one in config.readers if one.driver == "simulated" and reader in ("", one.name)]
    if len(simulated) != 1:
        names = "、".join(one.name for one in config.readers if one.driver == "simulated")
        raise NoSuchReader(f"请用 --reader 写明模拟读卡器：{names}" if names else "station.toml 里没有模拟的读卡器")
    (chosen,) = simulated
    try:
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(_PATIENCE_S)
            line.connect(str(chosen.settings["socket"]))
            line.sendall(f"{uid.lower()}\n".encode("ascii"))
            answered = line.recv(16).strip()
    except OSError as error:
        raise NoSuchReader(f"读卡器 {chosen.name} 没有应答（{cause(error)}）：站点程序在运行吗？") from error
    if answered != b"ok":
        raise NoSuchReader(f"读卡器 {chosen.name} 没有收下这张卡")
    return chosen.name
