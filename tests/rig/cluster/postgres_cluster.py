"""PostgreSQL with a synchronous standby under Patroni, whose lock lies in etcd: Debian's packages of all three."""

import json
import os
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from firmware_scripts.demo.processes import wait_until
from server_broker.postgres.debian import bin_folder
from tests.rig.cluster.nodes import ADDRESSES, Node, children_of

DATABASE = ROLE = "cunhui"
PORT, _API, _ETCD, _ETCD_PEERS = 5432, 8008, 2379, 2380
_MEMBERS = 2
TTL_S, LOOP_WAIT_S, RETRY_S = 20, 5, 5
"""Patroni's clock: a leader that does not renew its lock for ``TTL_S`` is replaced. Its defaults are 30, 10 and 10."""

_PATRONI = """\
scope: county
name: {name}
restapi:
  listen: {address}:{api}
  connect_address: {address}:{api}
etcd3:
  hosts: [{etcd}]
bootstrap:
  dcs:
    ttl: {ttl}
    loop_wait: {loop_wait}
    retry_timeout: {retry}
    synchronous_mode: true
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters:
        max_connections: 100
        shared_buffers: 64MB
        jit: "off"
        wal_keep_size: 256MB
  initdb: [encoding: UTF8, locale: C.UTF-8, data-checksums]
postgresql:
  listen: {address}:{port}
  connect_address: {address}:{port}
  data_dir: {folder}/data
  bin_dir: {programs}
  pgpass: {folder}/pgpass
  authentication:
    superuser: {{username: postgres, password: {password}}}
    replication: {{username: replicator, password: {password}}}
    rewind: {{username: rewinder, password: {password}}}
  parameters:
    unix_socket_directories: {folder}
  pg_hba:
    - local all all peer
    - host all all 127.0.0.0/8 scram-sha-256
    - host replication all 127.0.0.0/8 scram-sha-256
"""


class PostgresCluster:
    """Two servers and the three nodes of etcd that decide which of them leads."""

    def __init__(self, folder: Path, *, password: str) -> None:
        self._folder = folder
        self.password = password
        self.etcd = [self._etcd(number) for number in range(len(ADDRESSES))]
        self.servers = [self._server(number) for number in range(_MEMBERS)]

    @property
    def hosts(self) -> list[str]:
        """The addresses of the servers."""
        return list(ADDRESSES[:_MEMBERS])

    def start(self) -> None:
        """Start everything, and make the county's role and database."""
        for node in self.etcd:
            node.start()
        for node in self.servers:
            node.start()
        wait_until(self.is_whole, what="PostgreSQL and its standby", timeout_s=300, every_s=0.5)
        self.sql(f"CREATE ROLE {ROLE} LOGIN PASSWORD '{self.password}'")
        self.sql(f"CREATE DATABASE {DATABASE} OWNER {ROLE}")

    def stop(self) -> None:
        """End everything: the standby first, because a leader waits for it."""
        for node in (*self._by_role(), *self.etcd):
            node.stop()

    def leader(self) -> Node | None:
        """Return the server that takes writes, if there is one."""
        return self._in_role("leader")

    def standby(self) -> Node | None:
        """Return the server that follows in step: what is committed lies on its disk too."""
        return self._in_role("sync_standby")

    def is_whole(self) -> bool:
        """Whether one server leads and the other follows in step."""
        return self.leader() is not None and self.standby() is not None

    def is_in_step(self, node: Node) -> bool:
        """Whether a node of etcd runs and knows who leads."""
        address = ADDRESSES[self.etcd.index(node)]
        return _asked(f"http://{address}:{_ETCD}/health").get("health") == "true"

    def sql(self, statement: str) -> None:
        """Run a statement as the servers' administrator."""
        run = ["psql", "--no-psqlrc", "--quiet", "-h", ",".join(self.hosts), "-p", str(PORT), "-U", "postgres"]
        environment = os.environ | {"PGPASSWORD": self.password, "PGTARGETSESSIONATTRS": "read-write"}
        subprocess.run([*run, "-c", statement], check=True, capture_output=True, env=environment)

    def _etcd(self, number: int) -> Node:
        name, address = f"etcd{number + 1}", ADDRESSES[number]
        all_peers = ",".join(f"etcd{one + 1}=http://{host}:{_ETCD_PEERS}" for one, host in enumerate(ADDRESSES))
        folder = self._folder / name
        options = {
            "name": name,
            "data-dir": folder / "data",
            "listen-client-urls": f"http://{address}:{_ETCD}",
            "advertise-client-urls": f"http://{address}:{_ETCD}",
            "listen-peer-urls": f"http://{address}:{_ETCD_PEERS}",
            "initial-advertise-peer-urls": f"http://{address}:{_ETCD_PEERS}",
            "initial-cluster": all_peers,
            "initial-cluster-token": "county",
            # Wider than the defaults of 100 and 1,000: the nodes share two busy cores.
            "heartbeat-interval": 300,
            "election-timeout": 3_000,
            "log-level": "error",
        }
        return Node(name, ["etcd", *(f"--{key}={value}" for key, value in options.items())], folder=folder)

    def _server(self, number: int) -> Node:
        name, address = f"postgres{number + 1}", ADDRESSES[number]
        folder = self._folder / name
        node = Node(
            name,
            ["patroni", str(folder / "patroni.yml")],
            folder=folder,
            account="postgres",
            elsewhere=lambda: _postmaster(folder / "data"),
        )
        text = _PATRONI.format(
            name=name,
            address=address,
            api=_API,
            port=PORT,
            folder=folder,
            programs=bin_folder(folder / "none"),
            password=self.password,
            etcd=", ".join(f'"{host}:{_ETCD}"' for host in ADDRESSES),
            ttl=TTL_S,
            loop_wait=LOOP_WAIT_S,
            retry=RETRY_S,
        )
        file = folder / "patroni.yml"
        file.write_text(text, encoding="utf-8")
        return node

    def _in_role(self, role: str) -> Node | None:
        member = next((one for one in self._members() if one["role"] == role), None)
        if member is None or member["state"] not in ("running", "streaming"):
            return None
        return next(node for node in self.servers if node.name == member["name"])

    def _by_role(self) -> list[Node]:
        leader = self.leader()
        return sorted(self.servers, key=lambda node: node is leader)

    def _members(self) -> list[dict[str, Any]]:
        """Return what Patroni says of its cluster, from whichever server answers."""
        for address in self.hosts:
            if found := _asked(f"http://{address}:{_API}/cluster"):
                return list(found["members"])
        return []


def _asked(url: str) -> dict[str, Any]:
    """Return what is answered, or nothing."""
    try:
        with urllib.request.urlopen(url, timeout=3) as answer:
            found: dict[str, Any] = json.load(answer)
    except (OSError, urllib.error.URLError, json.JSONDecodeError):
        return {}
    return found


def _postmaster(data: Path) -> list[int]:
    """Return PostgreSQL's own processes, which Patroni starts as no children of its own."""
    try:
        pid = int((data / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, IndexError, ValueError):
        return []
    # The file outlives its server, and its number may belong to another process by then.
    return [pid, *children_of(pid)] if str(data).encode() in command else []
