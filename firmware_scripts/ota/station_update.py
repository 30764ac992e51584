"""Update the package of a station that was installed by hand, and go back if the station is not well afterwards.

``cunhui-update.service`` runs ``run``, and ``cunhui-recover.service`` runs ``recover`` at a boot after an interruption,
both as root by Debian's own Python: the package's environment is what is exchanged. So it is one file of the standard
library's alone.

The former package is kept before anything changes. What is going on is on disk (``attempt.json``) before dpkg begins,
so whatever interrupts it is found at the next call. A version that was not well is not tried again. Being out of reach
of the county is not illness: a station in a valley with no line has nothing to do with its version.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import time
import tomllib
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

PACKAGE = "cunhui-station"
CODENAME = "trixie"
WELL_WITHIN_S = 300.0
"""How long the station has to become well. A Pi with a worn card starts slowly."""
STAYS_WELL_S = 60.0
"""A station is well if it still is after so long: a version may fall down a moment after its start."""
LOOK_EVERY_S = 5.0
APT_S = 3_600.0
"""A station's line may take most of an hour for a package."""
NOT_ITS_VERSION = frozenset({*range(21, 28), 31, 71, 72, 81})
"""The doctor's codes for what no version can help: county, line, time, supply, heat and data
(`agent.doctor.problems`)."""
NO_REPORT = 0
"""Stands for the codes of a doctor that said nothing readable."""
MOST_INTERRUPTIONS = 3
"""A version whose installation was interrupted so often is not tried again."""
_KEY_BYTES = 16_384
_VERSION = re.compile(r"[0-9][A-Za-z0-9.+~-]{0,63}")


class CantUpdate(Exception):
    """Nothing was changed. The message is for the journal."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A station's files, below ``root``; a test has another root, and tells apt and dpkg of it by ``APT_CONFIG``."""

    root: Path = Path("/")
    well_within_s: float = WELL_WITHIN_S
    stays_well_s: float = STAYS_WELL_S

    @property
    def state(self) -> Path:
        """Our own folder. The agent may read it."""
        return self.root / "var/lib/cunhui-update"

    @property
    def config(self) -> Path:
        """``station.toml``."""
        return self.root / "etc/cunhui/station.toml"

    @property
    def key(self) -> Path:
        """Public key of the county's repository."""
        return self.root / "etc/apt/keyrings/cunhui.asc"

    @property
    def program(self) -> Path:
        """``cunhui-agent``."""
        return self.root / "usr/bin/cunhui-agent"


def run(machine: Machine) -> None:
    """Finish what was interrupted; then install a newer version if there is one, and see whether the station is well.

    Raises:
        CantUpdate: There is nothing to be had at present, or the station could not go back.
    """
    recover(machine)
    if (machine.state / "attempt.json").exists() and machine.root == Path("/"):
        # Units may have changed before this boot's agent was started, under systemd, which had read them already.
        _call(["systemctl", "daemon-reload"])
    finish(machine)
    county = County(machine)
    county.prepare()
    county.update()
    installed, offered = _installed(machine), county.candidate()
    if offered is None or not _is_later(offered, installed):
        _say(f"{installed} is the newest")
        return
    if offered in _read(machine.state / "state.json").get("refused", {}):
        _say(f"{offered} was tried here and was not well; waiting for a later one")
        return
    former, new = _kept(machine, installed), county.download(offered)
    before = _ill(machine)
    attempt = {"new": offered, "former": installed, "package": str(former), "before": sorted(before)}
    _write(machine.state / "attempt.json", attempt)
    _say(f"from {installed} to {offered}")
    done = _call(["apt-get", *_QUIET, "--no-remove", "install", str(new)])
    if done.returncode != 0:
        _say(f"apt-get: {done.stderr.strip()[-500:]}")
        _configure()
    finish(machine)


def recover(machine: Machine) -> None:
    """Bring dpkg's work to its end after an interruption, so that there is a whole package before the agent starts.

    Raises:
        CantUpdate: Neither version can be installed.
    """
    attempt = _read(machine.state / "attempt.json")
    if not attempt and _whole(machine):
        return
    _say("an installation was interrupted")
    _configure()
    if not _whole(machine) and attempt:
        _go_back(machine, attempt, "interrupted", its_fault=_interrupted(machine, attempt["new"]) >= MOST_INTERRUPTIONS)


