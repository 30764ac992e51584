"""Read ``station.toml`` and report all mistakes in it at once, each with its line.

The station's folder is relative to the folder of the file; every other path is relative to the station's folder. An
unknown key is a mistake, so that a misspelt setting does not silently become its default. Messages are Chinese, for the
technician.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from agent.causes import cause
from agent.config import toml_lines
from agent.config.catalogue import (
    CAMERA_PROCESS_SETTINGS,
    CAMERA_SETTINGS,
    CAMERAS,
    INDICATORS,
    INPUTS,
    MACHINES,
    READERS,
    SPEAKERS,
    DriverMissing,
    settings_of,
)
from agent.config.settings import KINDS, USB_ID, ConfigSettings, Setting, filled, one_of, shaped
from agent.config.toml_lines import TomlPath, TomlText
from protocol.facts import ContactKind

OUTBOX_FILE = "outbox.db"
"""In the station's folder."""
MAX_SOCKET_PATH_BYTES = 107
"""Longest path of a unix socket (unix(7): sun_path holds 108 bytes with its final zero)."""
_MAX_FILE_BYTES = 65_536


class Mistake(Struct, frozen=True, order=True):
    """One thing that is wrong. ``line`` counts from 1; 0 means the file as a whole."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"第 {self.line} 行：{self.message}" if self.line else self.message


class BadConfig(Exception):
    """The file can't be used. ``mistakes`` holds all its mistakes, sorted by line."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in sorted(mistakes)))
        self.mistakes = tuple(sorted(mistakes))


class StationConfig(Struct, frozen=True):
    """The parts of a station and how they are set. All paths are absolute."""

    folder: Path
    county_url: str
    """``https://HOST[:PORT]`` without a final slash."""
    county_ca: Path
    readers: tuple["ChosenDriver", ...]
    indicator: "ChosenDriver"
    camera: "ChosenDriver | None"
    speaker: "ChosenDriver | None"
    inputs: tuple["ChosenInput", ...]
    machine: "ChosenDriver"
    kiosk_socket: Path
    keyboards: tuple[str, ...] | None
    """USB vendor and product of the keyboards that are allowed, beside card readers; None if all are allowed."""
    rtc: Path | None
    modem: str | None
    """``mmcli``, or the path of an AT port."""


class ChosenDriver(Struct, frozen=True):
    """A driver with its settings. ``name`` is what people and facts call the device."""

    driver: str
    name: str
    settings: dict[str, Any]


class ChosenInput(Struct, frozen=True):
    """A driver of an input with its settings, and what kind of sensor the input is."""

    sensor: ContactKind
    chosen: ChosenDriver


def _https_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        port = parts.port  # raises ValueError for a wrong port, which urlsplit itself does not look at
    except ValueError:
        return f"“{value}”不是网址"
    plain = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
    if parts.scheme != "https" or not parts.hostname or not plain or port == 0:
        return f"“{value}”应当形如 https://主机:端口"
    return ""


def _usb_ids(values: list[Any]) -> str:
    problems = [USB_ID(value) if isinstance(value, str) else f"“{value}”应当加引号" for value in values]
    return "；".join(filter(None, problems))


_NO_CLOCK = "none"
_PATH = Setting(str, required=True, check=filled)
_SECTIONS: dict[str, dict[str, Setting]] = {
    "station": {"folder": _PATH},
    "county": {"url": Setting(str, required=True, check=_https_url), "ca": _PATH},
    "keyboards": {"allowed": Setting(list, check=_usb_ids)},
    "kiosk": {"socket": Setting(str, "kiosk.sock", check=filled, path="socket")},
    "clock": {
        "rtc": Setting(str, _NO_CLOCK, check=shaped(r"none|/dev/rtc\d{1,2}", "/dev/rtc0，没有就写 none")),
        "modem": Setting(
            str, _NO_CLOCK, check=shaped(r"none|mmcli|/dev/[\w./-]{1,80}", "mmcli 或 /dev/ttyUSB2，没有就写 none")
        ),
    },
}
_NO_CAMERA = "none"
_NO_SETTINGS: ConfigSettings = {}
_SENSOR: ConfigSettings = {"kind": Setting(str, required=True, check=one_of("door", "motion"))}
_MACHINE = {"driver": "linux"}
"""The machine's section, if the file has none."""
MAX_NAME = 24
_NAME_SIGNS = re.compile(r"[\w-]+")


