"""What systemd says of a county's units: who waits is told for which, and one that begins again and again is down."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from server_broker.platform.county_config import CountyConfig, write_config
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.platform.units import UNITS
from server_broker.supervisor import setup
from server_broker.supervisor.unit_states import parts_down


@pytest.fixture
def home(tmp_path: Path) -> CountyHome:
    home = CountyHome(tmp_path)
    home.units_mark.touch()
    write_config(home, CountyConfig(name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0))
    return home


class Systemd:
    """Answers `systemctl show`, one look after another; the web's unit has begun once more at each."""

    def __init__(self, looks: Iterator[set[str]]) -> None:
        self._looks = looks
        self.restarts = 0

    def run(self, command: list[str], **_: object) -> "subprocess.CompletedProcess[str]":
        if command[0] != "/usr/bin/systemctl":
            return subprocess.CompletedProcess(command, 0, "address already in use\n", "")
        down = next(self._looks)
        self.restarts += 1
        said = [
            f"NRestarts={self.restarts if 'web' in unit else 0}\n"
            f"ActiveState={'activating' if any(part in unit for part in down) else 'active'}\n"
            for unit in command[3:]
        ]
        return subprocess.CompletedProcess(command, 0, "\n".join(said), "")


def watch(monkeypatch: pytest.MonkeyPatch, *looks: set[str]) -> Systemd:
    systemd = Systemd(iter(looks))
    monkeypatch.setattr(subprocess, "run", systemd.run)
    monkeypatch.setattr(time, "sleep", lambda _s: None)
    return systemd


def test_a_part_that_begins_again_and_again_is_down(home: CountyHome, monkeypatch: pytest.MonkeyPatch) -> None:
    watch(monkeypatch, {"web"})
    assert parts_down(home, [part for part in UNITS if part != "front-door"]) == ["web"]


def test_who_waits_is_told_for_what(home: CountyHome, monkeypatch: pytest.MonkeyPatch) -> None:
    watch(monkeypatch, {"prepare", "web"}, *[{"web"}] * 3, set())
    said: list[str] = []
    setup.wait_until_ready(home, say=said.append)
    assert said == ["  还在等：准备、web", "  还在等：web"]


def test_a_part_that_fails_again_and_again_is_waited_for_no_longer(
    home: CountyHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    systemd = watch(monkeypatch, *[{"prepare", "web"}] * 40, *[{"web"}] * 40)
    with pytest.raises(ServiceError, match=r"cunhui-web\.service 没有启动起来") as ended:
        setup.wait_until_ready(home, say=lambda _line: None)
    assert "address already in use" in str(ended.value)
    assert systemd.restarts == 46, "what it did before the preparation was done does not count"
