"""``./run rig install``: from two bare Debian 13 machines to a county and a station, by the packages alone.

Both are emulated. They reach each other, and a repository with what the packages need; nothing else is there: this
program runs in a network namespace of its own. Then both lose their power at once. At the end the station's package
for arm64 is installed on an emulated Raspberry Pi 3B, which takes some cards.
"""

import functools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from firmware_scripts.demo.cast import CastStation, make_cast, write_workbook
from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.installing.apt_repository import CODENAME, AptRepository, make_repository, what_they_need
from firmware_scripts.installing.virtual_machine import HOST, VirtualMachine, bare_debian
from firmware_scripts.packaging.making import make_packages
from firmware_scripts.packaging.parts import PACKAGES
from firmware_scripts.packaging.source import REPOSITORY
from firmware_scripts.packaging.version import commit_of
from firmware_scripts.pi3 import __main__ as pi3
from firmware_scripts.report import Report, Value, arguments, chosen_seed, exit_code
from firmware_scripts.rig.guest import CommandFailed
from firmware_scripts.rig.store import kept

TOUCHES = 20
MOST_EXPOSED = 2.5
PI_TOUCHES = 10
BAD = ("units_exposed_over", "lost", "invented", "parts_down", "doctors_unwell", "pi3_failed")
_COUNTY = "county.example"
_WEB, _BROKER = 8443, 8883
_REPOSITORY = 8080
_PARTS = ("postgres", "broker", "ingest", "chores", "notifier", "web")
_WITHIN_S = 600.0
_ANSWERS = f"""\
name = "示例县"
region = "990101"
host = "{_COUNTY}"
other_hosts = []
web_port = {_WEB}
broker_port = {_BROKER}
clock = "manual"
admin = "admin"
"""
_DEVICES = """\
[[reader]]
driver = "simulated"

[indicator]
driver = "simulated"

[camera]
driver = "none"
"""
_SOURCES = f"""\
Types: deb
URIs: http://{HOST}:{_REPOSITORY}
Suites: {CODENAME}
Components: main
Signed-By: /etc/apt/keyrings/cunhui.asc
"""
_APT = "DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get --quiet=2 --yes -o Dpkg::Use-Pty=0"
_MEMORY = """\
for unit in {units}; do
    cat /sys/fs/cgroup/system.slice/cunhui-$unit.service/memory.current
done
"""
_PRESENT = """\
import socket, sys
for uid in sys.argv[1:]:
    with socket.socket(socket.AF_UNIX) as reader:
        reader.settimeout(60)
        reader.connect("/var/lib/cunhui/touch.sock")
        reader.sendall(uid.encode() + b"\\n")
        assert reader.recv(16).strip() == b"ok"
"""
_SQL = "runuser -u cunhui-county -- psql -h /run/cunhui-county -U cunhui -d cunhui -AtXc"


