"""The version of a package: the product's with the commit's time and name. A later commit is a later version."""

import datetime as dt
import subprocess
from dataclasses import dataclass
from pathlib import Path

from agent import VERSION

_HASH_CHARS = 8


@dataclass(frozen=True, slots=True)
class Commit:
    """What is built.

    Attributes:
        time_s: Seconds since 1970, as the committer's machine had it.
        dirty: Whether the folder has changes that are not in it.
    """

    name: str
    time_s: int
    dirty: bool

    @property
    def time(self) -> dt.datetime:
        """Its time in UTC."""
        return dt.datetime.fromtimestamp(self.time_s, dt.UTC)


def commit_of(repository: Path) -> Commit:
    """Return the commit that is checked out."""

    def git(*words: str) -> str:
        command = ["git", "-C", str(repository), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    name, time_s = git("log", "-1", f"--abbrev={_HASH_CHARS}", "--format=%h %ct").split()
    return Commit(name, int(time_s), dirty=bool(git("status", "--porcelain")))


def debian_version(commit: Commit) -> str:
    """Return the version for dpkg (deb-version(7)).

    What is built with changes that are in no commit sorts before the commit itself, so that the package of the commit
    replaces it.
    """
    return f"{VERSION}+{commit.time:%Y%m%d%H%M%S}.{commit.name}{'~dirty' if commit.dirty else ''}"
