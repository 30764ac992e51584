"""On a disk of root's, or of another machine's account, the county's account gets its folder, and nothing else."""

import datetime as dt
import os
from pathlib import Path

import pytest

from server_broker.backup import setting_up
from server_broker.backup.encryption import TargetFailed
from server_broker.backup.handing_over import hand_over
from server_broker.backup.target import FOLDER, Target
from server_broker.platform.backup_config import BackupConfig
from server_broker.platform.county_config import CountyConfig
from server_broker.platform.home import CountyHome
from server_broker.supervisor.up import initialise

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")

NOW = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
BACKUP = BackupConfig(folder="/mnt/backup", recipient="age1vwhgw2n2ej32xmfqrhqsclpalrlp68sak3fw5uznpenfqhfhnydqld467z")
COUNTY, ELSEWHERE = 1, 12345
"""The accounts: ``daemon`` stands for ``cunhui-county``; this machine does not know the other one."""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CountyHome:
    monkeypatch.setattr(setting_up, "PLACES", (str(tmp_path),))
    made = CountyHome(tmp_path / "county")
    initialise(
        made,
        CountyConfig(name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0, backup=BACKUP),
    )
    made.units_mark.touch()
    os.chown(made.root, COUNTY, COUNTY)
    return made


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    folder = tmp_path / "disk"
    folder.mkdir()
    return folder


def owners(disk: Path) -> dict[str, int]:
    return {path.name: path.lstat().st_uid for path in (disk, *disk.rglob("*"))}


def copied(disk: Path, recipient: str) -> None:
    Target(disk).begin(recipient=recipient, county="示例县", now=NOW)
    (disk / FOLDER / "repo").mkdir()
    (disk / FOLDER / "repo" / "one.age").write_bytes(b"1")
    for path in (disk / FOLDER, *(disk / FOLDER).rglob("*")):
        os.chown(path, ELSEWHERE, ELSEWHERE)


def test_on_a_new_disk_of_roots_a_folder_is_made_and_the_disk_stays_roots(home: CountyHome, disk: Path) -> None:
    assert hand_over(home, disk, disk=False) == f"{disk} 里建了文件夹 {FOLDER}，归账户 daemon。"
    assert owners(disk) == {"disk": 0, FOLDER: COUNTY}
    assert hand_over(home, disk, disk=False) == "", "done already"


def test_the_countys_copies_from_another_machine_are_given_with_all_that_is_theirs(
    home: CountyHome, disk: Path, tmp_path: Path
) -> None:
    copied(disk, BACKUP.recipient)
    secret = tmp_path / "secret"
    secret.touch()
    (disk / FOLDER / "link").symlink_to(secret)
    (disk / FOLDER / "second-name").hardlink_to(secret)
    said = hand_over(home, disk, disk=False)
    assert said == f"{disk / FOLDER} 原来归账户 {ELSEWHERE}，已交给账户 daemon。"
    given = {FOLDER, "cunhui-backup.json", "repo", "one.age"}
    assert {name for name, owner in owners(disk).items() if owner == COUNTY} == given
    assert secret.stat().st_uid == 0


def test_what_is_there_and_not_this_countys_is_left_alone(home: CountyHome, disk: Path, tmp_path: Path) -> None:
    copied(disk, BACKUP.recipient.replace("q", "p"))
    before = owners(disk)
    assert (hand_over(home, disk, disk=False), owners(disk)) == ("", before)
    other = tmp_path / "other"
    other.mkdir()
    (other / FOLDER).symlink_to(tmp_path)
    with pytest.raises(TargetFailed, match="不能交给"):
        hand_over(home, other, disk=False)
    assert tmp_path.stat().st_uid == 0


def test_a_disk_without_owners_is_named_with_what_to_mount_it_with(
    home: CountyHome, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "fchown", refused)
    with pytest.raises(TargetFailed, match="uid=daemon"):
        hand_over(home, disk, disk=False)
    assert list(disk.iterdir()) == []
