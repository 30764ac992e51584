"""An installed county on its machine: set up, upgraded, and looked at from outside by psql."""

import json
import re
import time
from pathlib import Path

from firmware_scripts.demo.county import unexplained_in
from firmware_scripts.demo.processes import NotInTime, wait_until
from tests.proofs.upgrade.installed.machine import Machine

HOME = "/var/lib/cunhui-county"
PARTS = ("postgres", "broker", "ingest", "chores", "web")
READY_S = 600.0
_ANSWERS = """\
name = "示例县"
region = "990101"
host = "127.0.0.1"
other_hosts = []
web_port = 8443
broker_port = 8883
clock = "manual"
admin = "admin"
"""
_PSQL = (
    "runuser -u cunhui-county -- psql --no-psqlrc --quiet --csv --tuples-only -h /run/cunhui-county -U cunhui -d cunhui"
)
APT = "apt-get --quiet=2 --yes --no-install-recommends -o Dpkg::Use-Pty=0 -o Acquire::Languages=none"


class InstalledCounty:
    """Queries and verbs of the county on a machine."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def set_up(self) -> None:
        """Answer the questions of the first hour from a file."""
        (self.machine.root / "root" / "setup.toml").write_text(_ANSWERS, encoding="utf-8")
        self.machine.run("cunhui-server setup --file /root/setup.toml")

    def load(self, workbook: Path) -> None:
        """Import the fictional villages."""
        (self.machine.root / "root" / "village.xlsx").write_bytes(workbook.read_bytes())
        self.machine.run("cunhui-server import-people /root/village.xlsx")

    def claim(self, station: str) -> str:
        """Return a claim code, as its digits."""
        return re.sub(r"\D", "", self.machine.run(f"cunhui-server claim {station}").stdout)

    def ca(self) -> Path:
        """Return the file of the county's certificate authority, as a station gets it."""
        return self.machine.root / HOME.lstrip("/") / "ca.pem"

    def down(self) -> list[str]:
        """Return the parts that systemd does not call active."""
        units = " ".join(f"cunhui-{part}.service" for part in PARTS)
        states = self.machine.run(f"systemctl is-active {units}", check=False).stdout.split()
        return [part for part, state in zip(PARTS, states, strict=True) if state != "active"]

    def is_up(self) -> bool:
        """Return whether every part is active and the county was prepared since the machine was switched on."""
        prepared = (self.machine.root / "run/cunhui-county/prepared").exists()
        return prepared and not self.down()

    def await_up(self) -> float | None:
        """Wait until it is up; return the seconds that it took, or None if it did not come."""
        began = time.monotonic()
        try:
            wait_until(self.is_up, what="all parts of the county", timeout_s=READY_S, every_s=1.0)
        except NotInTime:
            return None
        return time.monotonic() - began

    def version(self) -> tuple[str, str]:
        """Return what dpkg says of the package: its version, and how far it is installed."""
        asked = "dpkg-query --show --showformat='${Version} ${db:Status-Status}' cunhui-county"
        version, status = self.machine.run(asked).stdout.split()
        return version, status

    def sql(self, query: str) -> list[list[str]]:
        """Return the rows of a query as psql prints them."""

        def answered() -> list[list[str]] | None:
            done = self.machine.run(f'{_PSQL} -c "{query}"', check=False)
            return None if done.returncode else [line.split(",") for line in done.stdout.splitlines()]

        found = wait_until(lambda: _boxed(answered()), what="the database", timeout_s=120, every_s=1.0)
        assert found is not None
        return found[0]

    def unexplained(self) -> int:
        """Return how many facts the county's ledger can't account for."""
        return unexplained_in(self.machine.run("cunhui-server ledger --json", check=False).stdout)

    def dumps(self) -> list[dict[str, object]]:
        """Return the descriptions of the dumps that are kept, oldest first."""
        folder = self.machine.root / HOME.lstrip("/") / "dumps"
        return [json.loads(path.read_bytes()) for path in sorted(folder.glob("*.json"))]


def _boxed(rows: list[list[str]] | None) -> tuple[list[list[str]]] | None:
    """Let an empty answer count as one."""
    return None if rows is None else (rows,)
