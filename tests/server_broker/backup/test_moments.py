"""Which moments can be had again: every one since the second newest full backup, before that those of the backups."""

import datetime as dt
from pathlib import Path

import pytest

from server_broker.backup.restoring import options_as_of
from server_broker.platform.processes import ServiceError
from tests.server_broker.backup.test_repository import BEGAN, Archive


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    archive = Archive(tmp_path)
    firsts = ("1F", "1F_2I", "2F", "3F")
    archive.bases(**{label: f"0000000100000000{number:08X}" for number, label in enumerate(firsts, 1)})
    return archive


def after(seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(BEGAN + seconds, dt.UTC)


def test_since_the_second_newest_full_backup_every_moment_can_be_had(archive: Archive) -> None:
    words = options_as_of(after(121.5), archive.repository)
    assert words == ["--type=time", "--target=2027-01-15 08:02:01.500000+0000", "--target-action=promote"]


@pytest.mark.parametrize(("seconds", "label"), [(0, "1F"), (60.9, "1F_2I"), (120, "2F"), (180, "3F")])
def test_the_moment_at_which_a_backup_ended_can_be_had(archive: Archive, seconds: float, label: str) -> None:
    words = options_as_of(after(seconds), archive.repository)
    assert words == [f"--set={label}", "--type=immediate", "--target-action=promote"]


def test_another_moment_before_is_refused_with_those_near_it(archive: Archive) -> None:
    """PostgreSQL would end before it, and asked for all that there is, give the newest."""
    said = "离它最近的是 --to 2027-01-15T16:00:00 或 --to 2027-01-15T16:01:00；2027-01-15T16:02:00 以后任何一刻都可以"
    with pytest.raises(ServiceError, match=said):
        options_as_of(after(59), archive.repository)
    with pytest.raises(ServiceError, match="最早只能恢复到 2027-01-15T16:00:00"):
        options_as_of(after(-1), archive.repository)
