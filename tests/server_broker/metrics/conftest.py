"""What the tests of metrics share."""

import pytest

from server_broker.bundles.rate import Rate


@pytest.fixture(autouse=True)
def no_haste(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no test use up what another may ask for: the door counts for its whole process."""
    # By name, because pytest reads this file before Django is set up.
    monkeypatch.setattr("server_broker.api.door.OF_AN_ADDRESS", Rate(a_second=20, burst=600))
    monkeypatch.setattr("server_broker.api.door.OF_A_TOKEN", Rate(a_second=2, burst=120))
