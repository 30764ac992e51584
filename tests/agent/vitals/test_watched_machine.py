"""The machine is examined on a thread of its own. A machine that hangs or fails holds up nothing."""

import json
import threading
from pathlib import Path

import pytest

from agent.drivers.simulated_machine import WELL, SimulatedMachine
from agent.events import MachineSeen
from agent.inbox import Inbox
from agent.vitals.watched_machine import WatchedMachine
from protocol.health import Machine


class Scripted:
    """Implements `agent.ports.HostMachine`: fails first, then answers."""

    simulated = True

    def __init__(self) -> None:
        self.looks = 0

    def look(self) -> Machine:
        self.looks += 1
        if self.looks <= 2:
            raise RuntimeError("no sense in it")
        return Machine(temperature_c=self.looks)


class Hanging:
    """Implements `agent.ports.HostMachine`: never answers until it is let go."""

    simulated = True

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.let_go = threading.Event()

    def look(self) -> Machine:
        self.begun.set()
        self.let_go.wait(60)
        return Machine()


def test_a_machine_that_fails_is_looked_at_again(caplog: pytest.LogCaptureFixture) -> None:
    inbox = Inbox()
    watched = WatchedMachine(Scripted(), inbox, every_s=0.001)
    watched.start()
    assert inbox.get(timeout_s=10) == MachineSeen(state=Machine(temperature_c=3))
    watched.stop()
    assert [record.message for record in caplog.records] == ["the machine can't be looked at"]


def test_a_look_that_hangs_does_not_keep_the_station_from_ending() -> None:
    inbox, machine = Inbox(), Hanging()
    watched = WatchedMachine(machine, inbox)
    watched.start()
    assert machine.begun.wait(10)
    watched.stop()
    machine.let_go.set()
    assert inbox.get(timeout_s=0.2) is None


def test_a_simulated_machine_says_what_its_file_says(tmp_path: Path) -> None:
    file = tmp_path / "machine.json"
    machine = SimulatedMachine(folder=tmp_path, file=file)
    assert machine.look() == WELL
    file.write_text(json.dumps({"temperature_c": 85, "undervoltage": "now"}))
    assert (machine.look().temperature_c, machine.look().undervoltage) == (85, "now")
    assert machine.look().model == WELL.model


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"temperature_c": "hot"}', '{"undervoltage": "maybe"}', "x" * 99_999]
)
def test_rubbish_in_its_file_is_a_machine_that_tells_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "machine.json").write_text(content)
    assert SimulatedMachine(folder=tmp_path, file=tmp_path / "machine.json").look() == Machine()