def finish(machine: Machine) -> None:
    """Decide about an attempt: keep the new version if the station is well, otherwise go back.

    Raises:
        CantUpdate: The former version can't be put back either.
    """
    attempt = _read(machine.state / "attempt.json")
    if not attempt:
        return
    if not _whole(machine) or _installed(machine) != attempt["new"]:
        if _whole(machine) and _installed(machine) == attempt["former"]:
            _say(f"still {attempt['former']}: nothing was installed")
            (machine.state / "attempt.json").unlink(missing_ok=True)
            return
        _go_back(machine, attempt, "could not be installed")
        return
    ill = _settled(machine, frozenset(attempt["before"]))
    if ill:
        codes = ", ".join(map(str, sorted(ill)))
        _go_back(machine, attempt, "gave no report" if NO_REPORT in ill else f"not well: {codes}")
        return
    state = _read(machine.state / "state.json")
    refused = {version: why for version, why in state.get("refused", {}).items() if version != attempt["new"]}
    _write(machine.state / "state.json", {"refused": refused, "reverted": None})
    (machine.state / "attempt.json").unlink(missing_ok=True)
    _forget_packages(machine, keep=(attempt["new"], attempt["former"]))
    _say(f"{attempt['new']} is well")


def _interrupted(machine: Machine, version: str) -> int:
    """Count an interruption of a version's installation. A power cut is nobody's fault; one each time may be."""
    state = _read(machine.state / "state.json")
    counts = {**state.get("interrupted", {}), version: state.get("interrupted", {}).get(version, 0) + 1}
    _write(machine.state / "state.json", {**state, "interrupted": counts})
    return int(counts[version])


def _go_back(machine: Machine, attempt: dict[str, Any], why: str, *, its_fault: bool = True) -> None:
    """Put the former version back. If it is the new one's fault, remember not to try it again."""
    _say(f"{attempt['new']} {why}; back to {attempt['former']}")
    state = _read(machine.state / "state.json")
    if its_fault:
        refused = {**state.get("refused", {}), attempt["new"]: why}
        reverted = {"new": attempt["new"], "former": attempt["former"], "why": why}
        # Before the former version is there: its agent reads this when it starts, and tells the county.
        _write(machine.state / "state.json", {**state, "refused": refused, "reverted": reverted})
    done = _call(["dpkg", *_dpkg_options(), "--force-downgrade", "--force-confold", "--install", attempt["package"]])
    if done.returncode != 0 or not _whole(machine) or _installed(machine) != attempt["former"]:
        raise CantUpdate(f"can't go back: {done.stderr.strip()[-500:]}")
    (machine.state / "attempt.json").unlink(missing_ok=True)


