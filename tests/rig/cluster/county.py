"""The county of this rig: one machine's programs, whose database lies on the cluster."""

from pathlib import Path

from firmware_scripts.demo.county import DemoCounty
from tests.rig.cluster.postgres_cluster import DATABASE, ROLE, PostgresCluster

_TABLE = """
[database]
host = "{hosts}"
port = {port}
name = "{name}"
user = "{role}"
password_file = "database.pgpass"
"""


class ClusterCounty(DemoCounty):
    """A county whose ``county.toml`` names the clusters in place of the private services."""

    def __init__(self, home: Path, postgres: PostgresCluster) -> None:
        super().__init__(home)
        self._postgres = postgres
        self._passwords = home / "database.pgpass"

    def name_the_database(self) -> None:
        """Write the table ``[database]``, and the password into a file of its own."""
        self._passwords.touch(mode=0o600)
        self._passwords.write_text(f"*:*:{DATABASE}:{ROLE}:{self._postgres.password}\n", encoding="ascii")
        hosts = ", ".join(self._postgres.hosts)
        table = _TABLE.format(hosts=hosts, port=self._postgres.port, name=DATABASE, role=ROLE)
        with (self.home / "county.toml").open("a", encoding="utf-8") as file:
            file.write(table)

    @property
    def database(self) -> dict[str, str]:
        return {
            "PGHOST": ",".join(self._postgres.hosts),
            "PGPORT": str(self._postgres.port),
            "PGPASSFILE": str(self._passwords),
            # Not `read-write`: to libpq a session that reads alone by its own choice is none.
            "PGTARGETSESSIONATTRS": "primary",
            "PGCONNECT_TIMEOUT": "5",
        }
