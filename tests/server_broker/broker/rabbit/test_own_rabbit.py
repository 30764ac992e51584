"""RabbitMQ's users follow from the roll of stations, whatever broke off and whoever changed them by hand."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path

import pytest

from protocol.topics import DOWN, UP
from server_broker import broker
from server_broker.broker.rabbit.files import SETTINGS, write_files
from server_broker.broker.rabbit.keeper import AT_ONCE, COMPARED_EVERY_S, RabbitKeeper, end_all_sessions
from server_broker.broker.rabbit.users import COUNTY_TAG, EXCHANGE, STATION_TAG, station_rights
from server_broker.enrolment.revocation import Revoked
from server_broker.platform.county_config import CountyConfig, free_ports, read_config
from server_broker.platform.home import CountyHome
from server_broker.platform.own_broker import OwnBroker, own_broker_problems
from server_broker.platform.processes import ServiceError
from server_broker.platform.shards import shard_of
from server_broker.platform.units import part_names
from server_broker.supervisor import setup
from server_broker.supervisor.daily_verbs import status_text
from server_broker.supervisor.doctor import examine_parts
from server_broker.supervisor.parts import service_parts
from server_broker.supervisor.setup_questions import from_file
from server_broker.supervisor.up import initialise
from server_broker.trust import StationJournal
from server_broker.trust.board_name import board_name, is_board_name
from server_broker.trust.journal import JournalEntry, journal_time
from server_broker.trust.keys import client_files, server_certificate
from tests.fakes.rabbit_api import ACCOUNT, PASSWORD, FakeRabbit

NOW = dt.datetime.now(dt.UTC)
COUNTY = "cunhui-county"


class County:
    """A county whose RabbitMQ is the fake."""

    def __init__(self, root: Path) -> None:
        self.home = CountyHome(root / "county")
        config = CountyConfig(name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0)
        initialise(self.home, config)
        self.password_file = self.home.root / "rabbitmq.password"
        self.password_file.touch(mode=0o600)
        self.password_file.write_text(f"{PASSWORD}\n")
        pair = server_certificate(self.home, "rabbitmq", ["127.0.0.1"], now=NOW)
        self.rabbit = FakeRabbit(*pair)
        self.own = OwnBroker(
            # At the first host nobody listens.
            hosts=["127.0.0.9", "127.0.0.1"],
            port=1,
            management_port=self.rabbit.port,
            user=ACCOUNT,
            password_file="rabbitmq.password",
        )
        with self.home.config_file.open("a", encoding="utf-8") as file:
            file.write(self.own.as_table())
        broker.prepare(self.home, now=NOW)

    def line(self, station: str, event: str, record_key: str = "") -> None:
        entry = {"serial": f"5{len(record_key)}", "record_key": record_key} if event == "enrolled" else {}
        StationJournal(self.home).append(JournalEntry(at=journal_time(NOW), event=event, station=station, **entry))  # type: ignore[arg-type]


@pytest.fixture
def county(tmp_path: Path) -> Iterator[County]:
    made = County(tmp_path)
    with made.rabbit:
        yield made


def test_each_board_is_a_user_that_may_use_its_own_topics_and_no_password(county: County) -> None:
    county.line("st-one", "enrolled", "aa")
    assert broker.refresh(county.home, now=NOW)
    name, rabbit = board_name("st-one", "aa"), county.rabbit
    assert rabbit.users[name]["tags"] == [STATION_TAG]
    assert not rabbit.users[name]["password_hash"]
    own = station_rights("st-one", {0, shard_of("st-one")})
    assert rabbit.topics[name]["exchange"] == EXCHANGE
    assert (rabbit.topics[name]["write"], rabbit.topics[name]["read"]) == (own.publishes, own.hears)
    assert rabbit.permissions[name]["configure"] == "^mqtt-subscription-st-oneqos[01]$"
    assert set(rabbit.users) == {ACCOUNT, COUNTY, name}
    # Without topic permissions a user may use every topic, so they come before anybody can get in.
    assert rabbit.done.index(f"PUT topic-permissions///{name}") < rabbit.done.index(f"PUT permissions///{name}")
    assert broker.follows_journal(county.home)
    rabbit.done.clear()
    assert broker.refresh(county.home, now=NOW)
    assert rabbit.done == []


@pytest.mark.parametrize("leaf", [*UP, *DOWN])
def test_a_stations_topics_are_matched_as_a_whole(leaf: str) -> None:
    import re  # noqa: PLC0415

    rights = station_rights("st-a", {0, 7})
    allowed = rights.publishes if leaf in UP else rights.hears
    refused = rights.hears if leaf in UP else rights.publishes
    assert re.search(allowed, f"cunhui.1.7.st-a.{leaf}")
    assert not re.search(refused, f"cunhui.1.7.st-a.{leaf}")
    for foreign in (f"cunhui.1.3.st-a.{leaf}", f"cunhui.1.7.st-ab.{leaf}", f"cunhui.1.7.st-a.{leaf}.x", "#"):
        assert not re.search(allowed, foreign)
        assert not re.search(allowed, f"cunhui.1.*.st-a.{leaf}")


def test_whoever_is_out_has_no_user_and_no_session(county: County) -> None:
    for station, key in (("st-revoked", "aa"), ("st-replaced", "bb")):
        county.line(station, "enrolled", key)
    assert broker.refresh(county.home, now=NOW)
    county.line("st-revoked", "revoked")
    county.line("st-replaced", "enrolled", "cc")
    assert not broker.follows_journal(county.home)
    assert broker.refresh(county.home, now=NOW)
    left = {name for name in county.rabbit.users if is_board_name(name)}
    assert left == {board_name("st-replaced", "cc")}
    assert f"DELETE connections/username/{board_name('st-revoked', 'aa')}" in county.rabbit.done


def test_what_was_changed_by_hand_is_mended_and_nobody_elses_user_is_touched(county: County) -> None:
    county.line("st-one", "enrolled", "aa")
    assert broker.refresh(county.home, now=NOW)
    name, rabbit = board_name("st-one", "aa"), county.rabbit
    rabbit.add("somebody", "monitoring", password="x")
    rabbit.add(board_name("st-none", "ff"), STATION_TAG)
    del rabbit.topics[name]
    rabbit.add(COUNTY, COUNTY_TAG, password="another")
    assert broker.refresh(county.home, now=NOW)
    assert set(rabbit.users) == {ACCOUNT, COUNTY, "somebody", name}
    assert name in rabbit.topics
    rabbit.add(name, STATION_TAG, password="by hand")
    assert not broker.follows_journal(county.home)


def test_a_station_in_doubt_keeps_its_user_and_gets_none(county: County) -> None:
    county.line("st-known", "enrolled", "aa")
    assert broker.refresh(county.home, now=NOW)
    county.line("st-late", "enrolled", "bb")
    with StationJournal(county.home).path.open("ab") as file:
        file.write(b"damaged\n")
    assert broker.refresh(county.home, now=NOW)
    assert {name for name in county.rabbit.users if is_board_name(name)} == {board_name("st-known", "aa")}


def test_the_keeper_finishes_once_rabbitmq_is_back_and_looks_again_by_itself(county: County) -> None:
    now_s = 0.0
    county.line("st-one", "enrolled", "aa")
    keeper = RabbitKeeper(county.home, county.own, monotonic_s=lambda: now_s)
    assert keeper.look(now=NOW)
    county.line("st-one", "revoked")
    county.rabbit.broken = True
    assert not broker.refresh(county.home, now=NOW)
    assert not keeper.look(now=NOW)
    assert "吊销的站点可能还连着" in keeper.problem
    county.rabbit.broken = False
    assert keeper.look(now=NOW)
    assert not keeper.problem
    # A node that was cut off may still have a session of a user that is gone.
    county.rabbit.connected = {board_name("st-one", "aa"), ACCOUNT}
    assert not keeper.look(now=NOW)
    assert len(county.rabbit.connected) == 2
    now_s += COMPARED_EVERY_S
    keeper.look(now=NOW)
    assert county.rabbit.connected == {ACCOUNT}


def test_many_users_are_made_in_several_goes_and_who_is_out_waits_for_none(county: County) -> None:
    county.line("st-out", "enrolled", "aa")
    assert broker.refresh(county.home, now=NOW)
    for number in range(AT_ONCE + 5):
        county.line(f"st-{number}", "enrolled", f"{number:04x}")
    county.line("st-out", "revoked")
    assert broker.refresh(county.home, now=NOW), "whoever is out is out, although not all users are made yet"
    assert not broker.follows_journal(county.home)
    made = {name for name in county.rabbit.users if is_board_name(name)}
    assert len(made) == AT_ONCE
    assert board_name("st-out", "aa") not in made
    assert board_name(f"st-{AT_ONCE + 4}", f"{AT_ONCE + 4:04x}") in made, "who was taken in last comes first"
    keeper = RabbitKeeper(county.home, county.own)
    assert keeper.look(now=NOW)
    assert broker.follows_journal(county.home)


def test_the_countys_own_user_is_made_first(county: County) -> None:
    county.line("st-replaced", "enrolled", "aa")
    for number in range(AT_ONCE):
        county.line(f"st-{number}", "enrolled", f"{number:04x}")
    county.line("st-replaced", "enrolled", "bb")
    county.rabbit.done.clear()
    broker.refresh(county.home, now=NOW)
    made = [line.rpartition("/")[2] for line in county.rabbit.done if line.startswith("PUT users/")]
    last = AT_ONCE - 1
    assert made[:3] == [COUNTY, board_name("st-replaced", "bb"), board_name(f"st-{last}", f"{last:04x}")]


def test_a_fault_of_the_disk_keeps_nobody_in_and_hides_no_trouble(county: County) -> None:
    county.line("st-one", "enrolled", "aa")
    keeper = RabbitKeeper(county.home, county.own, monotonic_s=lambda: 0.0)
    assert keeper.look(now=NOW)
    # No file can be made in its place.
    (reserved,) = county.home.trust.glob("room-for-*")
    reserved.unlink()
    reserved.mkdir()
    county.line("st-one", "revoked")
    with pytest.raises(IsADirectoryError):
        keeper.look(now=NOW)
    assert board_name("st-one", "aa") not in county.rabbit.users
    assert not keeper.problem
    county.line("st-two", "enrolled", "bb")
    county.rabbit.broken = True
    with pytest.raises(IsADirectoryError):
        keeper.look(now=NOW)
    assert "吊销的站点可能还连着" in keeper.problem


def test_all_sessions_end_and_no_others(county: County) -> None:
    county.line("st-one", "enrolled", "aa")
    assert broker.refresh(county.home, now=NOW)
    county.rabbit.connected = {board_name("st-one", "aa"), ACCOUNT, COUNTY}
    end_all_sessions(county.home, county.own)
    assert county.rabbit.connected == {ACCOUNT, COUNTY}


def test_why_rabbitmq_does_not_answer_is_said(county: County) -> None:
    def said() -> str:
        with pytest.raises(ServiceError) as refused:
            end_all_sessions(county.home, county.own)
        return str(refused.value)

    county.password_file.write_text("wrong")
    assert "不认账号 keeper" in said()
    county.password_file.chmod(0o644)
    assert "可被他人读取" in said()
    county.password_file.chmod(0o600)
    county.password_file.write_text(PASSWORD)
    (county.home.root / "ca.pem").write_bytes(Path("/etc/ssl/certs/ca-certificates.crt").read_bytes())
    assert "证书不能信任" in said()
    county.password_file.unlink()
    assert "读不到" in said()


def test_a_county_with_its_own_broker_has_no_mosquitto(county: County) -> None:
    config = read_config(county.home)
    assert config.broker == county.own
    assert "mosquitto" not in part_names(config)
    assert "mosquitto" not in {part.name for part in service_parts(county.home, config)}
    assert config.station_ports == []
    assert not (county.home.broker / "mosquitto.conf").exists()
    assert all(file.stat().st_mode & 0o077 == 0 for file in client_files(county.home))
    client = broker.county_client(county.home)
    assert (client.hosts, client.username) == (("127.0.0.9", "127.0.0.1"), COUNTY)
    # It may be running although it does not answer us, so a station may be connected.
    assert broker.may_have_sessions(county.home)
    assert "还没有照新名单办" in Revoked(
        station="st-one", in_journal=True, lists_written=True, broker_runs=True, in_force=False, session_ended=False,
        in_database=True,
    ).said()  # fmt: skip


@pytest.mark.django_db
def test_status_asks_and_tries_nothing_at_rabbitmq(
    county: County,
) -> None:
    status_text(county.home, as_json=False)
    assert county.rabbit.done == []
    config = read_config(county.home)
    (found,) = (one for one in examine_parts(county.home, config, now=NOW, try_broker=False) if one.part == "消息服务")
    assert not found.well
    assert "连接不上" in found.state


def test_what_a_node_gets_has_every_setting(county: County, tmp_path: Path) -> None:
    files = write_files(county.home, county.own, tmp_path / "node", now=NOW)
    written = (tmp_path / "node" / "rabbitmq.conf").read_text()
    assert all(f"{name} = " in written for name in SETTINGS)
    assert "mqtt.listeners.ssl.default = 1\n" in written
    assert "cluster_partition_handling = pause_minority" in written
    assert {file.name: file.stat().st_mode & 0o777 for file in files}["server.key"] == 0o600


def test_setup_takes_the_broker_of_the_answers_and_asks_for_its_password(county: County, tmp_path: Path) -> None:
    file = tmp_path / "setup.toml"
    ports = "".join(f"{key} = {port}\n" for key, port in zip(("web_port", "broker_port"), free_ports(2), strict=True))
    answers = 'name = "示例县"\nregion = "990101"\nhost = "127.0.0.1"\nclock = "manual"\n'
    file.write_text(answers + ports + county.own.as_table(), encoding="utf-8")

    def broker_table() -> str:
        return from_file(file, try_broker=lambda own: setup.broker_problems_for(county.home, own))["broker"]

    assert broker_table() == county.own.as_table()
    county.password_file.unlink()
    with pytest.raises(ServiceError, match=r"\[broker\] .*读不到"):
        broker_table()


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, ("", "缺少 hosts")),
        ({"hosts": []}, ("hosts", "应有 1 到 8 个主机")),
        ({"hosts": ["https://x"]}, ("hosts", "“https://x”不是主机名或地址")),
        ({"hosts": [3]}, ("hosts", "“3”不是主机名或地址")),
        ({"port": 15671}, ("management_port", "和 port 相同")),
        ({"host": "x"}, ("host", "不是这里的设置项")),
        ({"user": ""}, ("user", "不能为空")),
        ({"management_port": 0}, ("management_port", "0 不是端口")),
    ],
)
def test_what_is_wrong_with_the_table_is_said(table: dict[str, object], said: tuple[str, str]) -> None:
    assert any(key == said[0] and words.startswith(said[1]) for key, words in own_broker_problems(table))
