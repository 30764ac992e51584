"""``./run prove upgrade --packages``: a county upgraded by apt from the first package to this commit's, in trouble.

Each run begins with the same county of the earlier package, with stations of the earlier package that people touch
without end, and ends when an outsider has compared every light with the county's rows.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from firmware_scripts.demo.cast import CastStation, make_cast, write_workbook
from firmware_scripts.report import Report, Value, exit_code
from tests.proofs.upgrade.installed.county import APT, HOME, InstalledCounty
from tests.proofs.upgrade.installed.machine import Machine, own_namespaces
from tests.proofs.upgrade.installed.releases import (
    COUNTY,
    FIRST_PACKAGES,
    STATION,
    as_version,
    debian_for,
    packages_of,
    packages_of_this,
    unpacked_station,
    version_of,
)
from tests.proofs.upgrade.installed.troubles import KINDS, Upgrade
from tests.proofs.upgrade.installed.village import StationPackage, Village, copy_stations
from tests.proofs.upgrade.releases import BEFORE, Release, earlier_release

BAD = (
    *("lost", "doubled", "invented", "reissued", "refused_to_start", "admitted", "unexplained", "not_drained", "dark"),
    *("missing", "no_run"),
)
_MEMORY = "/dev/shm"
"""dpkg waits for the disk with each of thousands of files, and no run asks what a disk forgets when its power fails."""
PEOPLE = 12
_LASTS_S = 40.0
_EARLIER = "0.0.9"
_GUIDE = Path(__file__).parents[4] / "docs" / "guides" / "升级手册.md"
_BEFORE_PROGRAM = Path(__file__).parents[1] / "before.py"


class Proof:
    """The packages, the county that every run begins with, and the runs."""

    def __init__(self, folder: Path, *, old: dict[str, Path], new: Path, base: Path, seed: int) -> None:
        self._folder = folder
        self._new = new
        self._old = old[COUNTY]
        self._new_version = version_of(new)
        self._base = base
        self._seed = seed
        self._cast = make_cast(people_per_station=PEOPLE, seed=seed)
        python = unpacked_station(old[STATION], folder / "station-package")
        self._station_release = StationPackage("old package", folder, python)
        self._layer = folder / "layer"
        self._stations = folder / "stations"
        self._kept_stations = folder / "stations-before"
        self._presented: Counter[tuple[str, str]] = Counter()
        self._lasts_s = _LASTS_S

    def live_before(self) -> None:
        """Set a county up by the earlier package, enrol stations, and let people touch for a while."""
        machine = Machine(self._folder / "before", [self._base])
        county = InstalledCounty(machine)
        village = Village(self._stations, self._cast, self._station_release, presented=Counter())
        try:
            shutil.copy(self._old, machine.root / "root")
            machine.boot()
            machine.run(f"{APT} install /root/{self._old.name}")
            county.set_up()
            workbook = self._folder / "village.xlsx"
            write_workbook(self._cast, workbook)
            county.load(workbook)
            for station in village.stations:
                station.enrol(url="https://127.0.0.1:8443", ca=county.ca(), claim=county.claim(station.cast.id))
                # The county's folder is another one in the next run.
                shutil.copy(county.ca(), station.folder / "county-ca.pem")
                text = station.config.read_text(encoding="utf-8")
                station.config.write_text(
                    text.replace(str(county.ca()), str(station.folder / "county-ca.pem")), encoding="utf-8"
                )
            village.open(seed=self._seed)
            assert village.lights_go_on()
            village.rest()
            assert village.drained(county)
            village.close()
            self._presented = village.presented
            machine.run("systemctl stop cunhui-county.target; systemctl stop cunhui-postgres.service; sync")
            machine.cut_power()
            subprocess.run(["cp", "-a", str(machine.layer), str(self._layer)], check=True)
            copy_stations(self._stations, self._kept_stations)
        finally:
            village.close()
            machine.close()

    def run(self, number: int, kind: str) -> dict[str, Value]:
        """Upgrade once, and return what was found."""
        began = time.monotonic()
        folder = self._folder / f"run-{number}"
        if kind == "taken over":
            found = self._take_over(folder, seed=self._seed + number)
        else:
            found = self._upgrade(folder, kind, seed=self._seed + number)
        found |= {"run": number, "kind": kind, "seconds": round(time.monotonic() - began, 1)}
        print(json.dumps(found, ensure_ascii=False), file=sys.stderr, flush=True)
        return found

    def _upgrade(self, folder: Path, kind: str, *, seed: int) -> dict[str, Value]:
        copy_stations(self._kept_stations, self._stations)
        machine = Machine(folder, [self._layer, self._base])
        county = InstalledCounty(machine)
        village = Village(self._stations, self._cast, self._station_release, presented=self._presented.copy())
        try:
            shutil.copy(self._new, machine.root / "root")
            machine.boot()
            assert county.await_up() is not None, "the earlier county did not start"
            village.open(seed=seed)
            upgrade = Upgrade(county, f"/root/{self._new.name}", seed=seed, log=folder / "apt.log")
            began = time.monotonic()
            upgrade.go("none" if kind == "going back" else kind, lasts_s=self._lasts_s)
            if kind == "none":
                self._lasts_s = time.monotonic() - began
            found = self._judge(county, village, ready=county.await_up() is not None)
            found["cuts"] = upgrade.cuts
            if kind == "going back":
                found |= self._go_back(county, village)
            return found
        finally:
            village.close()
            machine.close()

    def _judge(self, county: InstalledCounty, village: Village, *, ready: bool) -> dict[str, Value]:
        """Look at an upgraded county from outside."""
        refused = int(not ready or county.version() != (self._new_version, "installed"))
        if refused:
            print(county.machine.run("journalctl -b --no-pager | tail -60", check=False).stdout, file=sys.stderr)
        dark = int(not village.lights_go_on())
        village.rest()
        drained = village.drained(county) if ready else False
        dumps = county.dumps()
        return {
            **village.reckon(county),
            "refused_to_start": refused,
            "dark": dark,
            "not_drained": int(not drained),
            "unexplained": county.unexplained(),
            "missing": int(not dumps or not self._reads(county, str(dumps[-1]["name"]))),
            "admitted": 0,
        }

    def _reads(self, county: InstalledCounty, dump: str) -> bool:
        """Return whether pg_restore finds every touch's table in the dump of before the upgrade."""
        listed = county.machine.run(f"pg_restore --list {HOME}/dumps/{dump}.dump", check=False).stdout
        return "TABLE DATA public attendance_touch" in listed

    def _go_back(self, county: InstalledCounty, village: Village) -> dict[str, Value]:
        """Try an earlier package, which is refused; then go back as the guide says; stations tell everything again."""
        machine = county.machine
        earlier = as_version(self._new, _EARLIER, machine.root / "root" / f"cunhui-county_{_EARLIER}_amd64.deb")
        install = f"{APT} install --allow-downgrades /root/{earlier.name}"
        tried = machine.run(install, check=False)
        refused = tried.returncode != 0 and "dump restore" in tried.stdout + tried.stderr
        stayed = county.await_up() is not None and county.version() == (self._new_version, "installed")
        machine.run("cunhui-server clock --confirm", check=False)  # which the way back loses
        machine.run("systemctl stop cunhui-county.target && systemctl start cunhui-postgres.service")
        name = county.dumps()[-1]["name"]
        asked = machine.run(f"cunhui-server dump restore {name}", check=False)
        machine.run(f"cunhui-server dump restore {name} --lose")
        machine.run(install)
        ready = county.await_up() is not None and county.version() == (_EARLIER, "installed")
        drained = village.drained(county)
        return {
            **village.reckon(county),
            "admitted": int(not refused) + int(asked.returncode == 0),
            "refused_to_start": int(not ready) + int(not stayed),
            "not_drained": int(not drained),
            "unexplained": county.unexplained(),
        }

    def _take_over(self, folder: Path, *, seed: int) -> dict[str, Value]:
        """Have the package run a county that a much earlier checkout ran by ``up``, as the guide says."""
        release = earlier_release(BEFORE, self._folder / "checkout")
        lived = self._folder / "lived"
        lived.mkdir(mode=0o755)
        touches = PEOPLE // 2
        program = [sys.executable, str(_BEFORE_PROGRAM), str(lived), str(seed), str(touches)]
        environment = {**release.environment}
        subprocess.run(program, cwd=release.root, env=environment, check=True)
        counted = json.loads((lived / "presented.json").read_text(encoding="utf-8"))
        presented = Counter({tuple(key.split("/")): count for key, count in counted.items()})
        cast: list[CastStation] = make_cast(people_per_station=2 * touches, seed=seed)
        machine = Machine(folder, [self._base])
        county = InstalledCounty(machine)
        village = Village(lived / "stations", cast, Release("checkout", release.root), presented=presented)
        try:
            shutil.copy(self._new, machine.root / "root")
            subprocess.run(["cp", "-a", str(lived / "county"), str(machine.root / "root" / "county")], check=True)
            machine.boot()
            machine.run(f"{APT} install /root/{self._new.name}")
            village.open(seed=seed)
            machine.run(f"set -e; OLD=/root/county; {takeover_commands()}")
            chance, cuts = random.Random(seed), 0
            for _ in range(chance.randint(1, 3)):
                began = machine.start("systemctl start cunhui-county.target", folder / "start.log")
                time.sleep(chance.uniform(0.5, 15.0))
                machine.cut_power()
                began.wait(60)
                cuts += 1
                machine.boot()
            machine.run("systemctl start cunhui-county.target", check=False)
            return self._judge(county, village, ready=county.await_up() is not None) | {"cuts": cuts}
        finally:
            village.close()
            machine.close()


