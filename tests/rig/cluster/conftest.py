"""The clusters need no device, so their test runs where the other tests of rigs do not."""

import pytest


@pytest.fixture(autouse=True)
def what_is_tried() -> None:
    """Nothing: the report of `./run rig drivers` is about devices."""
