"""A county with a RabbitMQ of its own lets in whom the roll names, each to its own topics, and nobody who is out."""

import json
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from firmware_scripts.demo.processes import wait_until
from protocol.topics import UP, Up, topic
from server_broker import broker
from server_broker.broker.rabbit.check import own_broker_lacks
from server_broker.broker.rabbit.keeper import RabbitKeeper
from server_broker.broker.rabbit.management import RabbitManagement
from server_broker.broker.rabbit.users import STATION_TAG
from server_broker.ingest.mqtt import BrokerAddress, MqttSource
from server_broker.live.mqtt import MqttFrames
from server_broker.platform.county_config import free_ports, read_config
from server_broker.platform.shards import Share, shard_of
from server_broker.supervisor.doctor import PartFinding, examine_parts
from server_broker.trust.board_name import board_name
from tests.proofs.own_broker.rabbit_county import RabbitCounty, rabbit_county
from tests.proofs.strangers.visitor import Visitor
from tests.server_broker.broker_county import NOW

pytestmark = [pytest.mark.small_proof, pytest.mark.timeout(400)]

REFUSED = 0x80
NOBODY = 0x10
OUT_WITHIN_S = 5.0


@pytest.fixture(scope="module")
def county() -> Iterator[RabbitCounty]:
    with rabbit_county() as made:
        yield made


def up(station: str, leaf: Up, shard: int = 0) -> str:
    return topic(shard=shard, station=station, leaf=leaf)


def test_what_the_county_wrote_for_it_is_all_that_it_needs(county: RabbitCounty) -> None:
    assert own_broker_lacks(county.home, county.own) == []


def test_without_a_trial_it_is_found_well_once_it_follows_the_journal(county: RabbitCounty) -> None:
    def found() -> PartFinding:
        parts = examine_parts(county.home, read_config(county.home), now=NOW, try_broker=False)
        return next(one for one in parts if one.part == "消息服务")

    assert broker.refresh(county.home, now=NOW)
    assert found().well, str(found())
    county.board("st-unknown", "bb01")
    assert "没有照站点名册办" in found().state
    assert broker.refresh(county.home, now=NOW)
    assert found().well


def test_a_station_speaks_on_its_own_topics_and_hears_its_own(county: RabbitCounty) -> None:
    board = county.board("st-speaks", "aa01")
    assert broker.refresh(county.home, now=NOW)
    assert broker.follows_journal(county.home)
    with county.worker() as worker, county.session(board) as station:
        assert worker.connect()
        assert station.connect()
        assert station.publish(up("st-speaks", "facts")) == NOBODY
        assert worker.subscribe(*(f"cunhui/1/+/+/{leaf}" for leaf in UP)) == 1
        assert station.publish(up("st-speaks", "facts"), b"one") == 0
        assert station.publish(up("st-speaks", "facts", shard_of("st-speaks")), b"two") == 0
        assert [payload for _, payload in worker.hears()] == [b"one", b"two"]
        receipt = topic(shard=0, station="st-speaks", leaf="receipt")
        assert station.subscribe(receipt) == 1
        assert worker.publish(receipt, b"receipt") == 0
        assert station.hears() == [(receipt, b"receipt")]


@pytest.mark.parametrize(
    "wanted",
    [
        "#",
        "cunhui/1/+/st-narrow/receipt",
        "cunhui/1/0/st-other/receipt",
        "cunhui/1/3/st-narrow/receipt",
        "$share/all/cunhui/1/0/st-narrow/receipt",
        "cunhui/1/0/st-narrow/facts",
        "cunhui/1/0/st-narrow/receipt/#",
        "$SYS/#",
    ],
)
def test_a_foreign_filter_is_refused(county: RabbitCounty, wanted: str) -> None:
    board = county.board("st-narrow", "aa02")
    assert broker.refresh(county.home, now=NOW)
    with county.session(board) as station:
        assert station.connect()
        granted = station.subscribe(wanted)
        assert granted is None or granted >= REFUSED
        assert station.closed.wait(OUT_WITHIN_S)


@pytest.mark.parametrize("foreign", ["cunhui/1/0/st-other/facts", "cunhui/1/0/st-mute/receipt", "other/topic"])
def test_a_foreign_publish_ends_the_connection(county: RabbitCounty, foreign: str) -> None:
    board = county.board("st-mute", "aa03")
    assert broker.refresh(county.home, now=NOW)
    with county.worker() as worker, county.session(board) as station:
        assert worker.connect()
        assert worker.subscribe(*(f"cunhui/1/+/+/{leaf}" for leaf in UP)) == 1
        assert station.connect()
        assert station.publish(foreign) is None
        assert not worker.hears()


