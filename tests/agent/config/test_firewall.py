"""``cunhui-agent firewall``: nothing reaches a station from outside, and it reaches everybody."""

from pathlib import Path

import pytest

from agent import cli
from tests.agent.config.good_config import GOOD
from tests.fakes.walled_machine import ADMIN, OUTSIDE, reached


def printed(folder: Path, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    file = folder / "station.toml"
    file.write_text(GOOD, encoding="utf-8")
    assert cli.main(["firewall", "--config", str(file), *words]) == 0
    return capsys.readouterr().out


def test_nothing_comes_in_and_everything_goes_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = printed(tmp_path, capsys)
    assert reached(rules, [22, 443], by=OUTSIDE) == {"22": False, "443": False, "out": True}


def test_an_administrator_who_is_named_comes_in_by_ssh(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rules = printed(tmp_path, capsys, "--admin", ADMIN)
    assert reached(rules, [22, 443], by=ADMIN) == {"22": True, "443": False, "out": True}


def test_a_mistake_prints_no_rules(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "station.toml"
    file.write_text(GOOD, encoding="utf-8")
    assert cli.main(["firewall", "--config", str(file), "--admin", "镇办"]) == 1
    assert capsys.readouterr().out == ""
    file.write_text("[station]\n", encoding="utf-8")
    assert cli.main(["firewall", "--config", str(file)]) == 2
