"""A table of county.toml is written so that TOML reads it back, and judged key by key."""

import tomllib

import pytest

from server_broker.platform.config_tables import table_problems, table_text

_KINDS = {"host": str, "port": int, "disk": bool, "hosts": list}


def test_what_is_written_is_read_back() -> None:
    values = {"host": 'a"b\\c\x7f\n村', "port": 1, "disk": True, "hosts": ["x", "y"], "left_out": ""}
    text = table_text("mine", values, comment="县里的")
    assert tomllib.loads(text) == {"mine": {key: value for key, value in values.items() if value != ""}}


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("host", 1, "应为引号里的文字"),
        ("host", "", "不能为空"),
        ("host", "a\0b", "不能为空"),
        ("port", True, "应为数字"),
        ("port", 65_536, "65536 不是端口，应为 1 到 65535"),
        ("disk", 1, "应为 true 或 false"),
        ("hosts", "x", "应为方括号里的一列文字"),
        ("other", 1, "不是这里的设置项"),
    ],
)
def test_a_wrong_value_is_named(key: str, value: object, said: str) -> None:
    assert table_problems("mine", {key: value}, _KINDS) == [(key, said)]


def test_what_is_missing_and_no_table() -> None:
    assert table_problems("mine", {}, _KINDS, required=["host"]) == [("", "缺少 host")]
    assert table_problems("mine", 3, _KINDS, required=["host"]) == [("", "应为 [mine] 下面的一组设置")]
