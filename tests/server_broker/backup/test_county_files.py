"""Pictures are packed once, and what the county erases leaves the backups after the days that they are kept."""

import datetime as dt
import io
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from server_broker.backup.county_files import CopyIndex, copy_index, kept_files, shares, unpack, write_archive
from server_broker.backup.encryption import Written
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError

NOW = dt.datetime(2026, 12, 1, tzinfo=dt.UTC)
KEEP = dt.timedelta(days=35)
PACKAGE = "apt/public/pool/main/c/cunhui/cunhui-station_1_arm64.deb"


@pytest.fixture
def home(tmp_path: Path) -> CountyHome:
    home = CountyHome(tmp_path / "county")
    for folder in ("media/ab", "media/partial", "bundles/cd", "trust/gpg/keys", "postgres", "logs", "backup", "run"):
        (home.root / folder).mkdir(parents=True)
    (home.root / PACKAGE).parent.mkdir(parents=True)
    for file in (
        "county.toml",
        "apt/public/cunhui.asc",
        PACKAGE,
        "trust/ca.key",
        "trust/gpg/keys/one",
        "postgres/PG_VERSION",
        "logs/web.log",
        "media/ab/ab01",
        "bundles/cd/cd01",
    ):
        (home.root / file).write_text(file)
    (home.media / "partial" / "station.ab02").touch()
    (home.media / "ab" / ".ab03.tmp").touch()
    return home


@pytest.fixture
def index(home: CountyHome) -> Iterator[CopyIndex]:
    with copy_index(home, "disk") as index:
        yield index


def names(home: CountyHome, files: list[Path]) -> set[str]:
    return {str(file.relative_to(home.root)) for file in files}


def test_keys_and_settings_are_kept_and_what_is_made_anew_is_not(home: CountyHome) -> None:
    (home.root / "added-later").touch()
    keys = {"apt/public/cunhui.asc", "trust/ca.key", "trust/gpg/keys/one"}
    assert names(home, kept_files(home)) == {"added-later", "county.toml", *keys}


def test_what_was_packed_is_not_packed_again(home: CountyHome, index: CopyIndex) -> None:
    new = index.look(NOW)
    assert names(home, new) == {"media/ab/ab01", "bundles/cd/cd01", PACKAGE}
    index.note("blobs/1", new)
    assert index.look(NOW) == []
    (home.media / "ab" / "ab04").touch()
    assert names(home, index.look(NOW)) == {"media/ab/ab04"}
    with copy_index(home, "another disk") as other:
        assert other.look(NOW)


def test_an_archive_with_something_long_erased_is_given_up_and_the_rest_packed_anew(
    home: CountyHome, index: CopyIndex
) -> None:
    index.note("blobs/1", index.look(NOW))
    (home.media / "ab" / "ab01").unlink()
    assert index.look(NOW) == []
    assert index.drop_due(now=NOW + KEEP, keep=KEEP, sizes={}) == set()
    assert index.drop_due(now=NOW + KEEP + dt.timedelta(seconds=1), keep=KEEP, sizes={}) == {"blobs/1"}
    assert names(home, index.look(NOW)) == {"bundles/cd/cd01", PACKAGE}


def test_an_archive_that_is_gone_from_the_disk_is_packed_anew(home: CountyHome, index: CopyIndex) -> None:
    index.note("blobs/1", index.look(NOW))
    # Long enough ago that the folders' own times are believed.
    for folder, _, _ in home.root.walk():
        os.utime(folder, (1_700_000_000, 1_700_000_000))
    assert index.look(NOW) == []
    assert index.keep_archives(set()) == set()
    assert len(index.look(NOW)) == 3


def test_small_archives_go_together_once_there_are_several(home: CountyHome, index: CopyIndex) -> None:
    index.note("blobs/1", index.look(NOW))
    assert index.drop_due(now=NOW, keep=KEEP, sizes={"blobs/1": 10}) == set()
    assert index.drop_due(now=NOW, keep=KEEP, sizes={"blobs/1": 10, "blobs/2": 10}) == {"blobs/1", "blobs/2"}


def test_what_was_written_before_a_copy_broke_off_is_remembered(home: CountyHome) -> None:
    with copy_index(home, "disk") as index:
        index.note_written("repo/one", Written(3, "aa"))
    with copy_index(home, "disk") as index:
        assert index.written() == {"repo/one": Written(3, "aa")}
        index.forget_others([])
        assert index.written() == {}


def test_a_damaged_file_is_remembered_until_it_is_written_anew_or_wanted_no_more(index: CopyIndex) -> None:
    index.note_damaged(["repo/one", "blobs/two"])
    index.note_written("repo/one", Written(3, "aa"))
    assert index.damaged() == {"blobs/two"}
    index.forget_others(["repo/one"])
    assert index.damaged() == set()


def test_an_archive_comes_out_as_it_went_in_without_what_vanished(home: CountyHome, tmp_path: Path) -> None:
    pipe = io.BytesIO()
    (home.trust / "ca.key").chmod(0o600)
    deep = home.trust / "gpg" / "keys" / "one"
    write_archive(pipe, home.root, [deep, home.trust / "ca.key", home.root / "vanished", home.config_file])
    pipe.seek(0)
    unpack(pipe, tmp_path / "out", blobs=False)
    found = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert found == {"trust/gpg/keys/one", "trust/ca.key", "county.toml"}
    assert {folder.stat().st_mode & 0o777 for folder, _, _ in (tmp_path / "out").walk()} == {0o700}
    assert (tmp_path / "out" / "trust" / "ca.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "blobs"),
    [
        ("server_broker/__init__.py", False),
        ("postgres/postgresql.auto.conf", False),
        ("by-units", False),
        ("media/ab/ab01", False),
        ("trust/ca.key", True),
        ("county.toml", True),
    ],
)
def test_a_file_that_no_copy_puts_there_is_refused_by_name(tmp_path: Path, name: str, blobs: bool) -> None:
    """Whatever is in an archive ends in the county's folder, and root starts programs there."""
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).touch()
    pipe = io.BytesIO()
    write_archive(pipe, tmp_path, [tmp_path / name])
    pipe.seek(0)
    with pytest.raises(ServiceError, match=name):
        unpack(pipe, tmp_path / "out", blobs=blobs)
    assert not (tmp_path / "out" / name).exists()


def test_shares_have_about_one_size() -> None:
    files = [Path(str(number)) for number in range(5)]
    assert [len(share) for share in shares(files, limit=20, size=lambda _: 10)] == [2, 2, 1]
