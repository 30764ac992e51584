"""The verb `restore` touches what runs only when it has a county to put in its place."""

import argparse
import subprocess
from pathlib import Path

import pytest

from server_broker.backup import restoring
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.supervisor import backup_cli


@pytest.mark.parametrize(("until", "said"), [("", "已有县平台，没有改动"), ("2026-13-99", "不是时间")])
def test_a_county_that_is_there_is_not_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, until: str, said: str
) -> None:
    called: list[object] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: called.append(command))
    home = CountyHome(tmp_path)
    home.units_mark.touch()
    home.config_file.write_text("the county\n", encoding="utf-8")
    chosen = argparse.Namespace(until=until, folder="/mnt/backup", key="/root/key")
    with pytest.raises(ServiceError, match=said):
        backup_cli.restore(home, chosen, say=print)
    assert called == []


@pytest.mark.parametrize(
    ("line", "is_refused"),
    [("UUID=1 {} ext4 defaults 0 2", True), ("# UUID=1 {} ext4 defaults 0 2", False), ("UUID=1 /srv ext4", False)],
)
def test_a_folder_whose_own_disk_is_not_mounted_is_no_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, is_refused: bool
) -> None:
    """The disk with the old county would be mounted over it at the next start."""
    home = CountyHome(tmp_path / "county")
    home.root.mkdir()
    fstab = tmp_path / "fstab"
    fstab.write_text(f"proc /proc proc defaults 0 0\n{line.format(home.root)}\n", encoding="utf-8")
    monkeypatch.setattr(restoring, "_FSTAB", fstab)
    chosen = argparse.Namespace(until="", folder=str(tmp_path / "none"), key=str(tmp_path / "key"))
    with pytest.raises(ServiceError) as refused:
        backup_cli.restore(home, chosen, say=print)
    assert ("挂载点" in str(refused.value)) == is_refused