class County:
    """The county's repository, as apt sees it. It has a list of its own, so that apt by hand passes it over: whoever
    upgrades a machine by hand would pass over the health check too."""

    def __init__(self, machine: Machine) -> None:
        """Raises `CantUpdate` if this is no station yet."""
        self._machine = machine
        try:
            county = tomllib.loads(machine.config.read_text(encoding="utf-8-sig"))["county"]
            self._url, self._ca = str(county["url"]).rstrip("/"), machine.root / str(county["ca"]).lstrip("/")
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise CantUpdate(f"no county in {machine.config}: {error}") from error
        self._list = machine.state / "cunhui.sources"

    def prepare(self) -> None:
        """Write apt's list, and fetch the repository's key once: later ones are not believed.

        Raises:
            CantUpdate: There is no key, and the county gives none.
        """
        if not self._machine.key.exists():
            self._machine.key.parent.mkdir(parents=True, exist_ok=True)
            _write_bytes(self._machine.key, self._fetched_key())
        text = (
            f"Types: deb\nURIs: {self._url}/apt\nSuites: {CODENAME}\nComponents: main\nSigned-By: {self._machine.key}\n"
        )
        _write_bytes(self._list, text.encode())

    def update(self) -> None:
        """Fetch what the repository offers.

        Raises:
            CantUpdate: It can't be reached, is held back by the operator, or its signature is wrong.
        """
        done = _call(["apt-get", *_QUIET, *self._alone(), "-o", "APT::Update::Error-Mode=any", "update"])
        if done.returncode != 0:
            raise CantUpdate(f"no list of packages: {done.stderr.strip()[-500:]}")

    def candidate(self) -> str | None:
        """Return the newest version that the repository offers for this machine."""
        found = _call(["apt-cache", *self._alone(), "show", "--no-all-versions", PACKAGE]).stdout
        versions = re.findall(r"^Version: (\S+)$", found, re.MULTILINE)
        # What is installed is listed too.
        there = [one for one in versions if _VERSION.fullmatch(one)]
        return max(there, key=_Later, default=None)

    def download(self, version: str) -> Path:
        """Fetch a version into the folder of kept packages; apt judges it by the signed list.

        Raises:
            CantUpdate: It can't be had now.
        """
        if (there := _package_of(self._machine, version)) is not None:
            return there
        return _made(self._machine, version, ["apt-get", *_QUIET, *self._alone(), "download", f"{PACKAGE}={version}"])

    def _fetched_key(self) -> bytes:
        try:
            trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            trusted.load_verify_locations(cafile=self._ca)
            # station.toml was checked: its url is https.
            with urllib.request.urlopen(f"{self._url}/apt/cunhui.asc", timeout=60, context=trusted) as response:  # noqa: S310
                key: bytes = response.read(_KEY_BYTES)
        except (OSError, ValueError) as error:
            raise CantUpdate(f"the county gives no key: {error}") from error
        if b"BEGIN PGP PUBLIC KEY BLOCK" not in key:
            raise CantUpdate("what the county gives is no key")
        return key

    def _alone(self) -> list[str]:
        host = urlsplit(self._url).hostname
        return [
            *("-o", f"Dir::Etc::sourcelist={self._list}", "-o", "Dir::Etc::sourceparts=-"),
            *("-o", "APT::Get::List-Cleanup=false", "-o", f"Acquire::https::{host}::CAInfo={self._ca}"),
        ]


def _kept(machine: Machine, version: str) -> Path:
    """Return the package of the version that is installed, to go back to. If it was not kept, pack it of its files.

    dpkg-repack(1) does that on the machine itself: a station's line may be paid by the byte.

    Raises:
        CantUpdate: There is none, so nothing is changed.
    """
    if (there := _package_of(machine, version)) is not None:
        return there
    options = (f"--root={machine.root}", "--deb-option=-Zgzip", "--deb-option=-z1")
    return _made(machine, version, ["dpkg-repack", *options, PACKAGE])


def _made(machine: Machine, version: str, command: list[str]) -> Path:
    """Keep the package that a command leaves in the folder where it runs.

    A command that is interrupted leaves half of it, so only what is whole and on disk gets its place.

    Raises:
        CantUpdate: It left none.
    """
    begun = machine.state / "kept" / "begun"
    shutil.rmtree(begun, ignore_errors=True)
    begun.mkdir(mode=0o755, parents=True)
    done = _call(command, cwd=begun)
    made = next(iter(begun.glob(f"{PACKAGE}_{version}_*.deb")), None)
    if done.returncode != 0 or made is None:
        raise CantUpdate(f"{command[0]} gives no {version}: {done.stderr.strip()[-500:]}")
    with made.open("rb") as file:
        os.fsync(file.fileno())
    kept = made.rename(begun.parent / made.name)
    _sync_folder(begun.parent)
    shutil.rmtree(begun, ignore_errors=True)
    return kept


def _package_of(machine: Machine, version: str) -> Path | None:
    """Return the kept package of a version; apt writes a colon of it as %3a, which none of ours has."""
    return next(iter(sorted((machine.state / "kept").glob(f"{PACKAGE}_{version}_*.deb"))), None)


def _forget_packages(machine: Machine, *, keep: tuple[str, ...]) -> None:
    wanted = {_package_of(machine, version) for version in keep}
    for path in (machine.state / "kept").glob("*.deb"):
        if path not in wanted:
            path.unlink()


