"""What several tests of the uplink begin with."""

from pathlib import Path

import pytest

from tests.agent.uplink.pki import Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "pki")
