"""The doctor names what is not well, and what to do, without anything running."""

import datetime as dt
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from server_broker.people.cards import report_lost
from server_broker.platform.control import hold_file, pid_file
from server_broker.platform.county_config import CountyConfig
from server_broker.platform.home import CountyHome
from server_broker.platform.own_database import OwnDatabase
from server_broker.platform.processes import write_pid
from server_broker.supervisor.doctor import PartFinding, examine
from server_broker.supervisor.up import initialise
from server_broker.trust.county_mark import CountyMark, raise_mark
from server_broker.trust.keys import server_certificate
from server_broker.trust.record_key import make_record_key
from tests.cast import ZHANG
from tests.conftest import COUNTY_FOLDER
from tests.fakes.county_machine import CountyMachine
from tests.integration.small_disk import SmallDisk
from tests.server_broker.county import make_county

NOW = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)


@pytest.fixture
def home(tmp_path: Path) -> CountyHome:
    home = CountyHome(tmp_path / "county")
    initialise(home, CountyConfig(name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0))
    for part in ("web", "broker"):
        server_certificate(home, part, ["127.0.0.1"], now=NOW)
    return home


def machine(*, wall: dt.datetime | None = None) -> CountyMachine:
    """A machine with a time service."""
    made = CountyMachine(wall_ms=round((wall or dt.datetime.now(dt.UTC)).timestamp() * 1000))
    made.ntp = True
    return made


def look(home: CountyHome, *, now: dt.datetime = NOW, on: CountyMachine | None = None) -> dict[str, PartFinding]:
    return {finding.part: finding for finding in examine(home, now=now, machine=on or machine())}


def test_a_stopped_county_is_said_to_be_stopped_and_its_keys_are_well(home: CountyHome) -> None:
    found = look(home)
    assert {part for part, finding in found.items() if finding.well} == {
        "配置", "密钥", "记录密钥", "站点名册", "网页证书", "消息服务证书", "磁盘", "备份", "时钟"
    }  # fmt: skip
    assert all(finding.remedy in str(finding) for finding in found.values() if not finding.well)
    assert found["服务"].remedy == f"运行 cunhui-server up --home {home.root}"


def test_a_part_that_somebody_holds_is_said_to_be_held_and_how_it_runs_again(home: CountyHome) -> None:
    home.postgres_socket.mkdir(parents=True, exist_ok=True)
    hold_file(home, "mosquitto").touch()
    found = look(home)
    assert "被人停下了" in found["消息服务"].state
    assert found["消息服务"].remedy == f"要用就运行 cunhui-server release mosquitto --home {home.root}"
    assert "查看 logs/postgres.log" in found["数据库"].remedy, "that one is not held"


def test_of_a_part_that_stopped_under_units_the_doctor_says_how_it_is_started(home: CountyHome) -> None:
    home.units_mark.touch()
    found = look(home)
    units = {"消息服务": "broker", "维护进程": "chores", "通知进程": "notifier", "接收进程": "ingest"}
    for part, unit in units.items():
        start, log = f"systemctl start cunhui-{unit}.service", f"journalctl -u cunhui-{unit}.service"
        assert f"运行 {start}；还是这样，查看 {log}" in found[part].remedy


@pytest.mark.parametrize(("running", "well"), [(2, True), (1, False)])
def test_how_many_ingest_workers_run_is_said(home: CountyHome, running: int, well: bool) -> None:
    with home.config_file.open("a", encoding="utf-8") as file:
        file.write("[ingest]\nworkers = 2\n")
    start = f"held = [subprocess.Popen(['/bin/cat'], stdin=subprocess.PIPE) for _ in range({running})]"
    command = [sys.executable, "-c", f"import subprocess, sys; {start}; print(flush=True); sys.stdin.read()"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as keeper:
        assert keeper.stdout is not None
        assert keeper.stdout.readline()
        pid_file(home, "ingest").parent.mkdir(parents=True, exist_ok=True)
        write_pid(pid_file(home, "ingest"), keeper.pid)
        found = look(home)["接收进程"]
        keeper.communicate()
    assert found.well == well
    assert f"{running} 个在接收" in found.state
    assert ("要 2 个" in found.state) != well


def test_the_tightest_disk_is_named(home: CountyHome) -> None:
    with SmallDisk(home.media, megabytes=1):
        found = look(home)["磁盘"]
    assert (found.well, found.state) == (False, f"{home.media} 剩余 0.0 GB")


def test_a_key_that_others_can_read_is_named(home: CountyHome) -> None:
    (home.trust / "signing.key").chmod(0o644)
    assert not look(home)["密钥"].well
    assert "signing.key" in look(home)["密钥"].state


def test_a_record_key_that_is_gone_damaged_or_another_is_named_with_what_to_do(home: CountyHome) -> None:
    make_record_key(home)
    raise_mark(home, CountyMark(county="county-sample", epoch="00", through=1))
    assert look(home)["记录密钥"].well
    (home.trust / "record.key").write_bytes(b"rubbish")
    assert "读不出来" in look(home)["记录密钥"].state
    (home.trust / "record.key").unlink()
    found = look(home)["记录密钥"]
    assert (found.well, found.state) == (False, "record.key 不见了")
    assert "从备份恢复" in found.remedy
    (home.trust / "county-mark").write_bytes(b"rubbish")
    assert "损坏" in look(home)["记录密钥"].state


@pytest.mark.django_db(transaction=True)
def test_a_record_key_that_the_stream_does_not_have_now_is_named(
    home: CountyHome,
) -> None:
    report_lost(make_county().cards[ZHANG], actor="officer")
    # The county's own PostgreSQL may be any, so that of the tests too.
    database = connection.settings_dict
    own = OwnDatabase(host=database["HOST"], name=database["NAME"], user=database["USER"])
    with home.config_file.open("a", encoding="utf-8") as file:
        file.write(own.as_table())
    make_record_key(home)
    found = look(home)["记录密钥"]
    assert (found.well, found.state) == (False, "record.key 不是县记录链现在用的那一把")
    shutil.copy(COUNTY_FOLDER / "trust" / "record.key", home.trust / "record.key")
    assert look(home)["记录密钥"].state == "可用"
    (home.trust / "record.key").unlink()
    assert look(home)["记录密钥"].state == "record.key 不见了"


def test_a_damaged_journal_is_named_with_its_line(home: CountyHome) -> None:
    (home.trust / "stations.jsonl").write_bytes(b"rubbish\n")
    assert "第 1 行" in look(home)["站点名册"].state


def test_certificates_near_their_end_and_a_clock_before_its_time_are_named(home: CountyHome) -> None:
    assert not look(home, now=NOW + dt.timedelta(days=5 * 365 - 30))["网页证书"].well
    assert not look(home, on=machine(wall=dt.datetime(2020, 1, 1, tzinfo=dt.UTC)))["时钟"].well


def test_a_clock_that_no_time_service_has_set_is_named_with_what_to_do(home: CountyHome) -> None:
    alone = machine()
    alone.ntp = False
    found = look(home, on=alone)["时钟"]
    assert not found.well
    assert "county.toml" in found.remedy
    home.config_file.write_text(home.config_file.read_text().replace('clock = "ntp"', 'clock = "manual"'))
    found = look(home, on=alone)["时钟"]
    assert (found.well, "由人校准" in found.state) == (True, True)


def test_without_a_configuration_that_alone_is_said(tmp_path: Path) -> None:
    found = examine(CountyHome(tmp_path), now=NOW)
    assert [(one.part, one.well) for one in found] == [("配置", False)]
