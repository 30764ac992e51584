"""When root enrols a station, the agent must be able to read the files."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.cli import EXIT_FAILED, main
from agent.config.station_config import StationConfig
from agent.identity.enrolment import CountyRefused
from tests.fakes.enrolled import make_enrolled

NOBODY = 65_534


@pytest.fixture
def enrolling(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Notes which user asks the county, and enrols no station."""
    user, group = os.geteuid(), os.getegid()
    asked: list[int] = []

    def refused(config: StationConfig, claim: str, *, only: str) -> None:
        asked.append(os.geteuid())
        raise CountyRefused("test", "不行")

    monkeypatch.setattr("agent.wiring.county.enrol_station", refused)
    yield asked
    os.seteuid(user)
    os.setegid(group)


def test_root_enrols_as_the_folders_owner_and_everybody_else_as_themselves(folder: Path, enrolling: list[int]) -> None:
    enrolled = make_enrolled(folder / "station")
    me = os.geteuid()
    code = folder / "code"  # which root alone may read
    code.write_text("1234567890128\n")
    code.chmod(0o600)
    command = ["enrol", "--config", str(enrolled.config), "--claim-file", str(code)]
    assert main(command) == EXIT_FAILED
    owner = NOBODY if me == 0 else me
    os.chown(enrolled.folder, owner, -1)
    assert main(command) == EXIT_FAILED
    assert enrolling == [me, owner]
