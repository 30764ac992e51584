"""The county of the bench: ``cunhui-server up`` in a folder of its own, and ways to look into it from outside."""

import json
import os
import re
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from firmware_scripts.demo.cast import CastStation, write_workbook
from firmware_scripts.demo.processes import Process, is_alive, wait_until
from firmware_scripts.demo.sample_documents import write_disclosure, write_library
from firmware_scripts.demo.sample_pack import sample_pack
from protocol.china_time import CHINA
from protocol.codec import encode

_PSQL = ["psql", "--no-psqlrc", "--quiet", "--csv", "--tuples-only", "-U", "cunhui", "-d", "cunhui"]
_SAID_CHARS = 2000
_TOOL = [sys.executable, "-m", "server_broker.cli"]


@dataclass(frozen=True, slots=True)
class LocalListener:
    """The broker's loopback listener and the account of the county's own programs."""

    host: str
    port: int
    username: str
    password: str


class CountyEnded(Exception):
    """The service ended by itself. The message has what it said last."""


class DemoCounty:
    """One county service; it is started, queried and killed from outside."""

    def __init__(self, home: Path, *, code: Path | None = None) -> None:
        """Name its folder.

        Args:
            code: Where another release's files lie, if not this one's is to run.
        """
        self.home = home
        self.env = {"CUNHUI_HOME": str(home)} | ({"PYTHONPATH": str(code)} if code else {})
        self._code = code
        self._up = Process("county", [*_TOOL, "up"], log=home / "logs" / "up.log", env=self.env, cwd=code)

    def init(self, *, host: str = "127.0.0.1") -> None:
        """Make the county's folder, keys, ports and database. Stations and browsers reach it at ``host``."""
        self.tool("init", "--home", str(self.home), "--host", host, "--name", "示例县")

    def open_front_door(self) -> None:
        """Have telephones reach the county too, from its next start on, by a certificate for demonstrations."""
        self.tool("demo-door", "--host", "127.0.0.1")

    def start(self, *, timeout_s: float = 120) -> None:
        """Start every part and wait until the service says that it is ready.

        Raises:
            CountyEnded: It ended before that.
        """
        before = self._up.log.stat().st_size if self._up.log.exists() else 0
        self.launch()
        ready = self.home / "run" / "ready"
        wait_until(lambda: ready.exists() or not self.running(), what="the county to be ready", timeout_s=timeout_s)
        if not self.running():
            said = self._up.log.read_bytes()[before:].decode(errors="replace")
            raise CountyEnded(f"the county gave up: {said.strip()[-_SAID_CHARS:]}")

    def launch(self) -> None:
        """Start the service and wait for nothing."""
        self._up.start()

    def running(self) -> bool:
        """Whether the service has not ended."""
        return self._up.running()

    def reap(self) -> None:
        """Wait for the end of a service that was killed."""
        self._up.kill9()
        (self.home / "run" / "ready").unlink(missing_ok=True)

    def stop(self) -> None:
        """Stop every part in order."""
        self._up.stop(timeout_s=40)

    def load(self, cast: list[CastStation], folder: Path) -> None:
        """Import the fictional villages and the sample pack. The files for that stay in ``folder``."""
        workbook = folder / "village-set.xlsx"
        write_workbook(cast, workbook)
        self.tool("import-people", str(workbook))
        pack = folder / "sample.pack"
        pack.write_bytes(encode(sample_pack()))
        self.tool("publish-pack", str(pack))

    def publish_samples(self, region: str, folder: Path) -> None:
        """Publish fictional documents for a region until the end of next year. Their files stay in ``folder``."""
        today = datetime.now(CHINA).date()
        for kind, write in (("disclosure", write_disclosure), ("library", write_library)):
            file = folder / f"sample-{kind}.xlsx"
            write(file, today)
            until = f"{today.year + 1}-12-31"
            self.tool(
                *("publish-documents", str(file), "--id", f"sample-{kind}", "--kind", kind),
                *("--to", region, "--until", until, "--written-by", "sample-editor"),
            )

    def publish_starter(self) -> None:
        """Publish the packs that a county may begin with."""
        self.tool("publish-starter")

    def claim(self, station: str) -> str:
        """Return a claim code for a station, as its 13 digits."""
        return re.sub(r"\D", "", self.tool("claim", station))

    def where(self) -> dict[str, Any]:
        """Return the county's addresses and its CA file, by the names that ``cunhui-server where`` gives them."""
        found: dict[str, Any] = json.loads(self.tool("where", "--json"))
        return found

    def tool(self, *arguments: str) -> str:
        """Run one ``cunhui-server`` verb and return what it printed.

        Raises:
            subprocess.CalledProcessError: With the verb's output.
        """
        done = self.try_tool(*arguments)
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, arguments, done.stdout, done.stderr)
        return done.stdout.strip()

    def try_tool(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run one ``cunhui-server`` verb and return how it ended."""
        command = [*_TOOL, *arguments]
        environment = {**os.environ, **self.env}
        return subprocess.run(command, env=environment, cwd=self._code, capture_output=True, text=True, check=False)

    def part_pid(self, part: str) -> int:
        """Return the pid of a part (``postgres``, ``mosquitto``, ``ingest``, ``web``), or 0 while it is down."""
        try:
            pid = int((self.home / "run" / f"{part}.pid").read_text(encoding="ascii").split()[0])
        except (FileNotFoundError, IndexError, ValueError):
            return 0
        return pid if is_alive(pid) else 0

    def kill9_part(self, part: str) -> bool:
        """Send SIGKILL to a part and return whether it ran. The service starts it again."""
        pid = self.part_pid(part)
        if pid:
            os.kill(pid, 9)
        return bool(pid)

    def unexplained(self) -> int:
        """Return how many facts the county's ledger can't account for."""
        return unexplained_in(self.try_tool("ledger", "--json").stdout)

    def local_listener(self) -> LocalListener:
        """Return how a program on the county's own machine listens at the broker."""
        settings = tomllib.loads((self.home / "county.toml").read_text(encoding="utf-8"))
        password = (self.home / "trust" / "broker-local.password").read_text(encoding="ascii")
        return LocalListener("127.0.0.1", settings["broker_local_port"], "county", password)

    @property
    def database(self) -> dict[str, str]:
        """The environment by which psql finds the county's database (PostgreSQL 17, 32.15)."""
        return {"PGHOST": str(self.home / "run")}

    def sql(self, query: str) -> list[list[str]]:
        """Return the rows of ``query`` as psql prints them, because psql shares no code with the product.

        Raises:
            NotInTime: The database did not come back.
        """
        command = [*_PSQL, "-c", query]
        read_only = {**os.environ, **self.database, "PGOPTIONS": "-c default_transaction_read_only=on"}

        def answered() -> "subprocess.CompletedProcess[str] | None":
            done = subprocess.run(command, capture_output=True, text=True, check=False, env=read_only)
            return None if done.returncode else done

        # The run kills the database too, and a query must not fail because of that.
        done = wait_until(answered, what="the database", timeout_s=60, every_s=0.5)
        assert done is not None
        return [line.split(",") for line in done.stdout.splitlines()]


def unexplained_in(said: str) -> int:
    """Return how many facts the ledger can't account for, from what ``cunhui-server ledger --json`` prints.

    The counts are added without their sign, so that a fact too many at one station does not hide a fact that is missing
    at another.

    Raises:
        ValueError: It printed no ledger.
    """
    ledgers: dict[str, dict[str, int]] = json.loads(said)
    return sum(abs(counts["unexplained"]) for counts in ledgers.values())
