"""Lay out the source that the packages are built from: this checkout, the wheels, and ``debian/``."""

import datetime as dt
import re
import shutil
import subprocess
from email.utils import format_datetime
from fnmatch import fnmatch
from pathlib import Path

from firmware_scripts.packaging.parts import PACKAGES, DebianPackage
from firmware_scripts.packaging.version import Commit, debian_version

REPOSITORY = Path(__file__).parents[2]
MAINTAINER = "Cunhui maintainers <maintainers@cunhui.invalid>"
_DEBIAN = Path(__file__).with_name("debian")
_TOP = ("setup.py", "pyproject.toml", "LICENSE", "firmware_scripts/__init__.py")
_FOLDERS = (
    "protocol",
    "agent",
    "kiosk_tui",
    "server_broker",
    "firmware_scripts/ota",
    "firmware_scripts/packaging",
    "firmware_scripts/systemd",
)
_GUIDES = "docs/guides"
_PICTURE = re.compile(r"\]\(\.\./(pictures/[^)]+)\)")


def lay_out(folder: Path, commit: Commit, wheels: Path) -> None:
    """Fill an empty folder with the source.

    Args:
        wheels: Everything that the lock files name, for the architecture that is built for.
    """
    for name in _files_of_checkout():
        if name in _TOP or name.startswith(tuple(f"{one}/" for one in (*_FOLDERS, "requirements", "docs"))):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(REPOSITORY / name, folder / name)
    shutil.copytree(wheels, folder / "wheels")
    # Not with the checkout's times: dpkg sets those to the commit's that are later, and leaves those that are earlier.
    debian = shutil.copytree(_DEBIAN, folder / "debian", copy_function=shutil.copy)
    (debian / "changelog").write_text(changelog(commit), encoding="utf-8")
    for package in PACKAGES.values():
        _write_for_debhelper(package, debian)


def changelog(commit: Commit) -> str:
    """Return ``debian/changelog`` with the one version that is built (deb-changelog(5))."""
    said = f"Built from commit {commit.name}, whose CHANGELOG.md says what changed for whom."
    when = format_datetime(commit.time.astimezone(dt.UTC))
    return f"cunhui ({debian_version(commit)}) trixie; urgency=medium\n\n  * {said}\n\n -- {MAINTAINER}  {when}\n"


def guides_of(package: DebianPackage) -> list[str]:
    """Return the guides of a package and the pictures in them, as they lie under ``docs/``."""
    there = sorted((REPOSITORY / _GUIDES).glob("*.md"))
    guides = [guide for guide in there if any(fnmatch(guide.name, pattern) for pattern in package.guides)]
    pictures = {name for guide in guides for name in _PICTURE.findall(guide.read_text(encoding="utf-8"))}
    return [*(f"guides/{guide.name}" for guide in guides), *sorted(pictures)]


def install_lines(package: DebianPackage) -> str:
    """Return ``debian/PACKAGE.install`` (dh_install(1))."""
    doc = f"usr/share/doc/{package.name}"
    files = {
        **package.files,
        **{f"docs/{name}": f"{doc}/{name.partition('/')[0]}" for name in guides_of(package)},
    }
    return "".join(f"{name} {folder}\n" for name, folder in files.items())


def _write_for_debhelper(package: DebianPackage, debian: Path) -> None:
    (debian / f"{package.name}.install").write_text(install_lines(package), encoding="utf-8")
    links = "".join(f"{package.environment}/bin/{program} usr/bin/{program}\n" for program in package.programs)
    (debian / f"{package.name}.links").write_text(links, encoding="utf-8")
    for kind, file in (("sysusers", package.sysusers), ("tmpfiles", package.tmpfiles)):
        if file is not None:
            shutil.copy(REPOSITORY / file, debian / f"{package.name}.{kind}")


def _files_of_checkout() -> list[str]:
    """Return what is in the checkout, without what Git ignores."""
    command = ["git", "-C", str(REPOSITORY), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\0")
    return [name for name in names if (REPOSITORY / name).is_file()]
