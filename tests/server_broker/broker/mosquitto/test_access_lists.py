"""What Mosquitto is told: which stations are live, their own topics by name, and nobody else anything."""

import datetime as dt
import stat
from pathlib import Path

import pytest
from cryptography import x509
from msgspec.structs import replace

from agent.uplink.reconnector import REST_KEEPALIVE_S
from protocol.codec import MAX_MESSAGE_BYTES
from protocol.topics import DOWN, UP
from server_broker import broker
from server_broker.broker.mosquitto.access import local_access, station_list
from server_broker.broker.mosquitto.config import own_topics, password_line
from server_broker.platform.county_config import CountyConfig
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.supervisor.up import initialise
from server_broker.trust import StationJournal
from server_broker.trust.journal import JournalEntry

NOW = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)


@pytest.fixture
def home(tmp_path: Path) -> CountyHome:
    home = CountyHome(tmp_path / "county")
    initialise(home, CountyConfig(name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0))
    broker.prepare(home, now=NOW)
    return home


def enrolled(station: str, serial: str) -> JournalEntry:
    return JournalEntry(at="2026-11-24T08:00:00+00:00", event="enrolled", station=station, serial=serial)


def test_a_station_gets_each_of_its_topics_by_name() -> None:
    rules = [line for line in own_topics().splitlines() if not line.startswith("#")]
    assert rules == [f"pattern write cunhui/1/+/%u/{leaf}" for leaf in UP] + [
        f"pattern read cunhui/1/+/%u/{leaf}" for leaf in DOWN
    ]


def test_the_list_has_a_line_for_each_live_station_with_its_shard(home: CountyHome) -> None:
    StationJournal(home).append(enrolled("village-01", "a1"))
    StationJournal(home).append(replace(enrolled("village-02", "b2"), shard=7))
    assert station_list(StationJournal(home).read().live()).splitlines()[1:] == ["village-01 0 26", "village-02 7 32"]


def test_without_stations_the_list_names_nobody(home: CountyHome) -> None:
    assert [line for line in station_list({}).splitlines() if not line.startswith("#")] == []
    assert "user county" in local_access()


def test_the_lists_follow_the_journal(home: CountyHome) -> None:
    journal = StationJournal(home)
    journal.append(enrolled("village-01", "a1"))
    journal.append(enrolled("village-02", "b2"))
    journal.append(JournalEntry(at="2026-11-24T08:00:00+00:00", event="revoked", station="village-01"))
    assert broker.refresh(home, now=NOW) is False  # no broker runs, so none is known to follow
    listed = (home.broker / "stations.list").read_text()
    assert "village-02 0" in listed
    assert "village-01" not in listed
    crl = x509.load_pem_x509_crl((home.broker / "stations.crl").read_bytes())
    assert {entry.serial_number for entry in crl} == {0xA1}


def test_after_an_upgrade_the_earlier_access_list_still_says_who_was_in(home: CountyHome) -> None:
    journal = StationJournal(home)
    for name, serial in (("village-01", "a1"), ("village-02", "b2"), ("village-03", "c3")):
        journal.append(enrolled(name, serial))
    broker.refresh(home, now=NOW)
    journal.path.write_bytes(journal.path.read_bytes().replace(b"village-03", b"village-O3"))
    (home.broker / "stations.list").unlink()
    (home.broker / "stations.acl").write_text("# x\nuser village-01\ntopic write cunhui/1/0/village-01/facts\n")
    broker.refresh(home, now=NOW)
    assert (home.broker / "stations.list").read_text().splitlines()[1:] == ["village-01 0 26"], "village-02 is in doubt"
    assert not (home.broker / "stations.acl").exists()


def test_a_later_revocation_list_is_later_by_its_date_whatever_the_clock_says(home: CountyHome) -> None:
    def this_update() -> dt.datetime:
        return x509.load_pem_x509_crl((home.broker / "stations.crl").read_bytes()).last_update_utc

    journal = StationJournal(home)
    journal.append(enrolled("village-01", "a1"))
    broker.refresh(home, now=NOW)
    first = this_update()
    journal.append(enrolled("village-01", "a2"))
    broker.refresh(home, now=NOW - dt.timedelta(days=400))
    assert first < this_update() < NOW - dt.timedelta(days=2000)


def test_nobody_else_can_read_what_the_broker_reads(home: CountyHome) -> None:
    broker.refresh(home, now=NOW)
    assert stat.S_IMODE(home.broker.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in home.broker.iterdir()} == {0o600}
    assert stat.S_IMODE((home.trust / "broker-local.password").stat().st_mode) == 0o600


def sections(text: str) -> list[dict[str, str]]:
    """Return what holds for the whole broker, then what holds for each listener (mosquitto.conf(5))."""
    found: list[dict[str, str]] = [{}]
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if name == "listener":
            found.append({})
        if name and name != "#":
            found[-1][name] = value
    return found


def test_the_configuration_keeps_what_was_measured_to_matter(home: CountyHome) -> None:
    whole, *stations, local = sections((home.broker / "mosquitto.conf").read_text())
    for name, value in (
        ("per_listener_settings", "true"),
        ("persistence", "false"),
        ("retain_available", "false"),
        ("message_size_limit", "65536"),
    ):
        assert whole[name] == value
    assert len(stations) == 1
    for listener in stations:
        for name, value in (
            ("allow_anonymous", "false"),
            ("require_certificate", "true"),
            ("use_identity_as_username", "true"),
            ("use_username_as_clientid", "true"),
            ("tls_version", "tlsv1.3"),
            ("crlfile", "stations.crl"),
            ("acl_file", "own-topics.acl"),
            ("plugin", "./plugin.so"),
            ("plugin_opt_stations", "stations.list"),
        ):
            assert listener[name] == value
    assert local["listener"].endswith(" 127.0.0.1"), "without TLS nobody comes from elsewhere"
    assert (local["allow_anonymous"], local["acl_file"]) == ("false", "local.acl")


def test_the_configuration_drops_nothing_when_many_stations_come_at_once(home: CountyHome) -> None:
    """By default Mosquitto keeps 1,000 messages for a client that is slow, and throws away the rest in silence."""
    whole = sections((home.broker / "mosquitto.conf").read_text())[0]
    assert int(whole["max_queued_messages"]) >= 20_000
    assert int(whole["max_queued_bytes"]) >= 2**26
    assert 500 * MAX_MESSAGE_BYTES <= int(whole["max_inflight_bytes"]) <= 2**25, "one unread message of 500 stations"
    assert int(whole["max_inflight_messages"]) >= 32
    assert int(whole["max_packet_size"]) >= int(whole["message_size_limit"]) + 512, "topic and properties beside it"


def test_the_broker_makes_no_station_say_more_than_it_wants_to(home: CountyHome) -> None:
    """A server's own keep-alive stands over the client's (MQTT 5.0, 3.2.2.3.14), and each ping costs data."""
    assert int(sections((home.broker / "mosquitto.conf").read_text())[0]["max_keepalive"]) > REST_KEEPALIVE_S


def test_a_password_is_not_in_its_line() -> None:
    line = password_line("county", "a secret")
    assert line.startswith("county:$7$")
    assert "a secret" not in line


def test_before_the_first_start_the_remedy_is_named(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="cunhui-server up"):
        broker.county_client(CountyHome(tmp_path))
