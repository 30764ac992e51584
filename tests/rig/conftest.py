"""Each file says with ``DRIVER`` and ``STACK`` what it tries, and what stands under that; the rig reports by them."""

import os
from collections.abc import Callable

import pytest

if not os.environ.get("CUNHUI_RIG"):
    collect_ignore_glob = ["test_*.py"]
    """This machine lacks the devices: `./run rig drivers` has one that does not."""


@pytest.fixture(autouse=True)
def what_is_tried(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    record_property("driver", request.module.DRIVER)
    record_property("stack", request.module.STACK)