def _settled(machine: Machine, before: frozenset[int]) -> set[int]:
    """Return the doctor's codes that are new, once none is and stays so, or the time is over."""
    deadline = time.monotonic() + machine.well_within_s
    # No report is never well, also where there was none before.
    known = before - {NO_REPORT}
    while True:
        ill = _ill(machine) - known
        if not ill:
            time.sleep(machine.stays_well_s)
            ill = _ill(machine) - known
        if not ill or time.monotonic() >= deadline:
            return ill
        time.sleep(LOOK_EVERY_S)


def _ill(machine: Machine) -> set[int]:
    """Return the doctor's codes of what a version may have to do with, or `NO_REPORT`.

    The doctor asks the agent through the kiosk's socket. An agent that answers there has opened its outbox.
    """
    command = [str(machine.program), "doctor", "--config", str(machine.config), "--json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        findings = json.loads(done.stdout)["findings"]
        return {int(one["code"]) for one in findings if one["well"] is False} - NOT_ITS_VERSION
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError, TypeError):
        return {NO_REPORT}


def _installed(machine: Machine) -> str:
    """Return the installed version, empty if there is none."""
    return _status().partition(" ")[2]


def _whole(machine: Machine) -> bool:
    """Return whether the package is installed as a whole."""
    return _status().partition(" ")[0] == "installed"


def _status() -> str:
    form = "--showformat=${db:Status-Status} ${Version}"
    return _call(["dpkg-query", *_dpkg_options(query=True), "--show", form, PACKAGE]).stdout


def _dpkg_options(*, query: bool = False) -> list[str]:
    """Return what dpkg is told through apt (apt.conf(5)): a test has another root. dpkg-query takes no force."""
    listed = _call(["apt-config", "dump", "--format", "%v%n", "DPkg::Options"]).stdout.split()
    return [one for one in listed if one.startswith(("--root=", "--admindir=") if query else "--")]


def _configure() -> None:
    _call(["dpkg", *_dpkg_options(), "--force-confold", "--configure", "--pending"])


def _is_later(version: str, than: str) -> bool:
    return _call(["dpkg", "--compare-versions", version, "gt", than]).returncode == 0


class _Later:
    """Sorts versions as dpkg does."""

    def __init__(self, version: str) -> None:
        self._version = version

    def __lt__(self, other: "_Later") -> bool:
        return _is_later(other._version, self._version)


_QUIET = (
    "--quiet=2",
    "--yes",
    "-o",
    "Dpkg::Use-Pty=0",
    "-o",
    "DPkg::Lock::Timeout=600",
    "-o",
    "Dpkg::Options::=--force-confold",
)


def _call(command: list[str], *, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "NEEDRESTART_SUSPEND": "1"}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=APT_S, cwd=cwd, env=environment)


def _read(path: Path) -> dict[str, Any]:
    """Return what a file of ours says, nothing if it is not there or damaged."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write(path: Path, content: dict[str, Any]) -> None:
    _write_bytes(path, json.dumps(content, ensure_ascii=False).encode())


def _write_bytes(path: Path, content: bytes) -> None:
    """Put a file in its place so that a power cut leaves the former one or this one."""
    beside = path.with_name(f".{path.name}.new")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.chmod(0o644)
    beside.rename(path)
    _sync_folder(path.parent)


def _sync_folder(path: Path) -> None:
    folder = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


@contextlib.contextmanager
def _alone(machine: Machine) -> Iterator[None]:
    """Keep out another call of this program; the lock ends with the process."""
    machine.state.mkdir(mode=0o755, parents=True, exist_ok=True)
    with (machine.state / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _say(line: str) -> None:
    print(line, flush=True)


def main(arguments: list[str], machine: Machine | None = None) -> int:
    """Run ``run`` or ``recover``. 0 also where there was nothing to be had: the timer tries again."""
    machine = machine or Machine()
    with _alone(machine):
        try:
            {"run": run, "recover": recover}[arguments[0]](machine)
        except CantUpdate as error:
            _say(str(error))
            return 1 if (machine.state / "attempt.json").exists() else 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
