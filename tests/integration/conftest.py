"""One real county with three real stations for all tests of this room: its start is dear, its damage heals."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import short_folder
from tests.integration.small_disk import SmallDisk
from tests.integration.village import Village

_TEST_S = 300
"""What a test may take, the start of the village with the first one included."""
_COUNTY_MEGABYTES = 700
_MEDIA_MEGABYTES = 32
_CARD_MEGABYTES = 32


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
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
    """The village, and after each test: whatever was shown green is in the county once, and nothing else is."""
    yield running_village
    running_village.await_all_stored()
    assert running_village.invented_or_doubled() == []
