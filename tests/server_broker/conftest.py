"""What the county's tests share."""

from typing import TYPE_CHECKING

import pytest

from tests.cast import LI
from tests.server_broker.station_double import NOW, StationDouble

if TYPE_CHECKING:
    from server_broker.ingest.batch import BatchProcessor
    from server_broker.people.models import Person
    from tests.server_broker.county import FictionalCounty


@pytest.fixture
def station() -> StationDouble:
    """A station that the county has taken in."""
    double = StationDouble()
    double.enrol()
    return double


@pytest.fixture
def county() -> "FictionalCounty":
    """A fictional county with two villages, their stations, people and cards."""
    # pytest reads this file before Django is set up.
    from tests.server_broker.county import make_county  # noqa: PLC0415

    return make_county()


@pytest.fixture
def li(county: "FictionalCounty") -> "Person":
    """A second person of the fictional county's first village, with a card."""
    return county.add(LI)


@pytest.fixture
def processor() -> "BatchProcessor":
    """The county's processing of messages, at the doubles' time."""
    # pytest reads this file before Django is set up.
    from server_broker.ingest.batch import BatchProcessor  # noqa: PLC0415

    return BatchProcessor(clock=lambda: NOW)
