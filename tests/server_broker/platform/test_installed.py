"""The package's program knows its county's folder by where the program itself lies, also while the folder is away."""

import datetime as dt
import os
import subprocess
import sys
from pathlib import Path

import pytest

from server_broker import cli
from server_broker.platform import installed, invocation
from server_broker.platform.county_config import read_config
from server_broker.platform.home import CountyHome
from server_broker.platform.installed import is_installed, make_installed_folder
from server_broker.platform.invocation import command_line, default_home
from server_broker.platform.processes import ServiceError
from server_broker.supervisor import doctor, setup


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CountyHome:
    """The folder of the installed county, which is not there."""
    home = CountyHome(tmp_path / "county")
    monkeypatch.delenv("CUNHUI_HOME", raising=False)
    monkeypatch.setattr(sys, "prefix", str(installed.PACKAGE))
    for module in (installed, invocation):
        monkeypatch.setattr(module, "INSTALLED", home.root)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    return home


def remedy(home: CountyHome) -> str:
    return doctor.examine(home, now=dt.datetime.now(dt.UTC))[0].remedy


def test_a_folder_that_is_away_is_still_the_installed_county(away: CountyHome, monkeypatch: pytest.MonkeyPatch) -> None:
    assert default_home() == str(away.root)
    assert is_installed(away)
    assert command_line(away, "doctor").endswith("cunhui-server doctor"), "nobody has to type the folder"
    monkeypatch.setattr(sys, "prefix", "/srv/checkout/.venv")
    assert command_line(away, "doctor").endswith(f"cunhui-server doctor --home {away.root}")
    assert default_home() == "var/county"


def test_the_folder_is_made_again_as_the_package_makes_it(away: CountyHome, monkeypatch: pytest.MonkeyPatch) -> None:
    def tmpfiles(command: list[str], **_: object) -> "subprocess.CompletedProcess[str]":
        assert command == ["/usr/bin/systemd-tmpfiles", "--create", "cunhui-county.conf"]
        away.root.mkdir()
        away.units_mark.touch()
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", tmpfiles)
    assert "重新建了一个空的" in make_installed_folder(away)
    assert make_installed_folder(away) == ""
    assert make_installed_folder(CountyHome(away.root.parent / "other")) == ""


def test_where_the_folder_can_not_be_made_nothing_goes_on(away: CountyHome, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = subprocess.CompletedProcess([], 1, "", "Read-only file system")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(ServiceError, match="Read-only"):
        make_installed_folder(away)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ServiceError, match="sudo"):
        make_installed_folder(away)


def test_what_to_type_is_what_makes_a_county_there(away: CountyHome, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ServiceError, match="cunhui-server setup"):
        read_config(away)
    assert "setup" in remedy(away)
    assert "init" not in remedy(away)
    assert cli.main(["init", "--name", "示例县", "--host", "127.0.0.1", "--home", str(away.root)]) == 1
    assert "没有改动" in capsys.readouterr().err
    assert not away.config_file.exists()
    away.restoring.mkdir(parents=True)
    assert "再运行一次 cunhui-server restore" in remedy(away)
    wrong = setup.machine_problems(away, euid=0, now=dt.datetime.now(dt.UTC))
    assert any("这里的恢复没有做完" in line for line in wrong)


def test_a_slip_in_county_toml_is_no_reason_for_a_new_county(away: CountyHome) -> None:
    away.root.mkdir()
    away.config_file.write_text("name =\n", encoding="utf-8")
    assert "config check" in remedy(away)
    assert "setup" not in remedy(away)


def test_who_may_not_read_the_county_is_told_so(
    away: CountyHome, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    away.root.mkdir()
    away.units_mark.touch()
    monkeypatch.setattr(os, "geteuid", lambda: away.units_mark.stat().st_uid + 1)
    for verb in ("doctor", "status"):
        assert cli.main([verb, "--home", str(away.root)]) == 1
        assert capsys.readouterr().err == "要用 root 运行：前面加 sudo\n"


def test_ctrl_c_in_a_setup_is_no_traceback(
    away: CountyHome, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    away.root.mkdir()
    away.units_mark.touch()
    monkeypatch.setattr(setup, "setup", stopped)
    assert cli.main(["setup", "--home", str(away.root)]) == 1
    assert "会接着做" in capsys.readouterr().err
    monkeypatch.setattr(cli, "_settle", stopped)
    assert cli.main(["settle", "--case", "x"]) == 130
