"""Which segments of the log a restore needs, and which of them are missing."""

import json
from pathlib import Path

import pytest

from server_broker.backup.repository import Repository, history, lsn_segment, segment_name
from server_broker.platform.home import CountyHome

BEGAN = 1_800_000_000
"""When the first base backup ended; each further one ended a minute later."""


class Archive:
    """A repository as pgBackRest leaves it, without content."""

    def __init__(self, root: Path) -> None:
        self.repository = Repository(CountyHome(root))
        self._log = self.repository.root / "archive" / "county" / "17-1"
        self._log.mkdir(parents=True)

    def segments(self, timeline: int, *numbers: int) -> None:
        for number in numbers:
            name = segment_name(timeline, number)
            (self._log / name[:16]).mkdir(exist_ok=True)
            (self._log / name[:16] / f"{name}-{'0' * 40}.zst").touch()

    def bases(self, **firsts: str) -> None:
        lines = [
            f"{label}={json.dumps({'backup-archive-start': first, 'backup-timestamp-stop': BEGAN + 60 * number})}"
            for number, (label, first) in enumerate(firsts.items())
        ]
        info = self.repository.root / "backup" / "county" / "backup.info"
        info.parent.mkdir(parents=True)
        info.write_text("[backup:current]\n" + "\n".join(lines) + "\n\n[db]\ndb-id=1\n", encoding="utf-8")


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path)


def test_a_segment_that_is_missing_in_the_middle_is_named(archive: Archive) -> None:
    archive.bases(aF=segment_name(1, 254))
    archive.segments(1, 250, 254, 255, 256, 258)
    assert archive.repository.gaps() == ["000000010000000100000001"]


def test_what_was_before_the_second_newest_full_backup_may_be_missing(archive: Archive) -> None:
    archive.bases(aF=segment_name(1, 1), bF=segment_name(1, 5), cF=segment_name(1, 8), cF_dI=segment_name(1, 9))
    archive.segments(1, 1, 5, 6, 7, 8, 9)
    assert archive.repository.gaps() == []


def test_after_a_restore_either_timeline_may_have_the_segment_where_they_meet(archive: Archive) -> None:
    archive.bases(aF=segment_name(1, 3))
    archive.segments(1, 3, 4, 5)
    archive.segments(2, 5, 6)
    (archive.repository.root / "archive/county/17-1/00000002.history").write_text("1\t0/5000060\tno target\n")
    assert archive.repository.gaps() == []
    archive.segments(2, 8)
    assert archive.repository.gaps() == [segment_name(2, 7)]


def test_positions_of_the_log_are_read() -> None:
    assert lsn_segment("1/A000060") == 256 + 10
    assert history("1\t0/5000060\tbefore\n\n2\t0/9000000\tno\n") == [(1, 5), (2, 9)]
