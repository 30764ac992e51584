"""Three nodes of RabbitMQ, as Debian packages it, with the configuration that the county wrote for them."""

import json
import secrets
import shutil
import ssl
import urllib.error
import urllib.request
from base64 import b64encode
from pathlib import Path

from firmware_scripts.demo.processes import wait_until
from server_broker.broker.rabbit.files import FOLDER
from server_broker.platform.own_broker import OwnBroker
from tests.rig.cluster.nodes import ADDRESSES, Node

ADMINISTRATOR = "keeper"
_SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
"""Debian's wrapper in ``/usr/sbin`` would become the account of the system's own daemon."""
_FIRST_DISTRIBUTION_PORT = 25_672
_FORMED_S = 600.0


class RabbitCluster:
    """Three nodes. One daemon of names (epmd) serves all of them and is never killed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._password = secrets.token_hex(16)
        self._cookie = secrets.token_hex(16)
        password = folder / "rabbitmq.password"
        password.touch(mode=0o600)
        password.write_text(self._password, encoding="ascii")
        self.own = OwnBroker(hosts=list(ADDRESSES), user=ADMINISTRATOR, password_file=str(password))
        names = ["epmd", "-address", ",".join(ADDRESSES)]
        self._epmd = Node("epmd", names, folder=folder / "epmd")
        self.nodes = [self._node(number) for number in range(len(ADDRESSES))]

    def launch(self, files: Path) -> None:
        """Start all nodes by what the county wrote, and wait for nothing."""
        self._context = ssl.create_default_context(cafile=str(files / "ca.pem"))
        self._epmd.start()
        for node, address in zip(self.nodes, ADDRESSES, strict=True):
            shutil.copytree(files, node.folder, dirs_exist_ok=True)
            self._configure(node.folder, address)
            node.start()

    def wait(self) -> None:
        """Wait until they have found one another."""
        wait_until(self.is_whole, what="the three nodes of RabbitMQ", timeout_s=_FORMED_S, every_s=1.0)

    def stop(self) -> None:
        """End everything."""
        for node in (*self.nodes, self._epmd):
            node.stop()

    def is_whole(self) -> bool:
        """Whether all nodes run, as each of them sees it."""
        return all(self._seen_from(address) == len(ADDRESSES) for address in ADDRESSES)

    def _seen_from(self, address: str) -> int:
        asked = urllib.request.Request(f"https://{address}:{self.own.management_port}/api/nodes")
        told = b64encode(f"{ADMINISTRATOR}:{self._password}".encode()).decode()
        asked.add_header("Authorization", f"Basic {told}")
        try:
            with urllib.request.urlopen(asked, timeout=3, context=self._context) as answer:
                return sum(bool(node.get("running")) for node in json.load(answer))
        except (OSError, urllib.error.URLError, json.JSONDecodeError):
            return 0

    def _configure(self, folder: Path, address: str) -> None:
        """Write what is a node's own into its configuration."""
        written = (folder / "rabbitmq.conf").read_text(encoding="ascii").replace(FOLDER, str(folder))
        written = written.replace(
            f"mqtt.listeners.ssl.default = {self.own.port}", f"mqtt.listeners.ssl.default = {address}:{self.own.port}"
        )
        more = {
            "management.ssl.ip": address,
            "default_user": ADMINISTRATOR,
            "default_pass": self._password,
            "cluster_formation.peer_discovery_backend": "classic_config",
            "log.console": "true",
            "log.console.level": "error",
            "log.file": "false",
        }
        for number, host in enumerate(ADDRESSES, start=1):
            more[f"cluster_formation.classic_config.nodes.{number}"] = f"rabbit{number}@{host}"
        written += "".join(f"{name} = {value}\n" for name, value in more.items())
        (folder / "node.conf").write_text(written, encoding="ascii")

    def _node(self, number: int) -> Node:
        name, address = f"rabbit{number + 1}", ADDRESSES[number]
        folder = self._folder / name
        environment = {
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"{name}@{address}",
            "RABBITMQ_USE_LONGNAME": "true",
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_CONFIG_FILE": str(folder / "node.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_DIST_PORT": str(_FIRST_DISTRIBUTION_PORT + number),
            # The nodes share two cores: one scheduler each, which does not spin while it waits.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none "
            f"-kernel inet_dist_use_interface {{{address.replace('.', ',')}}}",
        }
        node = Node(name, [_SERVER], folder=folder, env=environment)
        cookie = folder / ".erlang.cookie"
        cookie.write_text(self._cookie, encoding="ascii")
        cookie.chmod(0o400)
        return node
