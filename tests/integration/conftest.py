"""One real county with three real stations for all tests of this room, because it takes long to start.

Each test mends what it broke.
"""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import short_folder
from tests.integration.small_disk import SmallDisk
from tests.integration.village import Village

_TEST_S = 300
"""How long a test may take. The first test includes the start of the village."""
_COUNTY_MEGABYTES = 700
_MEDIA_MEGABYTES = 32
_CARD_MEGABYTES = 32


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.parent == here:
            item.add_marker(pytest.mark.timeout(_TEST_S))


@pytest.fixture(scope="session")
def running_village() -> Iterator[Village]:
    # Whoever ends the tests early ends the village too, and has its disks taken away.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with short_folder() as folder:
        folder.chmod(0o755)
        home = folder / "county"
        with (
            SmallDisk(home, megabytes=_COUNTY_MEGABYTES) as county_disk,
            SmallDisk(home / "media", megabytes=_MEDIA_MEGABYTES) as media_disk,
            SmallDisk(folder / "card", megabytes=_CARD_MEGABYTES) as card,
        ):
            village = Village(folder, county_disk=county_disk, media_disk=media_disk, card=card)
            with village.bench:
                yield village


@pytest.fixture
def village(running_village: Village) -> Iterator[Village]:
    """The village. After each test, the county must have each touch that was shown green once, and no other."""
    yield running_village
    running_village.await_all_stored()
    assert running_village.invented_or_doubled() == []
