"""What the agent's tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.bench import Bench, bench, desired
from tests.conftest import short_folder
from tests.fakes.clockwork import FakeSystemClock


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
