"""The service as a whole: parts come up, come back after SIGKILL, can be held, and go down in order."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import pytest

from firmware_scripts.demo.processes import is_alive, wait_until
from server_broker import postgres
from server_broker.platform.home import CountyHome
from tests.chinese_words import english
from tests.conftest import short_folder
from tests.proofs.strangers.county import County
from tests.proofs.strangers.station import Board
from tests.proofs.strangers.visitor import Visitor, county_client

PARTS = ("postgres", "mosquitto", "ingest", "chores", "notifier", "web", "front-door")


@pytest.fixture(scope="module")
def county() -> Iterator[County]:
    with short_folder() as folder, County(folder / "county", front_door=True) as county:
        yield county


def said(county: County) -> list[str]:
    return county.log.read_text().splitlines()


def test_each_part_has_a_line_a_pid_file_and_a_log(county: County) -> None:
    assert [line.split()[0] for line in said(county)[: len(PARTS)]] == list(PARTS)
    assert any(line.startswith("县平台已就绪：https://127.0.0.1:") for line in said(county))
    for part in PARTS:
        assert county.pid(part)
        assert (county.home / "logs" / f"{part}.log").exists()


def test_the_doctor_finds_all_well(county: County) -> None:
    found = county.doctor()
    assert found["well"], found
    assert {"数据库", "消息服务", "网页", "手机入口", "磁盘", "时钟"} <= {one["part"] for one in found["findings"]}


def test_each_killed_part_is_back_within_seconds(county: County) -> None:
    for part in PARTS:
        kill(county, part)
    wait_until(lambda: bool(county.doctor()["well"]), what="all well", timeout_s=20)


def kill(county: County, part: str) -> None:
    """Kill a part and wait for the next one of it, which has to be there within two seconds."""
    old, started = county.pid(part), time.monotonic()
    os.kill(old, signal.SIGKILL)
    wait_until(lambda: county.pid(part) not in (0, old), what=part, timeout_s=5)
    assert time.monotonic() - started < 2, part


def test_a_held_part_stays_down_until_it_is_released(county: County) -> None:
    county.tool("hold", "mosquitto")
    assert county.pid("mosquitto") == 0
    findings = {one["part"]: one for one in county.doctor()["findings"]}
    assert not findings["消息服务"]["well"]
    assert findings["消息服务"]["remedy"]
    assert county.pid("mosquitto") == 0
    county.tool("release", "mosquitto")
    wait_until(lambda: county.pid("mosquitto") != 0, what="mosquitto", timeout_s=5)
    assert county.try_tool("release", "mosquitto").returncode == 1


def test_a_second_service_is_refused(county: County) -> None:
    second = county.try_tool("up")
    assert second.returncode == 1
    assert "已经在运行" in second.stderr


def test_a_revoked_station_is_cut_off_and_stays_so(county: County) -> None:
    """How soon is measured by ``./run prove revocation``."""
    board = Board(county)
    assert board.enrol(county.claim("village-01")).admitted
    with Visitor(county.broker_port, "village-01", tls=board.tls()) as visitor:
        assert visitor.connect()
        county.tool("revoke", "village-01", "--reason", "示例理由")
        assert visitor.closed.wait(30)
    with Visitor(county.broker_port, "village-01", tls=board.tls()) as visitor:
        assert not visitor.connect()


def test_a_revocation_bites_while_the_database_is_away(county: County) -> None:
    board, code = Board(county), county.claim("village-02")
    assert board.enrol(code).admitted
    with Visitor(county.broker_port, "village-02", tls=board.tls()) as visitor:
        assert visitor.connect()
        county.tool("hold", "postgres")
        assert county.try_tool("revoke", "village-02", "--reason", "示例理由").returncode == 1
        assert visitor.closed.wait(5)
        answer = board.renew()
        assert (answer.status, answer.body["reason"]) == (503, "unavailable")
    county.tool("release", "postgres")
    wait_until(lambda: bool(county.doctor()["well"]), what="all well", timeout_s=20)
    with Visitor(county.broker_port, "village-02", tls=board.tls()) as visitor:
        assert not visitor.connect()
    assert board.renew().status == 403
    assert board.enrol(code).status == 403
    marked = "SELECT id FROM fleet_station WHERE id = 'village-02' AND revoked_at IS NOT NULL"
    wait_until(lambda: county.rows(marked) == [["village-02"]], what="the console's word", timeout_s=20)


def test_a_damaged_revocation_goes_on_biting_and_a_person_is_told(county: County) -> None:
    boards = {name: Board(county) for name in ("village-11", "village-12", "village-13")}
    for name, board in boards.items():
        assert board.enrol(county.claim(name)).admitted
    county.tool("revoke", "village-11", "--reason", "示例理由")
    path = CountyHome(county.home).trust / "stations.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole.replace(b'"revoked","station":"village-11"', b'"revokee","station":"village-11"'))
    try:
        alarms = "SELECT severity FROM fleet_alarm WHERE code = 'station_journal' AND resolved_at IS NULL"
        wait_until(lambda: county.rows(alarms) == [["critical"]], what="the alarm", timeout_s=20)
        county.tool("revoke", "village-13", "--reason", "示例理由")  # the lists are written anew
        for name, is_served in (("village-11", False), ("village-12", True), ("village-13", False)):
            with Visitor(county.broker_port, name, tls=boards[name].tls()) as visitor:
                assert visitor.connect() == is_served, name
        assert boards["village-12"].renew().status == 503
    finally:
        path.write_bytes(path.read_bytes().replace(b'"revokee"', b'"revoked"'))
    wait_until(lambda: county.rows(alarms) == [], what="the end of the alarm", timeout_s=20)
    assert boards["village-12"].renew().status == 200


def test_a_refresh_does_not_cut_off_the_others(county: County) -> None:
    with county_client(county, "steady") as steady:
        assert steady.connect()
        assert Board(county).enrol(county.claim("village-03")).admitted
        assert not steady.closed.is_set()


def test_a_verb_that_is_refused_says_why_and_nothing_of_the_program(county: County) -> None:
    for words, hint in ((("hold", "nothing"), "没有运行"), (("claim", "village-99"), "--village")):
        done = county.try_tool(*words)
        assert done.returncode == 1, words
        assert hint in done.stderr
        assert "Traceback" not in done.stderr


def test_a_station_that_its_claim_made_is_on_the_county_s_record_with_its_place(county: County) -> None:
    county.claim("village-06")
    assert county.rows("SELECT count(*) FROM attendance_stationplace WHERE subject_id = 'village-06'") == [["1"]]
    assert county.rows("SELECT count(*) FROM dated_written") == [["0"]]


def test_the_calendar_goes_by_the_libraries_that_are_installed(county: County) -> None:
    tables = county.rows("SELECT subject_id, version FROM workdays_librarytable ORDER BY subject_id")
    assert tables == [[name, version(name)] for name in ("chinesecalendar", "holidays")]


def test_what_the_verbs_print_is_chinese(county: County) -> None:
    county.claim("village-05")
    where, ledger = county.tool("where"), county.tool("ledger", "village-05")
    assert f"网页：https://127.0.0.1:{county.web_port}" in where
    assert "village-05：站点签发 0，县里收讫 0，待审 0" in ledger
    printed = [*where.splitlines(), *ledger.splitlines(), county.try_tool("clock").stdout, *said(county)]
    assert english("\n".join(printed), typed={*PARTS, "village-05", "https"}) == []


def test_a_sign_in_link_is_a_whole_address(county: County) -> None:
    county.tool("account", "operator-01", "--role", "operator", "--region", "990000000000")
    assert "operator-01  县运维" in county.tool("account", "list")
    link = county.tool("sign-in-link", "operator-01")
    assert link.startswith(f"https://127.0.0.1:{county.web_port}/")
    assert "√" in county.tool("audit")


def test_stopping_leaves_nothing_and_starting_again_finds_everything(county: County) -> None:
    pids = [county.pid(part) for part in PARTS]
    county.stop()
    assert not any(is_alive(pid) for pid in pids)
    assert [line.split()[0] for line in said(county)[-len(PARTS) :]] == list(reversed(PARTS))
    assert {path.name for path in (county.home / "run").iterdir()} == {"service.pid"}
    county.start()
    # A start does not wait for the front door, because a bad certificate keeps only that one down.
    wait_until(lambda: county.doctor()["well"], what="every part to be well", timeout_s=20)


def test_what_a_killed_service_left_running_is_ended_by_the_next(county: County) -> None:
    service = int((county.home / "run" / "service.pid").read_text())
    left = [county.pid(part) for part in PARTS]
    os.kill(service, signal.SIGKILL)
    wait_until(lambda: not is_alive(service), what="the service's end", timeout_s=5)
    assert all(is_alive(pid) for pid in left)
    (county.home / "run" / "ready").unlink()
    county.start()
    assert not any(is_alive(pid) for pid in left)
    # A start does not wait for the front door, because a bad certificate keeps only that one down.
    wait_until(lambda: county.doctor()["well"], what="every part to be well", timeout_s=20)


def test_a_port_in_use_stops_the_start_and_what_had_started(tmp_path: Path) -> None:
    with short_folder() as folder, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        county = County(folder / "county", "ingest", "web")
        county.tool("init", "--host", "127.0.0.1", "--name", "示例县", "--broker-port", str(taken.getsockname()[1]))
        done = county.try_tool("up")
        assert done.returncode == 1
        assert "mosquitto 启动后退出" in done.stderr
        assert postgres.pid(CountyHome(county.home)) is None


def test_init_never_touches_a_county_that_is_there(county: County) -> None:
    done = county.try_tool("init", "--host", "127.0.0.1", "--name", "另一县")
    assert done.returncode == 1
    assert "已有县平台" in done.stderr
    assert isinstance(done, subprocess.CompletedProcess)
