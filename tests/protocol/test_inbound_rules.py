"""The ruleset lets in what it names, drops everything else, and the kernel takes it."""

import pytest

from protocol.inbound_rules import BadAddress, OpenPort, PerSource, inbound_rules
from tests.fakes.walled_machine import ADMIN, OUTSIDE, is_taken, reached

PORTS = [OpenPort(443, "网页"), OpenPort(8883, "消息服务")]


def rules(**changed: object) -> str:
    return inbound_rules("cunhui_test", **({"made_by": "cunhui test", "ports": PORTS} | changed))  # type: ignore[arg-type]


def test_named_ports_are_reached_and_no_other() -> None:
    assert reached(rules(), [443, 8883, 22, 5432]) == {
        "443": True,
        "8883": True,
        "22": True,
        "5432": False,
        "out": True,
    }


def test_ssh_is_for_the_administrators_alone_once_they_are_named() -> None:
    named = rules(admins=[f"{ADMIN}/32", "2001:db8::/32"])
    assert reached(named, [443, 22], by=OUTSIDE) == {"443": True, "22": False, "out": True}
    assert reached(named, [443, 22], by=ADMIN) == {"443": True, "22": True, "out": True}


def test_one_address_gets_its_share() -> None:
    few = [OpenPort(port, "x") for port in range(5001, 5007)]
    numbers = [one.port for one in few]
    for most in (PerSource(connections=3, new_a_second=1), PerSource(connections=6, new_a_second=1)):
        found = reached(rules(ports=few, per_source=most), numbers)
        assert [number for number in numbers if found[str(number)]] == numbers[: most.connections]


def test_whoever_comes_too_often_is_let_in_slowly() -> None:
    few = [OpenPort(port, "x") for port in range(5001, 5007)]
    often = rules(ports=few, per_source=PerSource(connections=6, new_a_second=1)).replace("burst 24", "burst 2")
    found = reached(often, [one.port for one in few])
    assert found["5001"]
    assert found["5002"]
    assert not all(found.values())


@pytest.mark.parametrize(
    "changed",
    [
        {"ports": ()},
        {"ports": (), "per_source": PerSource(2, 1)},
        {"per_source": PerSource(2000, 100)},
        {"ports": [OpenPort(8883, "消息服务", most=15_000), OpenPort(443, "网页")]},
        {"ssh_port": None},
        {"ssh_port": 2222},
        {"admins": ["192.0.2.7"]},
        {"admins": ["2001:db8::7"]},
        {"admins": ["192.0.2.0/24", "192.0.2.7", "198.51.100.0/25", "2001:db8::/32"]},
    ],
    ids=str,
)
def test_the_kernel_takes_every_form(changed: dict[str, object]) -> None:
    assert is_taken(rules(**changed))


def test_the_judge_would_find_a_mistake() -> None:
    assert not is_taken(rules().replace("policy drop", "policy perhaps"))


@pytest.mark.parametrize(
    "admin", ["", "county.example", "192.0.2.7; flush ruleset", "192.0.2.300", "0.0.0.0/0", "::/0"]
)
def test_what_is_no_address_is_refused(admin: str) -> None:
    with pytest.raises(BadAddress):
        rules(admins=[admin])
