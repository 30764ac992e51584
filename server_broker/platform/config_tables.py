"""Tables of ``county.toml``: their keys judged by the kind of value that each has, and the tables written as TOML.

What a value must say beyond its kind is judged by the module of its table.
"""

import re
from collections.abc import Callable, Collection, Mapping
from typing import Any

HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.\-:]{0,251}[A-Za-z0-9])?")
"""A host name or an address."""
NO_HOST = "不是主机名或地址（只写 county.example 这样的名字，不带 https:// 和端口）"
_WORDS = {str: "引号里的文字", int: "数字", bool: " true 或 false", list: "方括号里的一列文字"}

type Problems = list[tuple[str, str]]
"""Wrong keys, each with its error in Chinese. What is missing is told under an empty key."""


def table_problems(
    name: str,
    table: Any,
    kinds: Mapping[str, type],
    *,
    required: Collection[str] = (),
    judge: Callable[[str, Any], str] = lambda _key, _value: "",
) -> Problems:
    """Judge a table.

    Args:
        name: The table's, as an error names it.
        kinds: What kind of value each key has.
        judge: Returns in Chinese what else is wrong with the value of a key; empty if nothing is.
    """
    if not isinstance(table, dict):
        return [("", f"应为 [{name}] 下面的一组设置")]
    problems = [
        (key, words) for key, value in table.items() if (words := _wrong(kinds, key, value) or judge(key, value))
    ]
    return problems + [("", f"缺少 {key}") for key in required if key not in table]


def _wrong(kinds: Mapping[str, type], key: str, value: Any) -> str:
    if words := wrong_kind(kinds.get(key), key, value):
        return words
    return "不能为空" if value == "" or (isinstance(value, str) and "\0" in value) else ""


def wrong_kind(kind: type | None, key: str, value: Any, *, ports: str = "1 到 65535") -> str:
    """Return in Chinese why the value is not of the key's kind, or no port where it has to be one; empty if it is.

    Args:
        kind: None: there is no such key.
        ports: The allowed port numbers, as the error names them.
    """
    if kind is None:
        return "不是这里的设置项"
    # For Python a TOML boolean is an int too: port = true would be port 1.
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        return f"应为{_WORDS[kind]}"
    if key.rpartition("_")[2] == "port" and isinstance(value, int) and not 1 <= value <= 65535:
        return f"{value} 不是端口，应为 {ports}"
    return ""


def table_text(name: str, values: Mapping[str, Any], *, comment: str) -> str:
    """Return a table as TOML, to be put at the end of the file. Empty texts are left out."""
    lines = [f"{key} = {toml_value(value)}" for key, value in values.items() if value != ""]
    return "\n".join(["", f"# {comment}", f"[{name}]", *lines, ""])


def toml_value(value: Any) -> str:
    """Return a value of one of the kinds as TOML."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(toml_value, value))}]"
    return str(value) if isinstance(value, int) else toml_text(value)


def toml_text(value: str) -> str:
    """Return a text as a TOML basic string (TOML 1.0.0)."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(f"\\u{ord(one):04x}" if ord(one) < 32 or ord(one) == 127 else one for one in escaped) + '"'