class Installation:
    """The two machines, and what was found of them."""

    def __init__(self, folder: Path, packages: dict[str, Path], repository: AptRepository, *, seed: int) -> None:
        self._folder = folder
        self._packages = packages
        self._repository = repository
        self._cast: CastStation = make_cast(people_per_station=TOUCHES, seed=seed)[0]
        self.county = VirtualMachine("county", folder, offers={_WEB: _WEB, _BROKER: _BROKER})
        self.station = VirtualMachine("station", folder)
        self._steps: list[Value] = []

    def run(self) -> dict[str, Value]:
        """Do everything and return what was found."""
        self._step("county: switched on", self.county.power_on)
        self._prepare(self.county, f"127.0.1.1 {_COUNTY}")
        self._install(self.county, "cunhui-county")
        self._step("county: setup from a file", self._set_up)
        self._step("county: booted again, all parts up", self._boot_county_again)
        self._step("county: people imported", self._import)
        file = self.county.guest.run(
            f"cd /tmp && cunhui-server claim {self._cast.id} --to claim.toml && cat claim.toml"
        )
        self._step("station: switched on", self.station.power_on)
        self._prepare(self.station, f"{HOST} {_COUNTY}")
        self._install(self.station, "cunhui-station")
        self._step("station: enrolled, takes cards", lambda: self._enrol(file))
        self._step("station: its bundles fetched over HTTPS", self._await_bundles)
        self._step(f"{TOUCHES} touches at the county", self._touch)
        before = self._touches()
        self._step("both lost their power, all is up again", self._cut_power)
        after = self._touches()
        people = {person.number for person in self._cast.people}
        return {
            "lost": len(people - set(after)),
            "invented": len([one for one in after if one not in people]) + len(after) - len(set(after)),
            "touches": len(after),
            "touches_before_the_cut": len(before),
            "units_exposed_over": self._exposed(),
            "parts_down": len(self._down()),
            "doctors_unwell": self._unwell(),
            "steps": self._steps,
            "county_memory_mb": self._memory(self.county, _PARTS),
            "station_memory_mb": self._memory(self.station, ("agent",)),
            "packages_mb": {name: round(file.stat().st_size / 1e6, 1) for name, file in self._packages.items()},
            "needed_beside_mb": round(self._repository.bytes / 1e6, 1),
        }

    def stop(self) -> None:
        """Switch both off."""
        self.station.cut_power()
        self.county.cut_power()

    def _prepare(self, machine: VirtualMachine, host: str) -> None:
        """Give a machine the repository's address and key, and the county's name."""
        kit = self._folder / f"{machine.name}-kit"
        kit.mkdir()
        (kit / "cunhui.sources").write_text(_SOURCES, encoding="ascii")
        shutil.copy(self._repository.key, kit / "cunhui.asc")
        (kit / "setup.toml").write_text(_ANSWERS, encoding="utf-8")
        (kit / "devices.toml").write_text(_DEVICES, encoding="utf-8")
        (kit / "present.py").write_text(_PRESENT, encoding="utf-8")
        write_workbook([self._cast], kit / "village.xlsx")
        shutil.copy(self._packages["cunhui-county" if machine is self.county else "cunhui-station"], kit)
        machine.guest.put(kit, "/root/kit")
        machine.guest.run(
            f"echo '{host}' >>/etc/hosts && rm -f /etc/apt/sources.list /etc/apt/sources.list.d/* && "
            "install -D -m 0644 /root/kit/cunhui.asc /etc/apt/keyrings/cunhui.asc && "
            "install -m 0644 /root/kit/cunhui.sources /etc/apt/sources.list.d/ && "
            f"{_APT} update && chmod 0755 /root/kit && cp /root/kit/*.deb /tmp"
        )

    def _install(self, machine: VirtualMachine, package: str) -> None:
        used = "df --output=used -B1 / | tail -1"
        before = int(machine.guest.run(used))
        self._step(
            f"{machine.name}: apt install ./{package}.deb",
            lambda: machine.guest.run(f"cd /tmp && {_APT} install ./{package}_*.deb", timeout_s=3_600),
            mb=lambda: (int(machine.guest.run(used)) - before) / 1e6,
        )

    def _set_up(self) -> None:
        said = self.county.guest.run("cunhui-server setup --file /root/kit/setup.toml", timeout_s=1_200)
        if f"https://{_COUNTY}:{_WEB}/" not in said:
            raise CommandFailed(f"setup gave no link: {said}")

    def _boot_county_again(self) -> None:
        self.county.reboot()
        self._await_parts()

    def _await_parts(self) -> None:
        wait_until(lambda: not self._down(), what="all parts of the county", timeout_s=_WITHIN_S, every_s=2.0)

    def _down(self) -> list[str]:
        """Return the parts that are not active, by systemd."""
        units = " ".join(f"cunhui-{part}.service" for part in _PARTS)
        states = self.county.guest.run(f"systemctl is-active {units} || true").split()
        return [part for part, state in zip(_PARTS, states, strict=True) if state != "active"]

    def _import(self) -> None:
        def taken() -> bool:
            """As it asks for: a workbook is read within seconds, which an emulated machine may miss."""
            try:
                self.county.guest.run("cunhui-server import-people /root/kit/village.xlsx")
            except CommandFailed as refused:
                _say(str(refused))
                return False
            return True

        wait_until(taken, what="the import", timeout_s=_WITHIN_S, every_s=5.0)

    def _enrol(self, claim_file: str) -> None:
        """Do what a technician does who has a claim file on a stick. The doctor finds no screen here, and says so."""
        guest = self.station.guest
        guest.run("cat >/root/kit/claim.toml", given=claim_file.encode())
        setup = "cunhui-agent setup --file /root/kit/claim.toml --devices /root/kit/devices.toml --yes 2>&1 || true"

        def runs() -> bool:
            """As it asks for: run it again. An emulated county may answer an enrolment later than a station waits."""
            _say(guest.run(setup, timeout_s=_WITHIN_S))
            return guest.run("systemctl is-active cunhui-agent.service || true").strip() == "active"

        wait_until(runs, what="the setup of the station", timeout_s=_WITHIN_S, every_s=5.0)
        wait_until(self._has_cards, what="the station to have its cards", timeout_s=_WITHIN_S, every_s=2.0)

    def _has_cards(self) -> bool:
        query = "select 1 from fleet_station where desired_version > 0 and reported_version = desired_version"
        return bool(self.county.guest.run(f"{_SQL} '{query}'").strip())

    def _await_bundles(self) -> None:
        query = "select 1 from bundles_shelfreport where state = $$whole$$ limit 1"

        def has_one() -> bool:
            return bool(self.county.guest.run(f"{_SQL} '{query}'").strip())

        wait_until(has_one, what="a bundle at the station", timeout_s=_WITHIN_S, every_s=5.0)

    def _touch(self) -> None:
        uids = " ".join(person.uid for person in self._cast.people)
        self.station.guest.run(f"python3 /root/kit/present.py {uids}")
        wait_until(lambda: len(self._touches()) >= TOUCHES, what="the touches", timeout_s=_WITHIN_S, every_s=2.0)

    def _touches(self) -> list[str]:
        """Return whose touches the county has, by staff number, as psql prints them."""
        query = (
            "select coalesce(p.number, '?') from attendance_touch t "
            "left join people_card c on c.token = t.card_token left join people_person p on p.id = c.person_id"
        )
        return self.county.guest.run(f'{_SQL} "{query}"').split()

    def _cut_power(self) -> None:
        self.county.cut_power()
        self.station.cut_power()
        self.county.power_on()
        self._await_parts()
        self.station.power_on()
        running = "systemctl is-active cunhui-agent.service || true"
        wait_until(
            lambda: self.station.guest.run(running).strip() == "active",
            what="the station's agent",
            timeout_s=_WITHIN_S,
            every_s=2.0,
        )

    def _exposed(self) -> int:
        """Return how many of our services are more exposed than they may be, by the systemd that runs them."""
        over = 0
        for machine in (self.county, self.station):
            units = machine.guest.run("cd /usr/lib/systemd/system && ls cunhui-*.service | grep -v @").split()
            for unit in units:
                said = machine.guest.run(f"systemd-analyze security --no-pager {unit} | tail -1")
                over += float(said.partition("exposure level for")[2].partition(":")[2].split()[0]) > MOST_EXPOSED
        return over

    def _unwell(self) -> int:
        """Return what the county's doctor finds wrong. A machine without time service or backup disk is right here."""
        said = self.county.guest.run("cunhui-server doctor || true")
        _say(said)
        return sum(line.startswith("×") and not line.startswith("× 备份") for line in said.splitlines())

    def _memory(self, machine: VirtualMachine, units: tuple[str, ...]) -> dict[str, Value]:
        """Return what each unit's cgroup holds, in MB, page cache and all."""
        said = machine.guest.run(_MEMORY.format(units=" ".join(units))).split()
        return {unit: round(int(value) / 1e6, 1) for unit, value in zip(units, said, strict=True)}

    def _step(self, what: str, do: Callable[[], object], *, mb: Callable[[], float] | None = None) -> None:
        began = time.monotonic()
        do()
        minutes = round((time.monotonic() - began) / 60, 2)
        step: dict[str, Value] = {"step": what, "minutes": minutes}
        if mb is not None:
            step["mb"] = round(mb(), 1)
        self._steps.append(step)
        _say(f"{what}: {minutes} min")


