"""``./run package``: build the Debian packages and have lintian judge them."""

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from firmware_scripts.packaging.build_machine import build_machine
from firmware_scripts.packaging.making import SHORT, fetched_wheels, make_packages
from firmware_scripts.packaging.source import REPOSITORY
from firmware_scripts.packaging.version import Commit, commit_of, debian_version
from firmware_scripts.report import Report, exit_code
from firmware_scripts.rig.debian import own_architecture

_ARCHITECTURES = ("amd64", "arm64")
_FINDING = re.compile(r"^[EWIPXC]: .*", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Built:
    """One package. It shares its build with the other one of its architecture."""

    file: str
    bytes: int
    prepare_seconds: float
    """For the build machine and the wheels, which are kept."""
    build_seconds: float
    lintian: list[str]


def main(arguments: list[str]) -> int:
    """Build, judge and report."""
    options = _parser().parse_args(arguments)
    report = Report("package", seed=0)
    names = [SHORT[name] for name in options.names or SHORT]
    options.out.mkdir(parents=True, exist_ok=True)
    commit = commit_of(REPOSITORY)
    architectures = options.arch or [own_architecture()]
    built = [one for architecture in architectures for one in _build(commit, architecture, names, options.out)]
    result = report.finish(
        as_json=options.json,
        version=debian_version(commit),
        built=[asdict(one) for one in built],
        lintian_errors=sum(finding.startswith("E:") for one in built for finding in one.lintian),
    )
    return exit_code(result, "lintian_errors", repeat="./run package")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run package", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*SHORT], metavar="county|station", help="both without a name")
    parser.add_argument("--arch", nargs="+", choices=_ARCHITECTURES, help="this machine's without it")
    parser.add_argument("--out", type=Path, default=REPOSITORY / "var" / "packages", help="folder for the packages")
    parser.add_argument("--json", action="store_true", help="end with one JSON object on the last line")
    return parser


def _build(commit: Commit, architecture: str, names: Sequence[str], out: Path) -> list[Built]:
    """Build packages for one architecture and return what came out."""
    began = time.monotonic()
    fetched_wheels(architecture)
    build_machine(architecture)
    ready = time.monotonic()
    packages = make_packages(commit, architecture, names, out)
    prepare_s, build_s = round(ready - began, 1), round(time.monotonic() - ready, 1)
    return [Built(str(one), one.stat().st_size, prepare_s, build_s, _lintian(one)) for one in packages]


def _lintian(package: Path) -> list[str]:
    """Return what lintian finds in a package."""
    command = ["lintian", "--no-cfg", "--allow-root", "--tag-display-limit", "0", str(package)]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    if said.returncode not in (0, 2):  # lintian(1): 2 says that a finding failed the package
        raise SystemExit(f"lintian failed: {said.stderr}")
    return _FINDING.findall(said.stdout)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
