"""What the agent's tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.bench import Bench, bench, desired
from tests.agent.station.running import Running
from tests.agent.station.station_process import LIMIT_S, StationProcess
from tests.conftest import short_folder
from tests.fakes.clockwork import FakeSystemClock
from tests.fakes.enrolled import make_enrolled


@pytest.fixture
def system() -> FakeSystemClock:
    """Tuesday morning, 08:30."""
    return FakeSystemClock()


@pytest.fixture
def station(tmp_path: Path, system: FakeSystemClock) -> Iterator[Bench]:
    """A station that knows the time and its village."""
    with bench(tmp_path, system) as made:
        made.accept(desired())
        yield made


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a path short enough for unix sockets."""
    with short_folder() as made:
        yield made


@pytest.fixture
def running(station: Bench, system: FakeSystemClock) -> Running:
    """The core of ``station``, which takes the events that a test gives it."""
    return Running(station, system)


@pytest.fixture
def process(folder: Path) -> Iterator[StationProcess]:
    """A station with simulated devices, whose agent a test starts as a process."""
    made = StationProcess(make_enrolled(folder / "station", camera="simulated"))
    yield made
    if made.process is not None and made.process.poll() is None:
        made.process.kill()
        made.process.wait(LIMIT_S)
    made.lamp.close()