def main(options_given: list[str]) -> int:
    """Run and report."""
    options = arguments("./run rig install").parse_args(options_given)
    seed = chosen_seed(options.seed)
    report = Report("rig install", seed=seed)
    # Ended by a time limit, it still switches the machines off.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    packages = _packages()
    repository = _repository(packages)
    board = pi3.kit()
    _leave_the_network()
    with tempfile.TemporaryDirectory(prefix="rig-install-") as name, _served(repository.folder):
        installation = Installation(Path(name), packages, repository, seed=seed)
        try:
            found = installation.run()
        except (NotInTime, CommandFailed) as error:
            _say(f"{error}\n{_logs_of(installation.county)}\n{_logs_of(installation.station)}")
            raise
        finally:
            installation.stop()
    on_board = pi3.lay_cards(board, seed=seed, touches=PI_TOUCHES, plan=None)
    found |= {"pi3": on_board, "pi3_failed": sum(bool(on_board[name]) for name in pi3.BAD)}
    result = report.finish(as_json=options.json, **found, machines="emulated by QEMU without KVM")
    return exit_code(result, *BAD, repeat=f"./run rig install --seed {seed}")


def _packages() -> dict[str, Path]:
    """Build the packages of this checkout, and return them by name."""
    folder = REPOSITORY / "var" / "packages"
    folder.mkdir(parents=True, exist_ok=True)
    made = make_packages(commit_of(REPOSITORY), "amd64", list(PACKAGES), folder)
    return {file.name.partition("_")[0]: file for file in made}


