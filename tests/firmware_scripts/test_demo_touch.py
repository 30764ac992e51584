"""``./run touch NAME``: whoever is not in the demonstration is named, with those who are."""

import json
from pathlib import Path

import pytest

from firmware_scripts.demo.touch import CAST_FILE, main

CAST = [
    {"number": "P1000", "name": "示例甲一", "station": "demo-0001", "uid": "04112233445566", "socket": "/nonexistent"},
    {"number": "P2000", "name": "示例甲二", "station": "demo-0002", "uid": "04112233445577", "socket": "/nonexistent"},
]


def test_a_name_that_nobody_has_is_said_with_the_names_that_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / CAST_FILE).write_text(json.dumps(CAST), encoding="utf-8")
    assert main(["不存在", "--folder", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert printed.err == "演示里没有叫“不存在”的人。有这些人：\n"
    assert printed.out.splitlines() == ["P1000  示例甲一  demo-0001", "P2000  示例甲二  demo-0002"]
    assert main(["--folder", str(tmp_path)]) == 0
    assert capsys.readouterr().err == ""


def test_a_reader_that_is_gone_is_said_in_chinese(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / CAST_FILE).write_text(json.dumps(CAST), encoding="utf-8")
    assert main(["示例甲一", "--folder", str(tmp_path)]) == 1
    assert "demo-0001: 读卡器没有应答" in capsys.readouterr().err


def test_without_a_demonstration_it_says_how_to_start_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["示例甲一", "--folder", str(tmp_path)]) == 1
    assert "./run demo" in capsys.readouterr().err
