"""One node of RabbitMQ as Debian packages it, configured by the files that the county wrote for it."""

import os
import secrets
import signal
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from firmware_scripts.demo.processes import Process, is_alive, wait_until
from server_broker.broker.rabbit.files import FOLDER
from server_broker.platform.county_config import free_ports

ADMINISTRATOR = "keeper"
_SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
"""Debian's wrapper in ``/usr/sbin`` would become the account of the system's own daemon."""
_BOOT_S = 240.0
"""Some 10 s on a machine with nothing else to do."""


class RabbitNode:
    """A node in ``folder``, on loopback alone, with a daemon of names (epmd) of its own."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.password = secrets.token_hex(16)
        self.epmd_port, self._distribution = free_ports(2)
        environment = {
            "HOME": str(folder),
            "RABBITMQ_NODENAME": "own@localhost",
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_CONFIG_FILE": str(folder / "node.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "ERL_EPMD_PORT": str(self.epmd_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}",
        }
        names = ["/usr/bin/epmd", "-port", str(self.epmd_port), "-address", "127.0.0.1"]
        self._epmd = Process("epmd", names, log=folder / "epmd.log")
        self._node = Process("rabbitmq", [_SERVER], log=folder / "rabbitmq.log", env=environment, cwd=folder)

    @property
    def log(self) -> Path:
        """What the node said."""
        return self._node.log

    def start(self, *, otherwise: Mapping[str, str] | None = None) -> None:
        """Start with the county's configuration, or with some settings otherwise, and wait until it is up.

        An empty value takes a setting away.
        """
        self._configure(otherwise or {})
        before = self.log.read_text(errors="replace").count(_UP) if self.log.exists() else 0
        if not self._epmd.running():
            self._epmd.start()
        self._node.start()

        def is_up() -> bool:
            assert self._node.running(), self.log.read_text(errors="replace")[-2000:]
            return self.log.read_text(errors="replace").count(_UP) > before

        wait_until(is_up, what="RabbitMQ", timeout_s=_BOOT_S, every_s=0.2)

    def _configure(self, otherwise: Mapping[str, str]) -> None:
        written = (self.folder / "rabbitmq.conf").read_text(encoding="ascii").replace(FOLDER, str(self.folder))
        settings = dict(line.split(" = ", 1) for line in written.splitlines() if not line.startswith("#"))
        settings["mqtt.listeners.ssl.default"] = f"127.0.0.1:{settings['mqtt.listeners.ssl.default']}"
        settings["management.ssl.ip"] = "127.0.0.1"
        settings |= {"default_user": ADMINISTRATOR, "default_pass": self.password}
        settings |= {"log.console": "true", "log.file": "false"}
        settings |= otherwise
        lines = [f"{name} = {value}\n" for name, value in settings.items() if value]
        (self.folder / "node.conf").write_text("".join(lines), encoding="ascii")

    def stop(self) -> None:
        """End it, in the way that also ends what it started; the daemon of names stays."""
        children = _children(self._node.pid) if self._node.running() else []
        self._node.stop(timeout_s=60)
        for pid in children:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not any(map(is_alive, children)), what="the end of RabbitMQ", timeout_s=30)

    def kill9(self) -> None:
        """Kill it and what it started at once, as a machine that loses its power does."""
        pids = [self._node.pid, *_children(self._node.pid)]
        for pid in reversed(pids):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._node.kill9()
        wait_until(lambda: not any(map(is_alive, pids)), what="the end of RabbitMQ", timeout_s=30)

    def close(self) -> None:
        """End everything."""
        self.stop()
        self._epmd.stop()


_UP = "Server startup complete"


def _children(pid: int) -> list[int]:
    done = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    found = [int(one) for one in done.stdout.split()]
    return found + [further for one in found for further in _children(one)]