def _repository(packages: dict[str, Path]) -> AptRepository:
    """Return a repository with what the packages need on a bare Debian, without the packages themselves."""
    system = bare_debian() / "root"
    wanted = [_control(package) for package in packages.values()]

    def make(folder: Path) -> None:
        fetched = folder / "fetched"
        fetched.mkdir()
        for package in packages.values():
            what_they_need([package], system=system, into=fetched)
        (folder / "served").mkdir()
        make_repository(sorted(fetched.glob("*.deb")), folder / "served", architecture="amd64")
        shutil.rmtree(fetched)

    folder = kept("apt-amd64", repr((wanted, str(system))), make) / "served"
    files = [*folder.glob("pool/**/*.deb")]
    return AptRepository(folder, folder / "cunhui.asc", len(files), sum(file.stat().st_size for file in files))


def _control(package: Path) -> str:
    """Return what a package depends on."""
    return subprocess.run(
        ["dpkg-deb", "--field", str(package), "Package", "Depends", "Recommends"],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip


def _leave_the_network() -> None:
    """Go into a network namespace that has a loopback device and nothing else."""
    os.unshare(os.CLONE_NEWNET)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing of each request."""


class _served:
    """Serves a folder by HTTP while the context lasts."""

    def __init__(self, folder: Path) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", _REPOSITORY), functools.partial(_Quiet, directory=str(folder)))
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()


def _logs_of(machine: VirtualMachine) -> str:
    try:
        return machine.guest.run("systemctl --no-pager --failed; journalctl --no-pager -n 120 -u 'cunhui-*'")
    except (CommandFailed, subprocess.SubprocessError) as error:
        return f"{machine.name} tells nothing more: {error}"


def _say(text: str) -> None:
    print(f"· {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
