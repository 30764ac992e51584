"""The version of a package: to dpkg a later commit is a later version, and what is in no commit an earlier one."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from firmware_scripts.packaging.source import changelog
from firmware_scripts.packaging.version import Commit, commit_of, debian_version

AT_NOON = Commit("aaaaaaaa", 1_796_126_400, dirty=False)


def earlier(one: str, other: str) -> bool:
    return subprocess.run(["dpkg", "--compare-versions", one, "lt", other]).returncode == 0


def test_a_version_names_the_commit_and_its_time_in_utc() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+\+20261201120000\.aaaaaaaa", debian_version(AT_NOON))


@pytest.mark.parametrize("seconds", [1, 60, 86_400, 400 * 86_400])
def test_a_later_commit_is_a_later_version_whatever_its_hash(seconds: int) -> None:
    later = Commit("00000000", AT_NOON.time_s + seconds, dirty=False)
    assert earlier(debian_version(AT_NOON), debian_version(later))


def test_what_is_in_no_commit_comes_before_the_commit() -> None:
    dirty = debian_version(Commit(AT_NOON.name, AT_NOON.time_s, dirty=True))
    assert dirty.endswith("~dirty")
    assert earlier(dirty, debian_version(AT_NOON))


def test_the_checkout_says_its_commit_and_whether_it_was_changed(tmp_path: Path) -> None:
    when = "2026-12-01T20:00:00+08:00"
    environment = {**os.environ, "GIT_COMMITTER_DATE": when, "GIT_AUTHOR_DATE": when}

    def git(*words: str) -> str:
        who = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.invalid")
        command = ["git", "-C", str(tmp_path), *who, *words]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=environment).stdout.strip()

    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "--message", "first")
    commit = commit_of(tmp_path)
    assert (commit.time_s, commit.dirty) == (AT_NOON.time_s, False)
    assert git("rev-parse", "HEAD").startswith(commit.name)
    (tmp_path / "new").touch()
    assert commit_of(tmp_path).dirty


def test_dpkg_reads_the_version_and_the_time_from_the_changelog(tmp_path: Path) -> None:
    (tmp_path / "changelog").write_text(changelog(AT_NOON), encoding="utf-8")
    for field, value in (
        ("Version", debian_version(AT_NOON)),
        ("Timestamp", str(AT_NOON.time_s)),
        ("Source", "cunhui"),
    ):
        command = ["dpkg-parsechangelog", "-l", str(tmp_path / "changelog"), "-S", field]
        assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() == value
