"""Nobody is told of backups that work; an alarm opens when copies stop or nobody proves them, and closes again."""

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from server_broker import cli
from server_broker.backup.state import backup_status, note, overdue, unproven
from server_broker.backup.target import Manifest, Target
from server_broker.backup.watching import watch_backups
from server_broker.fleet.models import Alarm
from server_broker.platform.backup_config import BackupConfig
from server_broker.platform.county_config import CountyConfig
from server_broker.platform.home import CountyHome
from server_broker.supervisor.doctor import examine
from server_broker.supervisor.up import initialise

NOW = dt.datetime(2026, 12, 1, 8, tzinfo=dt.UTC)
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
BACKUP = BackupConfig(folder="/mnt/backup", recipient="age1vwhgw2n2ej32xmfqrhqsclpalrlp68sak3fw5uznpenfqhfhnydqld467z")


def county(folder: Path, backup: BackupConfig | None = BACKUP) -> CountyHome:
    home = CountyHome(folder / "county")
    config = CountyConfig(
        name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0, backup=backup
    )
    initialise(home, config)
    home.backup.mkdir()
    return home


def test_before_anything_is_set_up_nothing_is_overdue(tmp_path: Path) -> None:
    status = backup_status(county(tmp_path, None))
    assert (status.target, overdue(status, now=NOW), unproven(status, now=NOW)) == (None, "", "")


def test_a_new_backup_has_a_day_for_its_first_copy(tmp_path: Path) -> None:
    home = county(tmp_path)
    note(home, set_up_at=NOW)
    assert overdue(backup_status(home), now=NOW + DAY) == ""
    assert overdue(backup_status(home), now=NOW + DAY + HOUR) == "已超过 24 小时没有备份到盘上，一次也没有成功"
    assert "一次也没有" in unproven(backup_status(home), now=NOW + 11 * DAY)


def test_a_damaged_state_counts_as_none(tmp_path: Path) -> None:
    home = county(tmp_path)
    (home.backup / "state.json").write_text("rubbish")
    assert backup_status(home).last_copy_at is None


@pytest.mark.django_db
def test_the_alarms_open_with_the_reason_and_close(tmp_path: Path) -> None:
    home = county(tmp_path)
    note(home, set_up_at=NOW, last_copy_at=NOW, last_base_at=NOW, last_proof_at=NOW, copy_problem="备份盘没有插上")
    assert watch_backups(home, now=NOW + HOUR) == ""
    assert watch_backups(home, now=NOW + 11 * DAY) == "backup_overdue, backup_unproven"
    detail = Alarm.objects.get(code="backup_overdue", resolved_at=None).detail
    assert "上次是 2026-12-01 16:00" in detail
    assert "备份盘没有插上" in detail
    later = NOW + 11 * DAY
    note(home, last_copy_at=later, last_base_at=later, last_proof_at=later, copy_problem="")
    assert watch_backups(home, now=later) == ""
    assert not Alarm.objects.filter(resolved_at=None).exists()


def test_the_doctor_looks_at_the_disk_and_says_how_old_the_copy_on_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = tmp_path / "disk"
    home = county(tmp_path, replace(BACKUP, folder=str(disk)))
    note(home, set_up_at=NOW, last_copy_at=NOW, last_base_at=NOW, last_proof_at=NOW)

    def found() -> tuple[bool, str]:
        one = {one.part: one for one in examine(home, now=NOW + HOUR)}["备份"]
        assert one.well or "backup now" in one.remedy
        return one.well, one.state

    assert found() == (False, f"没有文件夹 {disk}：请先建好；是磁盘的，先挂载")
    assert cli.main(["config", "check", "--home", str(home.root)]) == 1
    assert "folder：没有文件夹" in capsys.readouterr().err
    disk.mkdir()
    assert "没有本县的备份" in found()[1]
    target = Target(disk)
    target.begin(recipient=BACKUP.recipient, county="示例县", now=NOW)
    assert found() == (False, f"{disk} 里还没有备份"), "another disk had the last copy"
    target.put_manifest(Manifest("示例县", BACKUP.recipient, NOW - HOUR, "", 35, {}), b"key")
    assert found() == (True, f"{disk}，最近一次 12-01 15:00")
    note(home, copy_problem="备份盘没有插上")
    assert found() == (False, "备份盘没有插上")