def takeover_commands() -> str:
    """Return the lines by which the guide has a package take over a checkout's county, without the county's start."""
    section = _GUIDE.read_text(encoding="utf-8").partition("## 从源码目录换成软件包")[2].partition("\n## ")[0]
    lines = section.partition("```sh\n")[2].partition("```")[0].splitlines()
    return "; ".join(line for line in lines if line.startswith(("tar ", "chown ", "chgrp ", "systemd-tmpfiles ")))


def kinds_of(runs: int, *, seed: int) -> list[str]:
    """Return the kinds of the runs: an untroubled one first, which says how long it takes, then each in turn."""
    first = ["none", "taken over", "going back"]
    chance = random.Random(seed)
    rest = [kind for kind in KINDS if kind != "none"]
    while len(first) < runs:
        first += chance.sample(rest, len(rest))
    return first[:runs]


def main(options: argparse.Namespace, seed: int) -> int:
    """Run the proof."""
    report = Report("upgrade", seed=seed)
    old, new = packages_of(FIRST_PACKAGES), packages_of_this()[COUNTY]
    base = debian_for(old[COUNTY], new)
    own_namespaces()
    sums: Counter[str] = Counter()
    runs: list[Value] = []
    with tempfile.TemporaryDirectory(prefix="cunhui-upgrade-", dir=_MEMORY) as name:
        Path(name).chmod(0o755)
        proof = Proof(Path(name), old=old, new=new, base=base, seed=seed)
        proof.live_before()
        for number, kind in enumerate(kinds_of(options.runs, seed=seed)):
            found = proof.run(number, kind)
            runs.append({key: found.pop(key) for key in ("run", "kind", "seconds")})
            sums.update({key: int(str(value)) for key, value in found.items()})
    sums["no_run"] = int(options.runs == 0)
    versions: dict[str, Value] = {"before": version_of(old[COUNTY]), "after": version_of(new)}
    result = report.finish(as_json=options.json, packages=versions, runs=options.runs, each=runs, **sums)
    return exit_code(result, *BAD, repeat=f"./run prove upgrade --packages --runs {options.runs} --seed {seed}")
