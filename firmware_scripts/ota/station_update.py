"""Update the package of a station that was installed by hand, and go back if the station is not well afterwards.

``cunhui-update.service`` runs ``run``, and ``cunhui-recover.service`` runs ``recover`` at a boot after an interruption,
both as root by Debian's own Python: the package's environment is what is exchanged. So it is one file of the standard
library's alone.

The former package is kept before anything changes. What is going on is on disk (``attempt.json``) before dpkg begins,
so whatever interrupts it is found at the next call, perhaps by the new version's copy of this file: keys of
``attempt.json`` and ``state.json`` keep their meaning. A version that was not well is not tried again. Being out of
reach of the county is not illness: a station in a valley with no line has nothing to do with its version.
"""

import contextlib
import fcntl
import hashlib
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
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
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
MOST_RESTARTS = 5
"""An agent that systemd has started so often, half a minute of it, is not waited for any longer."""
NO_REPORT = 0
"""Stands for the codes of a doctor that said nothing readable."""
NO_AGENT = frozenset({NO_REPORT, 11, 41, 42, 43})
"""The doctor got no answer of the agent, or never came to ask. A new version is never well so, whatever was before."""
NOT_ENROLLED = 12
"""The doctor asks no agent before the station is enrolled."""
JUDGED = frozenset({NOT_ENROLLED, 13, 14, 15, 44, 51, 52, 54, 55, *range(61, 68)})
"""The doctor's other codes that speak against a version (`agent.doctor.problems`): not county, line, time, supply,
heat, data and another station's records, which no version can help, and none that only a later version's doctor can
see."""
MOST_TRIES = 3
"""A version that failed so often for what may be no fault of its own, such as an interruption, is not tried again."""
_KEY_BYTES = 16_384
_PIECE_BYTES = 65_536
_URI = re.compile(r"'(?P<uri>https://[^' ]+)' (?P<name>[^ /]+\.deb) (?P<size>\d+) SHA256:(?P<sha256>[0-9a-f]{64})")
"""What ``apt-get --print-uris download`` prints."""
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
    seen = {"before": sorted(_ill(machine)), "judged": sorted(JUDGED)}
    attempt = {"new": offered, "former": installed, "package": str(former), **seen}
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
        _go_back(machine, attempt, "interrupted", its_fault=_tried_enough(machine, attempt["new"]))


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
    ill = _settled(machine, _watched(attempt))
    if ill:
        codes = ", ".join(map(str, sorted(ill)))
        why = "gave no report" if NO_REPORT in ill else f"not well: {codes}"
        # Where the former agent did not answer either, something else may be the cause, a wrong configuration perhaps.
        its_fault = NO_AGENT.isdisjoint(attempt["before"]) or _tried_enough(machine, attempt["new"])
        _go_back(machine, attempt, why, its_fault=its_fault)
        return
    state = _read(machine.state / "state.json")
    refused = {version: why for version, why in state.get("refused", {}).items() if version != attempt["new"]}
    _write(machine.state / "state.json", {"refused": refused, "reverted": None})
    (machine.state / "attempt.json").unlink(missing_ok=True)
    _forget_packages(machine, keep=(attempt["new"], attempt["former"]))
    _say(f"{attempt['new']} is well")