def _device_name(value: str) -> str:
    if not _NAME_SIGNS.fullmatch(value) or value.startswith("-"):
        return f"“{value}”不能有空格和括号，只能用汉字、字母、数字、- 和 _"
    return "" if len(value) <= MAX_NAME else f"“{value}”太长，最多 {MAX_NAME} 个字"


_NAME = Setting(str, check=_device_name)


INSTALLED_CONFIG = Path("/etc/cunhui/station.toml")
"""Where the package's station has its configuration."""


def load(path: Path, *, with_files: bool = False) -> StationConfig:
    """Read a station's configuration.

    Args:
        with_files: Report also a missing or wrong CA file of the county. A station that starts must not check it,
            because it takes cards even without.

    Raises:
        BadConfig: It holds every mistake that was found.
    """
    written = toml_lines.read(_read(path))
    checker, table = _Checker(written), written.table
    values = {section: checker.section((section,), table.get(section), _SECTIONS[section]) for section in _SECTIONS}
    indicator = checker.device(("indicator",), table.get("indicator"), INDICATORS)
    of_all_cameras = {**CAMERA_PROCESS_SETTINGS, **CAMERA_SETTINGS}
    # A station without a camera says so with ``none``, so that a section that was forgotten is a mistake.
    camera = checker.device(("camera",), table.get("camera"), CAMERAS, of_all_cameras, none=(_NO_CAMERA,))
    speaker = checker.device(("speaker",), table["speaker"], SPEAKERS) if "speaker" in table else None
    machine = checker.device(("machine",), table.get("machine", _MACHINE), MACHINES)
    readers = checker.readers(table.get("reader"))
    inputs = checker.inputs(table.get("input", []))
    checker.unknown_sections(table)
    folder = (path.resolve().parent / str(values["station"]["folder"])).absolute()
    checker.place_paths(folder)
    checker.nothing_twice()
    if with_files and values["county"]["ca"]:
        checker.certificates(folder / values["county"]["ca"], ("county", "ca"))
    checker.stop_if_wrong()
    return StationConfig(
        folder=folder,
        county_url=values["county"]["url"].rstrip("/"),
        county_ca=folder / values["county"]["ca"],
        readers=tuple(readers),
        indicator=indicator,
        camera=None if camera.driver == _NO_CAMERA else camera,
        speaker=speaker,
        inputs=tuple(inputs),
        machine=machine,
        kiosk_socket=values["kiosk"]["socket"],
        keyboards=None if values["keyboards"]["allowed"] is None else tuple(values["keyboards"]["allowed"]),
        rtc=None if values["clock"]["rtc"] == _NO_CLOCK else Path(values["clock"]["rtc"]),
        modem=None if values["clock"]["modem"] == _NO_CLOCK else values["clock"]["modem"],
    )


def _read(path: Path) -> str:
    try:
        raw = path.read_bytes()[: _MAX_FILE_BYTES + 1]  # the one byte more shows that a file is too long
    except OSError as error:
        raise BadConfig([Mistake(0, f"读不到配置文件 {path}：{cause(error)}")]) from error
    if len(raw) > _MAX_FILE_BYTES:
        raise BadConfig([Mistake(0, f"配置文件 {path} 过大")])
    try:
        return raw.decode("utf-8-sig")  # Windows' editor puts a byte order mark before the text
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise BadConfig([Mistake(line, "不是 UTF-8 文字")]) from error


