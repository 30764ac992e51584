"""A real county for strangers to try: its service as a process of its own, and its database through psql."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from firmware_scripts.demo.processes import NotInTime, Process, is_alive, wait_until
from tests import backups

VILLAGE = "990101001001"
OTHER_VILLAGE = "990101001002"


class County:
    """One county with two fictional villages, without the parts left out. A context manager: its end stops the county.

    ``also`` are further names and addresses for its certificates. With ``front_door`` it has one for demonstrations.
    """

    def __init__(self, home: Path, *parts_left_out: str, also: Sequence[str] = (), front_door: bool = False) -> None:
        self.home = home
        self._also = also
        self._front_door = front_door
        self.log = home / "up.log"
        self._env = {"CUNHUI_HOME": str(home), "PYTHONPATH": os.getcwd()}
        left_out = [word for part in parts_left_out for word in ("--without", part)]
        command = [sys.executable, "-m", "server_broker.cli", "up", *left_out]
        self._up = Process("county", command, log=self.log, env=self._env)

    def __enter__(self) -> Self:
        also = [word for host in self._also for word in ("--also", host)]
        self.tool("init", "--host", "127.0.0.1", "--name", "示例县", *also)
        if self._front_door:
            self.tool("demo-door", "--host", "127.0.0.1")
        try:
            self.start()
        except NotInTime as error:
            self.stop()
            raise NotInTime(f"{error}; it said: {self.log.read_text()[-800:]}") from error
        self.sql(
            "INSERT INTO regions_region (code, name) VALUES ('990000000000', '示例县'), ('990101000000', '示例镇'), "
            f"('{VILLAGE}', '示例村'), ('{OTHER_VILLAGE}', '另一示例村')"
        )
        where = json.loads(self.tool("where", "--json"))
        self.broker_port: int = where["broker_port"]
        self.web_port = int(where["url"].rsplit(":", 1)[1])
        self.ca = Path(where["ca"])
        self.door: str = where["front_door"] or ""
        self.door_ca = self.home / "front-door" / "authority.pem"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the service and wait until it says that it is ready."""
        self._up.start()
        wait_until((self.home / "run" / "ready").exists, what="the county to be ready", timeout_s=120)

    def stop(self) -> None:
        """Stop the service in good order."""
        self._up.stop(timeout_s=40)

    def tool(self, *words: str) -> str:
        """Run one verb of cunhui-server and return what it printed."""
        return self.try_tool(*words, check=True).stdout.strip()

    def try_tool(self, *words: str, check: bool = False) -> "subprocess.CompletedProcess[str]":
        """Run one verb of cunhui-server and return how it ended."""
        command = [sys.executable, "-m", "server_broker.cli", *words]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=check)

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which a program of this county is started."""
        return os.environ | self._env

    def claim(self, station: str, village: str = VILLAGE) -> str:
        """Return the digits of a new claim code for a station, which is made if it does not exist."""
        printed = self.tool("claim", station, "--village", village, "--name", f"{station} 站点")
        return printed.replace(" ", "")

    def sql(self, statement: str) -> None:
        """Run a statement as the database's own administrator."""
        run = ["psql", "--no-psqlrc", "--quiet", "-h", str(self.home / "run"), "-U", "postgres", "-d", "cunhui"]
        subprocess.run([*run, "-v", "ON_ERROR_STOP=1", "-c", statement], check=True, capture_output=True)

    def rows(self, query: str) -> list[list[str]]:
        """Return what a query finds, each value as psql prints it."""
        run = ["psql", "--no-psqlrc", "-At", "-h", str(self.home / "run"), "-U", "postgres", "-d", "cunhui"]
        found = subprocess.run([*run, "-v", "ON_ERROR_STOP=1", "-c", query], check=True, capture_output=True, text=True)
        return [line.split("|") for line in found.stdout.splitlines()]

    def dump(self, file: Path) -> None:
        """Back up the database."""
        backups.dump(self.home, file)

    def restore(self, file: Path) -> None:
        """Replace the database by a backup, while the service goes on asking it."""
        backups.restore(self.home, file)

    def pid(self, part: str) -> int:
        """Return the process id of a part that runs, else 0."""
        try:
            number = int((self.home / "run" / f"{part}.pid").read_text())
        except (FileNotFoundError, ValueError):
            return 0
        return number if is_alive(number) else 0

    def kill9(self, part: str) -> None:
        """SIGKILL a part, and wait until the service has started it again."""
        old = self.pid(part)
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: self.pid(part) not in (0, old), what=f"{part} to be back", timeout_s=20)

    def doctor(self) -> dict[str, Any]:
        """Return what the doctor found."""
        found: dict[str, Any] = json.loads(self.try_tool("doctor", "--json").stdout)
        return found
