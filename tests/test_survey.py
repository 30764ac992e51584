"""The survey counts as its docstrings say."""

import json
from pathlib import Path

import pytest

from tests.survey import called_once, code_lines, comments_in, length_of, main, modules_in, percentile, survey

TEXT = '''"""A module."""

import functools  # a reason, for readers
from os import path  # noqa: F401

LIMIT = 3
"""What stands under an attribute is no code."""


@functools.cache
def _once(text: str) -> str:
    """Return it."""

    # The blank line above belongs to the function.
    return text


def _twice() -> str:
    return _once("a # in a string is no comment")


def told() -> list[str]:
    return [_twice(), _twice()]
'''


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for place in ("room/one.py", "room/migrations/0001.py", "room/tests/two.py"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_text(TEXT, encoding="utf-8")
    return tmp_path


def test_measures(checkout: Path) -> None:
    (module,) = modules_in(checkout, ["room"])
    assert [length_of(function) for function in module.functions] == [5, 2, 2]
    assert called_once(module) == ["_once"]
    assert comments_in(module) == 2
    assert code_lines(module) == 10
    assert module.lines == 23


def test_figures(checkout: Path) -> None:
    found = survey(modules_in(checkout, ["room"]))
    assert (found.modules, found.functions, found.function_p50, found.function_longest) == (1, 3, 2, 5)
    assert found.longest_function.endswith("room/one.py:11 _once")
    assert (found.called_once, found.called_once_percent, found.comments_in_100) == (1, 33.3, 20.0)


def test_nothing_is_zero() -> None:
    assert survey([]).called_once_percent == 0
    assert percentile([1, 2, 3, 4], 50) == 3


def test_reports(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "room" / "broken.py").write_text("def :", encoding="utf-8")
    assert main(["--root", str(checkout), "--json", "room"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["modules"] == 1
    assert "broken.py" in said.err
    assert main(["--root", str(checkout), "room", "room/tests"]) == 0
    assert "33.3 % (2)" in capsys.readouterr().out


def test_a_folder_that_is_not_there_is_refused(checkout: Path) -> None:
    with pytest.raises(SystemExit):
        main(["--root", str(checkout), "nowhere"])
