"""A backup is set up when somebody has its key on paper, and what breaks off is set right by a repetition."""

import argparse
import datetime as dt
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from server_broker.backup import setting_up
from server_broker.backup.setting_up import RecoverySheet, set_up
from server_broker.backup.target import Target
from server_broker.platform.county_config import CountyConfig, read_config
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.supervisor import backup_cli
from server_broker.supervisor.up import initialise

NOW = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)


class Setup:
    """A county and an empty disk."""

    def __init__(self, folder: Path) -> None:
        self.home = CountyHome(folder / "county")
        self.disk = folder / "disk"
        self.disk.mkdir()
        config = CountyConfig(name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0)
        initialise(self.home, config)
        self.sheets: list[RecoverySheet] = []

    def set_up(self, *, new: bool = False) -> bool:
        return set_up(self.home, self.disk, disk=False, new=new, now=NOW, hand_over=self.sheets.append)

    @property
    def recipient(self) -> str | None:
        backup = read_config(self.home).backup
        return backup.recipient if backup else None


@pytest.fixture
def county(tmp_path: Path) -> Setup:
    return Setup(tmp_path)


def test_nothing_is_written_before_somebody_has_the_sheet(county: Setup) -> None:
    def ended(sheet: RecoverySheet) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        set_up(county.home, county.disk, disk=False, new=False, now=NOW, hand_over=ended)
    assert (county.recipient, list(county.disk.iterdir())) == (None, [])
    assert county.set_up(), "a key that somebody has seen"


def test_without_room_for_the_settings_the_disk_stays_free(county: Setup, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(setting_up, "write_atomically", full)
        with pytest.raises(ServiceError, match="写不进去：磁盘满了"):
            county.set_up()
    assert county.set_up()
    assert len(county.sheets) == 2


def test_without_room_on_the_disk_a_repetition_goes_on_with_the_key_on_paper(
    county: Setup, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("server_broker.backup.target.Target._write", full)
        with pytest.raises(ServiceError, match="磁盘满了"):
            county.set_up()
    assert not county.set_up()
    assert county.sheets[0].text.count(str(county.recipient)[:16]) == 1


def test_a_mark_that_an_unfinished_setup_has_left_is_named_as_that(county: Setup) -> None:
    Target(county.disk).begin(recipient="age1of-a-key-that-nobody-has", county="示例县", now=NOW)
    with pytest.raises(ServiceError, match="只有另一把密钥的标记"):
        county.set_up()
    assert county.sheets == []


def test_a_file_is_no_folder(county: Setup) -> None:
    county.disk.rmdir()
    county.disk.touch()
    with pytest.raises(ServiceError, match="是一个文件"):
        county.set_up()


def test_another_key_takes_no_disk_that_has_copies(county: Setup) -> None:
    county.set_up()
    before = county.recipient
    with pytest.raises(ServiceError, match="另一把密钥"):
        county.set_up(new=True)
    assert (county.recipient, len(county.sheets)) == (before, 1), "no sheet of a key that nothing uses"


def test_without_a_terminal_nobody_is_told_that_the_key_was_checked(
    county: Setup, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: False))
    chosen = argparse.Namespace(what="setup", folder=str(county.disk), disk=False, new_key=False)
    said = backup_cli.backup(county.home, chosen)
    assert "AGE-SECRET" in capsys.readouterr().out
    assert "设置好了" not in said
    assert "没有人在终端前核对恢复密钥" in said
    assert "backup key" in said


@pytest.mark.parametrize("right", [True, False])
def test_at_a_terminal_the_end_of_the_key_is_typed_from_paper(
    county: Setup, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *, right: bool
) -> None:
    asked: list[str] = []

    def typed(question: str) -> str:
        asked.append(question)
        key = next(line for line in shown[0].splitlines() if "AGE-SECRET" in line)
        return key.split()[-1].lower() if right and len(asked) == 2 else "wrong"

    shown: list[str] = []
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(isatty=lambda: True, write=shown.append, flush=lambda: None))
    monkeypatch.setattr("builtins.input", typed)
    chosen = argparse.Namespace(what="setup", folder=str(county.disk), disk=False, new_key=False)
    if right:
        assert "设置好了" in backup_cli.backup(county.home, chosen)
        assert (len(asked), county.recipient is not None) == (2, True)
    else:
        with pytest.raises(ServiceError, match="什么也没有改动"):
            backup_cli.backup(county.home, chosen)
        assert (county.recipient, list(county.disk.iterdir())) == (None, [])
