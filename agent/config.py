"""Read ``station.toml`` and name every mistake in it at once, each with its line.

The folder is relative to the file's own folder, every other path to the station's folder. An unknown key is a
mistake: a misspelt setting must not become a silent default. Messages are Chinese, for the technician.
"""

import os
import re
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

READERS = ("simulated", "pcsc")
INDICATORS = ("simulated",)
CAMERAS = ("simulated", "none")

MAX_SOCKET_PATH_BYTES = 107
"""Longest path of a unix socket (unix(7): sun_path holds 108 bytes with its final zero)."""
_MAX_FILE_BYTES = 65_536


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One thing that is wrong. ``line`` counts from 1; 0 means the file as a whole."""

    line: int
    message: str

    def __str__(self) -> str:
        return f"第 {self.line} 行：{self.message}" if self.line else self.message


class BadConfig(Exception):
    """The file can't be used; ``mistakes`` are all of them, by line."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in sorted(mistakes)))
        self.mistakes = tuple(sorted(mistakes))


@dataclass(frozen=True, slots=True)
class StationConfig:
    """What a station is made of. All paths are absolute."""

    folder: Path
    county_url: str
    """``https://HOST[:PORT]`` without a final slash."""
    county_ca: Path
    readers: tuple[str, ...]
    pcsc_name: str
    """Part of the name of the PC/SC reader to use; empty: the first that there is."""
    indicator: str
    lamp_socket: Path
    camera: str
    kiosk_socket: Path
    touch_socket: Path


@dataclass(frozen=True, slots=True)
class _Key:
    kind: type
    default: Any = None
    required: bool = False
    check: Callable[[Any], str] = lambda _: ""


def _one_of(choices: tuple[str, ...]) -> Callable[[str], str]:
    return lambda value: "" if value in choices else f"没有名为“{value}”的驱动，可选：{'、'.join(choices)}"


def _readers(value: list[Any]) -> str:
    if not value or len(set(map(str, value))) != len(value):
        return "至少写一个驱动，且不能重复"
    return "；".join(filter(None, map(_one_of(READERS), map(str, value))))


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        return f"“{value}”不是网址"
    plain = parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
    if parts.scheme != "https" or not parts.hostname or not plain or port == 0:
        return f"“{value}”应当形如 https://主机:端口"
    return ""


def _filled(value: str) -> str:
    return "" if value.strip() and "\x00" not in value else "不能为空"


_PATH = _Key(str, required=True, check=_filled)
_SCHEMA: dict[str, dict[str, _Key]] = {
    "station": {"folder": _PATH},
    "county": {"url": _Key(str, required=True, check=_url), "ca": _PATH},
    "reader": {
        "driver": _Key(str, check=_one_of(READERS)),
        "drivers": _Key(list, check=_readers),
        "pcsc_name": _Key(str, ""),
    },
    "indicator": {
        "driver": _Key(str, required=True, check=_one_of(INDICATORS)),
        "socket": _Key(str, "lamp.sock", check=_filled),
    },
    "camera": {"driver": _Key(str, required=True, check=_one_of(CAMERAS))},
    "kiosk": {"socket": _Key(str, "kiosk.sock", check=_filled)},
    "demo": {"touch_socket": _Key(str, "touch.sock", check=_filled)},
}
_KINDS: dict[type, str] = {str: "文字（加引号）", list: "列表"}


def load(path: Path) -> StationConfig:
    """Read a station's configuration.

    Raises:
        BadConfig: With every mistake found.
    """
    text = _read(path)
    checker = _Checker(text)
    table = checker.parse()
    values = {section: checker.section(section, table.get(section)) for section in _SCHEMA}
    checker.unknown_sections(table)
    checker.one_reader_key(values["reader"])
    checker.stop_if_wrong()
    config = _config(path.resolve().parent, values)
    checker.sockets(config)
    checker.stop_if_wrong()
    return config


def _read(path: Path) -> str:
    try:
        raw = path.read_bytes()[: _MAX_FILE_BYTES + 1]
    except OSError as error:
        raise BadConfig([Mistake(0, f"读不到配置文件 {path}：{error.strerror}")]) from error
    if len(raw) > _MAX_FILE_BYTES:
        raise BadConfig([Mistake(0, f"配置文件 {path} 过大")])
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise BadConfig([Mistake(line, "不是 UTF-8 文字")]) from error