def test_nobody_takes_anothers_session(county: RabbitCounty) -> None:
    victim, thief = county.board("st-victim", "aa04"), county.board("st-thief", "aa05")
    assert broker.refresh(county.home, now=NOW)
    with county.session(victim) as station, county.session(thief, client_id="st-victim") as other:
        assert station.connect()
        assert not other.connect()
        assert not station.closed.is_set()


def test_a_stranger_gets_no_further_than_tls(county: RabbitCounty) -> None:
    ours = broker.county_client(county.home)
    password = (ours.username, ours.password)
    with Visitor(county.own.port, "county/any", tls=county.tls(None), password=password) as stranger:
        assert not stranger.connect()


def test_a_revoked_station_is_out_within_seconds_and_stays_out(county: RabbitCounty) -> None:
    board = county.board("st-revoked", "aa06")
    assert broker.refresh(county.home, now=NOW)
    gone = up("st-revoked", "gone")
    with county.worker() as worker, county.session(board, will=(gone, b"will")) as station:
        assert worker.connect()
        assert worker.subscribe(*(f"cunhui/1/+/+/{leaf}" for leaf in UP)) == 1
        assert station.connect()
        county.revoked("st-revoked")
        begun = time.monotonic()
        assert broker.refresh(county.home, now=NOW)
        assert station.closed.wait(OUT_WITHIN_S)
        assert broker.cut_off(county.home, "st-revoked")
        assert time.monotonic() - begun < OUT_WITHIN_S
        assert not county.lets_in(board)
        assert not worker.hears()


