"""What befalls an upgrade, drawn by a seed."""

import random
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.proofs.upgrade.installed.county import APT, InstalledCounty

KINDS = ("dpkg killed", "power cut", "preparation killed", "disk full", "two at once", "none")
_APT_PROGRAMS = "[a]pt-get|[d]pkg|[d]eb-systemd"
_PREPARATION = "[s]upervisor.unit prepare"
_DATABASE = "^/usr/lib/postgresql/17/bin/[p]ostgres -D"
_LEFT_MIB = (0, 1, 4, 16, 64, 160, 320)
_ENDED_S = 900.0


class Upgrade:
    """One upgrade of a county by apt with its trouble, and what an administrator does after it."""

    def __init__(self, county: InstalledCounty, package: str, *, seed: int, log: Path) -> None:
        """Name it.

        Args:
            package: The new package's file on the machine.
        """
        self.county = county
        self.cuts = 0
        self._package = package
        self._chance = random.Random(seed)
        self._log = log

    def go(self, kind: str, *, lasts_s: float) -> None:
        """Upgrade under a trouble, and bring it to its end as the guide says.

        Args:
            lasts_s: How long an upgrade without trouble takes here: trouble comes somewhere in that time.
        """
        troubles: dict[str, Callable[[float], None]] = {
            "dpkg killed": self._kill_dpkg,
            "power cut": self._cut_power,
            "preparation killed": self._kill_preparation,
            "disk full": self._fill_disk,
            "two at once": self._twice_at_once,
            "none": lambda _: self._end(self._begin()),
        }
        troubles[kind](lasts_s)
        self.finish()

    def finish(self) -> None:
        """Do what the guide says after an interruption; it changes nothing where all is well."""
        machine = self.county.machine
        for command in ("dpkg --configure -a", f"{APT} install {self._package}", "dpkg --configure -a"):
            done = machine.run(command, check=False)
            self._say(f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}")
        machine.run("systemctl start cunhui-county.target", check=False)

    def _begin(self) -> "subprocess.Popen[bytes]":
        return self.county.machine.start(f"{APT} install {self._package}", self._log)

    def _end(self, apt: "subprocess.Popen[bytes]") -> None:
        apt.wait(_ENDED_S)

    def _pause(self, lasts_s: float) -> None:
        threading.Event().wait(self._chance.uniform(0.0, lasts_s))

    def _kill_dpkg(self, lasts_s: float) -> None:
        for _ in range(self._chance.randint(1, 2)):
            apt = self._begin()
            self._pause(lasts_s)
            self.cuts += self.county.machine.kill(_APT_PROGRAMS)
            self._end(apt)

    def _cut_power(self, lasts_s: float) -> None:
        apt = self._begin()
        self._pause(lasts_s)
        self.county.machine.cut_power()
        self.cuts += 1
        self._end(apt)
        self.county.machine.boot()

    def _kill_preparation(self, lasts_s: float) -> None:
        """Kill what migrates, and once in three times the database under it."""
        apt = self._begin()
        deadline = time.monotonic() + 4 * lasts_s
        wanted = self._chance.randint(1, 3)
        cuts = 0
        while cuts < wanted and time.monotonic() < deadline:
            threading.Event().wait(self._chance.uniform(0.05, 1.5))
            doomed = _PREPARATION if self._chance.random() < 0.67 else _DATABASE
            cuts += self._is_preparing() and self.county.machine.kill(doomed)
        self.cuts += cuts
        self._end(apt)

    def _is_preparing(self) -> int:
        return int(self.county.machine.run(f"pgrep -f -- '{_PREPARATION}'", check=False).returncode == 0)

    def _fill_disk(self, lasts_s: float) -> None:
        early = self._chance.random() < 0.5
        apt = self._begin() if not early else None
        if not early:
            self._pause(lasts_s)
        self.county.machine.fill_disk(leave_mib=self._chance.choice(_LEFT_MIB))
        self.cuts += 1
        self._end(apt or self._begin())
        threading.Event().wait(self._chance.uniform(0.0, 10.0))
        self.county.machine.clear_disk()

    def _twice_at_once(self, _lasts_s: float) -> None:
        """Two administrators type it, and both have the county prepared."""
        both = [self._begin(), self._begin()]
        for apt in both:
            self._end(apt)
        python = "env CUNHUI_HOME=/var/lib/cunhui-county /usr/lib/cunhui-county/bin/python -P"
        again = f"runuser -u cunhui-county -- {python} -m server_broker.supervisor.unit prepare"
        machine = self.county.machine
        machine.run("systemctl stop cunhui-county.target && systemctl start cunhui-postgres.service")
        prepared = [machine.start(again, self._log) for _ in range(2)]
        for one in prepared:
            one.wait(_ENDED_S)

    def _say(self, text: str) -> None:
        with self._log.open("a", encoding="utf-8") as log:
            log.write(text)
