"""``cunhui-server firewall``: the ports of ``county.toml`` that are reached from outside, and no other."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from server_broker import cli
from server_broker.platform.county_config import CountyConfig, write_config
from server_broker.platform.front_door import FrontDoor
from server_broker.platform.home import CountyHome
from server_broker.platform.own_certificate import OwnCertificate
from server_broker.platform.processes import ServiceError
from server_broker.supervisor.firewall import ruleset
from tests.fakes.walled_machine import is_taken

COUNTY = CountyConfig(
    name="示例县",
    host="county.example",
    web_port=443,
    broker_port=8883,
    broker_local_port=1883,
    broker_fallback_port=8443,
)


def opened(config: CountyConfig) -> list[int]:
    return [int(port) for port in re.findall(r"dport (\d+) accept comment", ruleset(config, made_by="x"))]


def test_ports_of_the_county_and_ssh_are_open_and_the_local_one_is_not() -> None:
    assert opened(COUNTY) == [22, 443, 8883, 8443]


def test_the_front_door_is_open_where_there_is_one() -> None:
    door = FrontDoor(host="door.example", port=8444, certificate="a", key="b")
    assert opened(replace(COUNTY, front_door=door)) == [22, 443, 8883, 8443, 8444]
    assert 8444 not in opened(replace(COUNTY, front_door=replace(door, host="127.0.0.1")))


def test_the_console_s_own_port_is_open_where_there_is_one() -> None:
    own = OwnCertificate(host="office.example", port=8445, certificate="a", key="b")
    assert opened(replace(COUNTY, console=own)) == [22, 443, 8883, 8443, 8445]


def test_a_county_on_loopback_opens_nothing_but_ssh() -> None:
    assert opened(replace(COUNTY, host="127.0.0.1")) == [22]


def test_one_address_has_a_bound_unless_somebody_wants_none() -> None:
    assert "ct count over 2000" in ruleset(COUNTY, made_by="x")
    assert "ct count over 20000" in ruleset(COUNTY, made_by="x", per_address=20_000)
    assert "saddr" not in ruleset(COUNTY, made_by="x", per_address=0).replace("ip6 saddr fe80::/10", "")
    assert is_taken(ruleset(COUNTY, made_by="x"))


def test_the_broker_s_ports_have_a_bound_for_all_together() -> None:
    bound = [line.strip() for line in ruleset(COUNTY, made_by="x", per_address=0).splitlines() if "ct count" in line]
    assert bound == [f"tcp dport {port} ct count over 15000 drop" for port in (8883, 8443)]


def test_who_is_no_address_is_told_so() -> None:
    with pytest.raises(ServiceError, match="不是地址或网段"):
        ruleset(COUNTY, made_by="x", admins=["nobody"])


def test_the_verb_prints_what_the_kernel_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_config(CountyHome(tmp_path), COUNTY)
    assert cli.main(["firewall", "--home", str(tmp_path), "--admin", "192.0.2.0/24", "--ssh-port", "2222"]) == 0
    rules = capsys.readouterr().out
    assert is_taken(rules)
    assert "ip saddr @admins4 tcp dport 2222 accept" in rules
    assert cli.main(["firewall", "--home", str(tmp_path), "--admin", "nobody"]) == 1
