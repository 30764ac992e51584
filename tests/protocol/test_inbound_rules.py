"""The ruleset lets in what it names, drops everything else, and the kernel takes it."""

import pytest

from protocol.inbound_rules import BadAddress, OpenPort, inbound_rules
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


@pytest.mark.parametrize(
    "changed",
    [
        {"ports": ()},
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
