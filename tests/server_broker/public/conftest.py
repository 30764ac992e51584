"""What the tests of the front door share."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from django.test import override_settings

if TYPE_CHECKING:
    from tests.server_broker.county import FictionalCounty


@pytest.fixture
def county(db: None) -> Iterator["FictionalCounty"]:
    """The fictional county, as the front door's own process sees it."""
    # pytest reads this file before Django is set up.
    from tests.server_broker.county import make_county  # noqa: PLC0415
    from tests.server_broker.public.door import settings_of_the_door  # noqa: PLC0415

    with override_settings(**settings_of_the_door()):
        yield make_county()