def _tried_enough(machine: Machine, version: str) -> bool:
    """Count a failure that may not be a version's fault. A power cut is nobody's fault; one each time may be."""
    state = _read(machine.state / "state.json")
    counts = {**state.get("interrupted", {}), version: state.get("interrupted", {}).get(version, 0) + 1}
    _write(machine.state / "state.json", {**state, "interrupted": counts})
    return int(counts[version]) >= MOST_TRIES


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
        there = self._machine.key.exists()
        if not there or not _is_key(self._machine.key.read_bytes()):
            if there:
                _say(f"{self._machine.key} is no key any more: fetching the county's")
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
        done = _call(["apt-get", *_QUIET, *self._county_only(), "-o", "APT::Update::Error-Mode=any", "update"])
        if done.returncode != 0:
            if self._has_another_key():
                key = self._machine.key
                _say(
                    f"the county's packages are signed by another key than {key}. If it lost its own, remove this file"
                )
            raise CantUpdate(f"no list of packages: {done.stderr.strip()[-500:]}")

    def candidate(self) -> str | None:
        """Return the newest version that the repository offers for this machine."""
        found = _call(["apt-cache", *self._county_only(), "show", "--no-all-versions", PACKAGE]).stdout
        versions = re.findall(r"^Version: (\S+)$", found, re.MULTILINE)
        # What is installed is listed too.
        there = [one for one in versions if _VERSION.fullmatch(one)]
        return max(there, key=_Later, default=None)

    def download(self, version: str) -> Path:
        """Fetch a version into the folder of kept packages, judged by the signed list.

        It goes on where an earlier call had to end, as ``apt-get download`` does not: a line may be paid by the byte.

        Raises:
            CantUpdate: It can't be had now.
        """
        if (there := _package_of(self._machine, version)) is not None:
            return there
        command = ["apt-get", *_QUIET, *self._county_only(), "--print-uris", "download", f"{PACKAGE}={version}"]
        listed = _URI.fullmatch(_call(command).stdout.strip())
        if listed is None:
            raise CantUpdate(f"apt does not say where {version} is")
        begun = self._machine.state / "kept" / "begun"
        begun.mkdir(mode=0o755, parents=True, exist_ok=True)
        for other in begun.iterdir():
            if other.name != listed["name"]:
                other.unlink()
        part, size = begun / listed["name"], int(listed["size"])
        self._fetch(listed["uri"], part, size)
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        if digest != listed["sha256"]:
            part.unlink()
            raise CantUpdate(f"{listed['uri']} is not what the signed list says")
        return _kept_durably(part)

    def _fetch(self, uri: str, part: Path, size: int) -> None:
        """Fetch what a part lacks, as long as each try brings something."""
        with part.open("ab") as file:
            while (start := file.tell()) < size:
                why: object = "it ended"
                try:
                    with self._opened(uri, start) as response:
                        if response.status != HTTPStatus.PARTIAL_CONTENT:
                            file.truncate(file.seek(0))
                        while piece := response.read(min(_PIECE_BYTES, size - file.tell())):
                            file.write(piece)
                except (OSError, HTTPException) as error:
                    why = error
                if file.tell() <= start:
                    raise CantUpdate(f"{start} of {size} bytes of {part.name} are here; no more came: {why}")

    def _opened(self, uri: str, start: int = 0) -> HTTPResponse:
        trusted = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        trusted.load_verify_locations(cafile=self._ca)
        headers = {"Range": f"bytes={start}-"} if start else {}
        # station.toml was checked: its url is https.
        request = urllib.request.Request(uri, headers=headers)  # noqa: S310
        response: HTTPResponse = urllib.request.urlopen(request, timeout=60, context=trusted)  # noqa: S310
        return response

    def _fetched_key(self) -> bytes:
        try:
            with self._opened(f"{self._url}/apt/cunhui.asc") as response:
                key = response.read(_KEY_BYTES)
        except (OSError, ValueError, HTTPException) as error:
            raise CantUpdate(f"the county gives no key for packages, so there are no updates: {error}") from error
        if not _is_key(key):
            raise CantUpdate(f"what the county gives for its key is none ({len(key)} bytes), so there are no updates")
        return key

    def _has_another_key(self) -> bool:
        with contextlib.suppress(CantUpdate):
            return self._fetched_key() != self._machine.key.read_bytes()
        return False

    def _county_only(self) -> list[str]:
        """Return the options by which apt sees the county's list and no other."""
        host = urlsplit(self._url).hostname
        return [
            *("-o", f"Dir::Etc::sourcelist={self._list}", "-o", "Dir::Etc::sourceparts=-"),
            *("-o", "APT::Get::List-Cleanup=false", "-o", f"Acquire::https::{host}::CAInfo={self._ca}"),
        ]


def _is_key(content: bytes) -> bool:
    return all(b"-----%s PGP PUBLIC KEY BLOCK-----" % end in content for end in (b"BEGIN", b"END"))


def _kept(machine: Machine, version: str) -> Path:
    """Return the package of the version that is installed, to go back to. If it was not kept, pack it of its files.

    dpkg-repack(1) does that on the machine itself: a station's line may be paid by the byte.

    Raises:
        CantUpdate: There is none, so nothing is changed.
    """
    if (there := _package_of(machine, version)) is not None:
        return there
    options = (f"--root={machine.root}", "--deb-option=-Zgzip", "--deb-option=-z1")
    packed = machine.state / "kept" / "packed"
    # A call that was interrupted leaves half a package.
    shutil.rmtree(packed, ignore_errors=True)
    packed.mkdir(mode=0o755, parents=True)
    done = _call(["dpkg-repack", *options, PACKAGE], cwd=packed)
    made = next(iter(packed.glob(f"{PACKAGE}_{version}_*.deb")), None)
    if done.returncode != 0 or made is None:
        raise CantUpdate(f"dpkg-repack gives no {version}: {done.stderr.strip()[-500:]}")
    return _kept_durably(made)


