"""Three nodes of RabbitMQ with its MQTT plugin, as Debian packages it."""

import json
import secrets
import shutil
import urllib.error
import urllib.request
from base64 import b64encode
from contextlib import suppress
from pathlib import Path
from typing import Any

from firmware_scripts.demo.processes import wait_until
from server_broker.platform.county_config import free_ports
from tests.rig.cluster.nodes import ADDRESSES, Node

ADMINISTRATOR = "cunhui"
_SERVER = "/usr/lib/rabbitmq/bin/rabbitmq-server"
"""Debian's wrapper in ``/usr/sbin`` would become the account of the system's own daemon."""
_PLUGINS = "[rabbitmq_management,rabbitmq_mqtt,rabbitmq_auth_mechanism_ssl].\n"

_CONFIGURATION = """\
listeners.tcp = none
mqtt.listeners.tcp.1 = {address}:{plain}
mqtt.listeners.ssl.1 = {address}:{tls}
mqtt.allow_anonymous = false
mqtt.ssl_cert_login = true
ssl_cert_login_from = common_name
ssl_options.cacertfile = {folder}/ca.pem
ssl_options.certfile = {folder}/server.pem
ssl_options.keyfile = {folder}/server.key
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = true
ssl_options.versions.1 = tlsv1.3
management.tcp.ip = {address}
management.tcp.port = {api}
default_user = {administrator}
default_pass = {password}
cluster_formation.peer_discovery_backend = classic_config
{peers}
cluster_partition_handling = pause_minority
log.console.level = error
log.console = true
log.file = false
"""


class RabbitCluster:
    """Three nodes. One epmd, which tells each where the others listen, serves all of them and is never killed."""

    def __init__(self, folder: Path, *, ca: Path, certificate: Path, key: Path) -> None:
        """Write their configurations.

        Args:
            certificate: What each node shows to stations, by the county's authority ``ca``.
        """
        self._folder = folder
        self._files = {"ca.pem": ca, "server.pem": certificate, "server.key": key}
        self.password = secrets.token_hex(16)
        self.tls_port, self.plain_port, self.api_port, self._epmd_port, *self._distribution = free_ports(
            4 + len(ADDRESSES)
        )
        self._cookie = secrets.token_hex(16)
        names = ["epmd", "-port", str(self._epmd_port), "-address", ",".join(ADDRESSES)]
        self._epmd = Node("epmd", names, folder=folder / "epmd")
        self.nodes = [self._node(number) for number in range(len(ADDRESSES))]

    def start(self) -> None:
        """Start all nodes and wait until they have found one another."""
        self._epmd.start()
        for node in self.nodes:
            node.start()
        wait_until(self.is_whole, what="the three nodes of RabbitMQ", timeout_s=180, every_s=1.0)

    def stop(self) -> None:
        """End everything."""
        for node in (*self.nodes, self._epmd):
            node.stop()

    def is_whole(self) -> bool:
        """Whether all nodes run, as each of them sees it."""
        return all(self._runs_as_seen_from(address) == len(ADDRESSES) for address in ADDRESSES)

    def _runs_as_seen_from(self, address: str) -> int:
        with suppress(OSError, urllib.error.URLError, json.JSONDecodeError):
            nodes: list[dict[str, Any]] = json.loads(self._get(address, "/api/nodes"))
            return sum(bool(node.get("running")) for node in nodes)
        return 0

    def _get(self, address: str, path: str) -> bytes:
        asked = urllib.request.Request(f"http://{address}:{self.api_port}{path}")
        told = b64encode(f"{ADMINISTRATOR}:{self.password}".encode()).decode()
        asked.add_header("Authorization", f"Basic {told}")
        with urllib.request.urlopen(asked, timeout=3) as answer:
            found: bytes = answer.read()
        return found

    def _node(self, number: int) -> Node:
        name, address = f"rabbit{number + 1}", ADDRESSES[number]
        folder = self._folder / name
        environment = {
            "HOME": str(folder),
            "RABBITMQ_NODENAME": f"{name}@{address}",
            "RABBITMQ_USE_LONGNAME": "true",
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_DIST_PORT": str(self._distribution[number]),
            "ERL_EPMD_PORT": str(self._epmd_port),
            # The nodes share two cores, so one scheduler each, which does not spin while it waits.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none +sbwtdcpu none +sbwtdio none "
            f"-kernel inet_dist_use_interface {{{address.replace('.', ',')}}}",
        }
        node = Node(name, [_SERVER], folder=folder, env=environment)
        peers = "\n".join(
            f"cluster_formation.classic_config.nodes.{one + 1} = rabbit{one + 1}@{host}"
            for one, host in enumerate(ADDRESSES)
        )
        written = _CONFIGURATION.format(
            address=address,
            plain=self.plain_port,
            tls=self.tls_port,
            api=self.api_port,
            folder=folder,
            administrator=ADMINISTRATOR,
            password=self.password,
            peers=peers,
        )
        (folder / "rabbitmq.conf").write_text(written, encoding="ascii")
        (folder / "plugins").write_text(_PLUGINS, encoding="ascii")
        cookie = folder / ".erlang.cookie"
        cookie.write_text(self._cookie, encoding="ascii")
        cookie.chmod(0o400)
        for wanted, source in self._files.items():
            shutil.copy(source, folder / wanted)
        return node