class _Checker:
    """Collects mistakes while the file is read."""

    def __init__(self, written: TomlText) -> None:
        self._written = written
        self._mistakes = [Mistake(line, message) for line, message in written.mistakes.items()]
        self._paths: list[tuple[TomlPath, str, Setting, dict[str, Any]]] = []
        self._takers: list[tuple[TomlPath, Setting, object]] = []

    def stop_if_wrong(self) -> None:
        if self._mistakes:
            raise BadConfig(self._mistakes)

    def section(self, path: TomlPath, table: object, settings: ConfigSettings) -> dict[str, Any]:
        """Check one section and return its values, defaults filled in."""
        values = {name: setting.default for name, setting in settings.items()}
        if not isinstance(table, dict | None):
            self._add(path, f"{path[0]} 应当是一节 [{path[0]}]")
            return values
        for name in (table or {}).keys() - settings.keys():
            self._add((*path, name), f"[{path[0]}] 中没有 {name} 这一项")
        for name, setting in settings.items():
            given = (table or {}).get(name)
            value = values[name] = setting.default if given is None else given
            if not self._is_good((*path, name), setting, given) or value is None:
                continue
            if setting.path != "no":
                self._paths.append((path, name, setting, values))
            if setting.takes:
                self._takers.append(((*path, name), setting, value))
        return values

    def _is_good(self, path: TomlPath, setting: Setting, given: object) -> bool:
        """Note what is wrong with a value; ``given`` is None if the file has none."""
        problem = ""
        if given is None:
            problem = f"[{path[0]}] 缺少 {path[-1]}" if setting.required and not self._is_lost(path) else ""
        # Not isinstance, because true would pass for a number: bool is a subclass of int.
        elif type(given) is not setting.kind:
            problem = f"{path[-1]} 应当是{KINDS[setting.kind]}"
        elif wrong := setting.check(given):
            problem = f"{path[-1]}：{wrong}"
        elif isinstance(given, str) and not given.isprintable():
            problem = f"{path[-1]}：里面有看不见的字，请重新输入"
        if problem:
            self._add(path, problem)
        return not problem

    def device(
        self,
        path: TomlPath,
        table: object,
        drivers: Mapping[str, str],
        common: ConfigSettings = _NO_SETTINGS,
        none: tuple[str, ...] = (),
    ) -> ChosenDriver:
        """Check a section that chooses a driver, with the ``common`` settings and those of the driver.

        Args:
            none: Names that mean no device at all.
        """
        name = table.get("driver") if isinstance(table, dict) else None
        known: ConfigSettings | None = _NO_SETTINGS if name in none else None
        if isinstance(name, str) and name in drivers:
            try:
                known = settings_of(drivers[name])
            except DriverMissing as error:
                self._add((*path, "driver"), f"driver：本机少装了程序库 {error.library}，这个驱动用不了")
        if known is None and isinstance(table, dict):
            # Without a known driver nobody can say which other settings belong here, so only the driver is reported.
            table = {key: value for key, value in table.items() if key in ("driver", "name", *common)}
        return self.chosen(path, table, (*none, *drivers), {**common, **(known or {})})

    def chosen(self, path: TomlPath, table: object, drivers: tuple[str, ...], settings: ConfigSettings) -> ChosenDriver:
        """Check a section that chooses one of some drivers with the same settings."""
        names = {"driver": Setting(str, required=True, check=one_of(*drivers)), "name": _NAME}
        values = self.section(path, table, {**names, **settings})
        driver, name = str(values.pop("driver")), values.pop("name")
        return ChosenDriver(driver=driver, name=name or driver, settings=values)

    def readers(self, tables: object) -> list[ChosenDriver]:
        """Check the readers, each a section ``[[reader]]``."""
        if not isinstance(tables, list) or not tables:
            # A section that is there but can't be read has its mistake already.
            if self._is_lost(("reader",)):
                return []
            self._add(("reader",), "至少要有一个读卡器，每个写成一节 [[reader]]")
            return []
        chosen = [self.device(("reader", number), table, READERS) for number, table in enumerate(tables)]
        self._names_differ("reader", "读卡器", chosen)
        return chosen

    def inputs(self, tables: object) -> list[ChosenInput]:
        """Check the door contacts and motion sensors, each a section ``[[input]]``; there may be none."""
        if not isinstance(tables, list):
            self._add(("input",), "门磁和人体感应每个写成一节 [[input]]")
            return []
        chosen = [self.device(("input", number), table, INPUTS, _SENSOR) for number, table in enumerate(tables)]
        self._names_differ("input", "输入", chosen)
        return [ChosenInput(sensor=one.settings.pop("kind"), chosen=one) for one in chosen]

    def _names_differ(self, section: str, what: str, chosen: list[ChosenDriver]) -> None:
        for number, one in enumerate(chosen):
            if one.name in [other.name for other in chosen[:number]]:
                self._add((section, number), f"有两个{what}都叫“{one.name}”，请用 name 取不同的名字")

    def unknown_sections(self, table: dict[str, Any]) -> None:
        for name in table.keys() - {*_SECTIONS, "indicator", "camera", "machine", "reader", "input", "speaker"}:
            self._add((name,), f"没有 {name} 这一节")

    def place_paths(self, folder: Path) -> None:
        """Make paths absolute. Refuse socket paths that the kernel would refuse, and those that are used twice."""
        taken: dict[Path, TomlPath] = {}
        for path, name, setting, values in self._paths:
            place = values[name] = folder / values[name]
            if setting.path == "socket":
                if len(os.fsencode(place)) > MAX_SOCKET_PATH_BYTES:
                    self._add((*path, name), f"{name}：路径过长（最多 {MAX_SOCKET_PATH_BYTES} 字节）")
                first = taken.setdefault(place, (*path, name))
                if first != (*path, name):
                    self._add((*path, name), f"{name}：与{self._where(first)} 同名，请取不同的名字")

    def certificates(self, file: Path, path: TomlPath) -> None:
        """Refuse a file that can't be read or holds no certificate (RFC 7468)."""
        try:
            found = b"-----BEGIN CERTIFICATE-----" in file.read_bytes()[:_MAX_FILE_BYTES]
        except OSError as error:
            self._add(path, f"{path[-1]}：{cause(error)}")
            return
        if not found:
            self._add(path, f"{path[-1]}：{file} 里没有证书，请用县里给的那个文件")

    def nothing_twice(self) -> None:
        """Refuse a value that two settings can't share, such as a pin."""
        taken: dict[tuple[str, object], TomlPath] = {}
        for path, setting, value in self._takers:
            first = taken.setdefault((setting.takes, value), path)
            if first is not path:
                self._add(path, f"{path[-1]}：{setting.takes} {value} 已经给了{self._where(first)}，不能再用")

    def _where(self, place: TomlPath) -> str:
        """Say where a setting stands in the file. A setting that is not in the file has its default."""
        line = self._line(place)
        return f"第 {line} 行的 {place[-1]}" if line else f"[{place[0]}] 的 {place[-1]}（没写，是默认值）"

    def _add(self, path: TomlPath, message: str) -> None:
        """Note a mistake on the line of the nearest key or section of a path. A line that has a mistake of writing
        already gets no other."""
        line = self._line(path)
        if line not in self._written.mistakes:
            self._mistakes.append(Mistake(line, message))

    def _is_lost(self, path: TomlPath) -> bool:
        return any(path[:end] in self._written.lost for end in range(1, len(path) + 1))

    def _line(self, path: TomlPath) -> int:
        parts = [path[:end] for end in range(len(path), 0, -1)]
        return next((self._written.lines[part] for part in parts if part in self._written.lines), 0)