def _kept_durably(made: Path) -> Path:
    """Move a package that is whole from the folder where it was made to the kept ones, once it is on disk."""
    with made.open("rb") as file:
        os.fsync(file.fileno())
    kept = made.rename(made.parents[1] / made.name)
    _sync_folder(kept.parent)
    shutil.rmtree(made.parent, ignore_errors=True)
    return kept


def _package_of(machine: Machine, version: str) -> Path | None:
    """Return the kept package of a version; apt writes a colon of it as %3a, which none of ours has."""
    return next(iter(sorted((machine.state / "kept").glob(f"{PACKAGE}_{version}_*.deb"))), None)


def _forget_packages(machine: Machine, *, keep: tuple[str, ...]) -> None:
    wanted = {_package_of(machine, version) for version in keep}
    for path in (machine.state / "kept").glob("*.deb"):
        if path not in wanted:
            path.unlink()


def _watched(attempt: dict[str, Any]) -> frozenset[int]:
    """Return the codes that speak against the new version: what the former could have shown, and did not."""
    before = frozenset(attempt["before"])
    if before & (NO_AGENT | {NOT_ENROLLED}):
        # Nobody told of screen and devices then, so that they are not well now says nothing of the new version.
        return NO_AGENT
    return NO_AGENT | (frozenset(attempt.get("judged", JUDGED)) - before)


def _settled(machine: Machine, watched: frozenset[int]) -> set[int]:
    """Return which of the codes there are, once none is and stays so, or no more is to be expected."""
    deadline = time.monotonic() + machine.well_within_s
    restarts = _restarts()
    while True:
        ill = _ill(machine) & watched
        if not ill:
            time.sleep(machine.stays_well_s)
            ill = _ill(machine) & watched
        if not ill or time.monotonic() >= deadline:
            return ill
        if ill & NO_AGENT and _restarts() - restarts >= MOST_RESTARTS:
            return ill
        time.sleep(LOOK_EVERY_S)


def _restarts() -> int:
    """Return how often systemd has started the agent again by itself since somebody has started it."""
    count = _call(["systemctl", "show", "--property=NRestarts", "--value", "cunhui-agent.service"]).stdout.strip()
    return int(count) if count.isdecimal() else 0


def _ill(machine: Machine) -> set[int]:
    """Return the codes of what the doctor found wrong, or `NO_REPORT`.

    The doctor asks the agent through the kiosk's socket. An agent that answers there has opened its outbox.
    """
    command = [str(machine.program), "doctor", "--config", str(machine.config), "--json"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        findings = json.loads(done.stdout)["findings"]
        return {int(one["code"]) for one in findings if one["well"] is False}
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
    """Run a command. One that comes to no end has failed, and its ``stderr`` says so."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8", "NEEDRESTART_SUSPEND": "1"}
    options: dict[str, Any] = {"capture_output": True, "text": True, "check": False, "cwd": cwd, "env": environment}
    try:
        return subprocess.run(command, timeout=APT_S, **options)
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 1, stdout="", stderr=f"no end within {APT_S:.0f} s")


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
def _locked(machine: Machine) -> Iterator[None]:
    """Keep out another call of this program; the lock ends with the process."""
    machine.state.mkdir(mode=0o755, parents=True, exist_ok=True)
    path = machine.state / "lock"
    # Who can open the file can lock it, also for reading alone (flock(2)), and so keep every update away.
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as lock:
        os.fchmod(lock.fileno(), 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _say(line: str) -> None:
    print(line, flush=True)


def main(arguments: list[str], machine: Machine | None = None) -> int:
    """Run ``run`` or ``recover``. 0 also where there was nothing to be had: the timer tries again."""
    machine = machine or Machine()
    with _locked(machine):
        try:
            {"run": run, "recover": recover}[arguments[0]](machine)
        except CantUpdate as error:
            _say(str(error))
            return 1 if (machine.state / "attempt.json").exists() else 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
