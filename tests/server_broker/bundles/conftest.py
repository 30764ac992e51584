"""A folder of bundles and the row of an enrolled station."""

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.server_broker.station_double import StationDouble

if TYPE_CHECKING:
    from server_broker.bundles.files import BundleFolder
    from server_broker.fleet.models import Station


@pytest.fixture
def folder(tmp_path: Path) -> "BundleFolder":
    # pytest reads this file before Django is set up.
    from server_broker.bundles.files import BundleFolder  # noqa: PLC0415

    root = tmp_path / "bundles"
    root.mkdir()
    return BundleFolder(root)


@pytest.fixture
def row(station: StationDouble) -> "Station":
    """The station in the county's tables. It speaks the contract that knows of a shelf."""
    from server_broker.fleet.models import Station, StationStatus  # noqa: PLC0415

    StationStatus.objects.create(station_id=station.id, contract=1)
    return Station.objects.get(pk=station.id)
