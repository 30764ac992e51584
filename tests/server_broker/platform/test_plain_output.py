"""What verbs print is shown by a terminal and never obeyed, and a file that they write stays as it is."""

import io
import json
import sys

import pytest

from server_broker import cli
from server_broker.platform.plain_output import plain_output

HOSTILE = "示例\x1b[2J\x9b\r\u202e\u200b"
SPELLED = r"示例\u001b[2J\u009b\r\u202e\u200b"


def test_both_streams(capsys: pytest.CaptureFixture[str]) -> None:
    with plain_output():
        print(f"第一行\n{HOSTILE}")
        print(HOSTILE, file=sys.stderr)
    print("\x1b")
    shown = capsys.readouterr()
    assert shown.out == f"第一行\n{SPELLED}\n\x1b\n"
    assert shown.err == f"{SPELLED}\n"


def test_json_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    with plain_output():
        print(json.dumps({"name": HOSTILE}, ensure_ascii=False))
    assert json.loads(capsys.readouterr().out) == {"name": HOSTILE}


def test_bytes_are_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    under = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)
    monkeypatch.setattr(sys, "stdout", under)
    with plain_output():
        sys.stdout.buffer.write("\u202e\r\n".encode())
    assert under.buffer.seek(0) == 0
    assert under.buffer.read() == "\u202e\r\n".encode()


def test_what_a_verb_quotes(capsys: pytest.CaptureFixture[str], tmp_path: object) -> None:
    assert cli.main(["where", "--home", f"{tmp_path}/\x1b[31m"]) == 1
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err
    assert r"\u001b[31m" in shown.err
