"""Write ``station.toml``: first the devices, then where the package and the county are."""

import json
from collections.abc import Sequence
from pathlib import Path

from agent.config.station_config import BadConfig, StationConfig, load
from agent.setup.conversation import SetupRefused
from agent.setup.place import SetupPlace
from agent.setup.ports import FoundDevice, Value

_MAX_FILE_BYTES = 65_536


def device_sections(
    *, readers: Sequence[FoundDevice], indicator: FoundDevice, camera: FoundDevice | None, place: SetupPlace
) -> str:
    """Return the sections of ``station.toml`` that describe devices."""
    parts = [_section("[[reader]]", one) for one in readers]
    parts.append(_section("[indicator]", indicator))
    if camera is None:
        parts.append('[camera]\ndriver = "none"')
    else:
        parts.append(_section("[camera]", camera, socket=str(place.camera_socket), spool=str(place.spool)))
    return "\n\n".join(parts)


def read_devices(path: Path) -> str:
    """Return a file with the sections of devices as they stand.

    Raises:
        SetupRefused: It can't be read.
    """
    try:
        text = path.read_bytes()[: _MAX_FILE_BYTES + 1].decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SetupRefused(f"读不到设备文件 {path}：{error}") from error
    return text.strip("\n")


def drafted(place: SetupPlace, *, url: str, devices: str) -> tuple[str, StationConfig]:
    """Return the whole text and what it means.

    Raises:
        SetupRefused: The devices' sections have mistakes: all of them.
    """
    # The devices stand first, so that the line of a mistake is the line in the technician's own file.
    text = f"""\
{devices}

# 以下由 cunhui-agent setup 写成

[station]
folder = {_toml(str(place.folder))}

[county]
url = {_toml(url)}
ca = {_toml(str(place.ca))}

[kiosk]
socket = {_toml(str(place.runtime / "kiosk.sock"))}
"""
    place.write(place.draft, text)
    try:
        return text, load(place.draft, with_files=True)
    except BadConfig as bad:
        raise SetupRefused(f"设备写得不对，有 {len(bad.mistakes)} 处：\n{bad}") from bad


def _section(head: str, found: FoundDevice, **more: Value) -> str:
    settings = {"driver": found.driver, **found.settings, **more}
    return "\n".join([head, *(f"{key} = {_toml(value)}" for key, value in settings.items())])


def _toml(value: Value) -> str:
    # Strings and whole numbers are written in TOML as in JSON.
    return json.dumps(value, ensure_ascii=False)
