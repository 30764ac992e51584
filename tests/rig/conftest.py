"""Each file names with ``DRIVER`` the driver that it tries, and with ``STACK`` the layers under it.

The rig's report uses both.
"""

import os
from collections.abc import Callable

import pytest

if not os.environ.get("CUNHUI_RIG"):
    collect_ignore_glob = ["test_*.py"]
    """This machine lacks the devices. `./run rig drivers` starts a machine that has them."""


@pytest.fixture(autouse=True)
def what_is_tried(request: pytest.FixtureRequest, record_property: Callable[[str, object], None]) -> None:
    record_property("driver", request.module.DRIVER)
    record_property("stack", request.module.STACK)