def _config(base: Path, values: dict[str, dict[str, Any]]) -> StationConfig:
    folder = (base / values["station"]["folder"]).absolute()
    reader = values["reader"]
    return StationConfig(
        folder=folder,
        county_url=values["county"]["url"].rstrip("/"),
        county_ca=folder / values["county"]["ca"],
        readers=tuple(reader["drivers"] or [reader["driver"]]),
        pcsc_name=reader["pcsc_name"],
        indicator=values["indicator"]["driver"],
        lamp_socket=folder / values["indicator"]["socket"],
        camera=values["camera"]["driver"],
        kiosk_socket=folder / values["kiosk"]["socket"],
        touch_socket=folder / values["demo"]["touch_socket"],
    )


class _Checker:
    """Collects mistakes while the file is read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._lines = _lines_of_keys(text)
        self._mistakes: list[Mistake] = []

    def stop_if_wrong(self) -> None:
        if self._mistakes:
            raise BadConfig(self._mistakes)

    def parse(self) -> dict[str, Any]:
        """Read the TOML; a line that can't be read is named and left out, so that the rest is checked too."""
        lines = self._text.splitlines()
        for _ in range(len(lines) + 1):
            try:
                return tomllib.loads("\n".join(lines) + "\n")
            except tomllib.TOMLDecodeError as error:
                at = re.search(r"at line (\d+)", str(error))
                number = min(int(at[1]), len(lines)) if at else len(lines)
                self._add(number, "这一行不符合 TOML 格式")
                lines[number - 1] = ""
        return {}

    def section(self, name: str, table: object) -> dict[str, Any]:
        """Check one section and return its values, defaults filled in."""
        keys = _SCHEMA[name]
        line = self._lines.get((name,), 0)
        if table is None:
            table = {}
        if not isinstance(table, dict):
            self._add(line, f"{name} 应当是一节 [{name}]")
            return {key: spec.default for key, spec in keys.items()}
        for key in table.keys() - keys.keys():
            self._add(self._lines.get((name, key), line), f"[{name}] 中没有 {key} 这一项")
        return {key: self._value(name, key, spec, table.get(key)) for key, spec in keys.items()}

    def _value(self, section: str, key: str, spec: _Key, value: object) -> object:
        line = self._lines.get((section, key), self._lines.get((section,), 0))
        if value is None:
            if spec.required:
                self._add(line, f"[{section}] 缺少 {key}")
            return spec.default
        if type(value) is not spec.kind:
            self._add(line, f"{key} 应当是{_KINDS[spec.kind]}")
        elif problem := spec.check(value):
            self._add(line, f"{key}：{problem}")
        return value

    def unknown_sections(self, table: dict[str, Any]) -> None:
        for name in table.keys() - _SCHEMA.keys():
            self._add(self._lines.get((name,), 0), f"没有 {name} 这一节")

    def one_reader_key(self, reader: dict[str, Any]) -> None:
        if (reader["driver"] is None) == (reader["drivers"] is None):
            self._add(self._lines.get(("reader",), 0), "[reader] 要写 driver 或 drivers，只写其中一个")

    def sockets(self, config: StationConfig) -> None:
        """Refuse socket paths that the kernel refuses and paths used twice."""
        places = {
            ("indicator", "socket"): config.lamp_socket,
            ("kiosk", "socket"): config.kiosk_socket,
            ("demo", "touch_socket"): config.touch_socket,
        }
        taken: set[Path] = set()
        for (section, key), path in places.items():
            line = self._lines.get((section, key), self._lines.get((section,), 0))
            if len(os.fsencode(path)) > MAX_SOCKET_PATH_BYTES:
                self._add(line, f"{key}：路径过长（最多 {MAX_SOCKET_PATH_BYTES} 字节）")
            if path in taken:
                self._add(line, f"{key}：与另一个套接字同名")
            taken.add(path)

    def _add(self, line: int, message: str) -> None:
        self._mistakes.append(Mistake(line, message))


_HEADER = re.compile(r"\s*\[\s*([A-Za-z0-9_.\-\"' ]+?)\s*\]")
_KEY = re.compile(r"\s*([A-Za-z0-9_.\-\"' ]+?)\s*=")


def _lines_of_keys(text: str) -> dict[tuple[str, ...], int]:
    """Return the line on which each section and key first stands (tomllib tells no lines)."""
    found: dict[tuple[str, ...], int] = {}
    section: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            section = _parts(header[1])
            found.setdefault(section, number)
        elif key := _KEY.match(line):
            path = section + _parts(key[1])
            found.setdefault(path, number)
            found.setdefault(path[:1], number)
    return found


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
