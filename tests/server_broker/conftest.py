"""What the county's tests share."""

from typing import TYPE_CHECKING

import pytest

from tests.server_broker.station_double import NOW, StationDouble

if TYPE_CHECKING:
    from server_broker.ingest.batch import BatchProcessor


@pytest.fixture
def station() -> StationDouble:
    """A station that the county has taken in."""
    double = StationDouble()
    double.enrol()
    return double


@pytest.fixture
def processor() -> "BatchProcessor":
    """The county's processing of messages, at the doubles' time."""
    # pytest reads this file before Django is set up.
    from server_broker.ingest.batch import BatchProcessor  # noqa: PLC0415

    return BatchProcessor(clock=lambda: NOW)