def test_a_tls_session_of_before_lets_nobody_in(county: RabbitCounty) -> None:
    board = county.board("st-ticket", "aa07")
    assert broker.refresh(county.home, now=NOW)
    context = county.tls(board)

    def let_in(session: ssl.SSLSession | None) -> tuple[bool, ssl.SSLSession | None]:
        with (
            socket.create_connection(("127.0.0.1", county.own.port), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1", session=session) as tls,
        ):
            head = b"\x00\x04MQTT\x05\x02\x00\x1e\x00" + b"\x00\x09st-ticket"
            tls.sendall(b"\x10" + bytes([len(head)]) + head)
            try:
                answer = tls.recv(100)
            except OSError:
                return False, None
            return len(answer) >= 4 and not answer[3], tls.session

    before, session = let_in(None)
    assert before
    county.revoked("st-ticket")
    assert broker.refresh(county.home, now=NOW)
    assert not let_in(session)[0]


def test_an_earlier_board_is_out_and_the_new_one_in(county: RabbitCounty) -> None:
    earlier = county.board("st-replaced", "aa08")
    assert broker.refresh(county.home, now=NOW)
    with county.session(earlier) as session:
        assert session.connect()
        present = county.board("st-replaced", "aa09")
        assert broker.refresh(county.home, now=NOW)
        assert session.closed.wait(OUT_WITHIN_S)
    assert not county.lets_in(earlier)
    assert county.lets_in(present)


def test_what_was_changed_by_hand_is_mended_and_foreign_users_are_left(county: RabbitCounty) -> None:
    board = county.board("st-byhand", "aa10")
    assert broker.refresh(county.home, now=NOW)
    name = board_name("st-byhand", "aa10")
    with RabbitManagement(county.own, county.home.root) as management:
        management.delete("topic-permissions", "/", name)
        management.put("users", "st-nobody.0123456789abcdef", value={"password_hash": "", "tags": STATION_TAG})
        management.put("users", "somebody", value={"password": "x", "tags": "monitoring"})
        assert not broker.follows_journal(county.home)
        assert broker.refresh(county.home, now=NOW)
        assert broker.follows_journal(county.home)
        names = {user["name"] for user in management.get("users")}
    assert "somebody" in names
    assert "st-nobody.0123456789abcdef" not in names
    with county.session(board) as station:
        assert station.connect()
        granted = station.subscribe("#")
        assert granted is None or granted >= REFUSED


def test_ingest_hears_over_tls_and_ends_a_flooders_connection(county: RabbitCounty) -> None:
    board = county.board("st-ingest", "aa11")
    assert broker.refresh(county.home, now=NOW)
    ours = broker.county_client(county.home)
    assert ours.tls is not None
    # The first host is not there.
    address = BrokerAddress("127.0.0.9", ours.port, ours.username, ours.password, ours.hosts, ours.tls.context)
    source = MqttSource(address, share=Share(), client_id="county/ingest-test")
    source.start()
    try:
        wait_until(lambda: source.connected, what="ingest at RabbitMQ", timeout_s=20)
        payloads = [bytes([number % 251]) * (1 + number * 50) for number in range(1200)]
        with county.session(board) as station:
            assert station.connect()
            wait_until(lambda: station.publish(up("st-ingest", "birth")) == 0, what="ingest to listen", timeout_s=10)
            source.acknowledge(source.drain(max_messages=10, max_bytes=2**20, timeout_s=5))
            came: list[bytes] = []
            # No more at once than what is kept of one station.
            for begin in range(0, len(payloads), 8):
                for payload in payloads[begin : begin + 8]:
                    station.send(up("st-ingest", "facts"), payload)
                while len(came) < begin + 8:
                    messages = source.drain(max_messages=100, max_bytes=2**23, timeout_s=10)
                    assert messages, f"{len(came)} of {begin + 8} came"
                    came += [message.payload for message in messages]
                    source.acknowledge(messages)
            assert came == payloads
            source.end_connection("st-ingest")
            assert station.closed.wait(OUT_WITHIN_S)
    finally:
        source.stop()


def test_frames_of_a_live_view_come_from_the_host_that_is_there(county: RabbitCounty) -> None:
    board = county.board("st-live", "aa13")
    assert broker.refresh(county.home, now=NOW)
    ours = replace(broker.county_client(county.home), hosts=("127.0.0.9", "127.0.0.1"))
    heard: list[bytes] = []
    frames = MqttFrames(lambda: ours, lambda _topic, payload: heard.append(payload))
    frames.subscribe("st-live")
    with county.session(board) as station:
        assert station.connect()

        def comes() -> bool:
            station.send(up("st-live", "frame"), b"frame", qos=0)
            return b"frame" in heard

        wait_until(comes, what="a frame", timeout_s=20, every_s=0.2)
    frames.unsubscribe("st-live")


def test_a_revocation_while_rabbitmq_is_away_is_finished_when_it_is_back(county: RabbitCounty) -> None:
    board = county.board("st-away", "aa12")
    assert broker.refresh(county.home, now=NOW)
    keeper = RabbitKeeper(county.home, county.own)
    assert not keeper.look(now=NOW)
    county.node.stop()
    county.revoked("st-away")
    assert not broker.refresh(county.home, now=NOW)
    assert not broker.cut_off(county.home, "st-away")
    keeper.look(now=NOW)
    assert "不回答" in keeper.problem
    county.node.start()
    assert county.lets_in(board), "RabbitMQ keeps its users, so the station comes back until the keeper has looked"
    with county.session(board) as station:
        assert station.connect()
        wait_until(lambda: keeper.look(now=NOW), what="the keeper", timeout_s=OUT_WITHIN_S)
        assert not keeper.problem
        assert station.closed.wait(OUT_WITHIN_S)
    assert not county.lets_in(board)


def test_doctor_names_each_line_that_is_missing(county: RabbitCounty) -> None:
    county.node.stop()
    county.node.start(
        otherwise={
            "ssl_options.fail_if_no_peer_cert": "false",
            "mqtt.listeners.tcp": "",
            "mqtt.listeners.tcp.default": f"127.0.0.1:{free_ports(1)[0]}",
            "mqtt.ssl_cert_client_id_from": "",
            "mqtt.max_packet_size_authenticated": "",
        }
    )
    lacks = "\n".join(own_broker_lacks(county.home, county.own))
    assert "ssl_options.fail_if_no_peer_cert = true" in lacks
    assert "mqtt.listeners.tcp = none" in lacks
    assert "mqtt.ssl_cert_client_id_from = subject_alternative_name" in lacks
    assert "mqtt.max_packet_size_authenticated = 66560" in lacks
    county.node.stop()
    county.node.start(otherwise={"ssl_cert_login_san_index": "0"})
    (lack,) = own_broker_lacks(county.home, county.own)
    assert "ssl_cert_login_san_index = 1" in lack
    county.node.stop()
    county.node.start()


def test_the_whole_way_from_a_claim_to_a_revocation_with_real_agents() -> None:
    command = [sys.executable, "-m", "tests.proofs.own_broker", "--touches", "3", "--seed", "1", "--json"]
    done = subprocess.run(command, capture_output=True, check=False, timeout=380)
    assert done.returncode == 0, done.stderr.decode()[-4_000:]
    assert json.loads(done.stdout.splitlines()[-1])["green"] >= 9
