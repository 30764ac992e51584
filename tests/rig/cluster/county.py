"""The county of this rig: one machine's programs, whose messages and database go by clusters."""

from pathlib import Path

from firmware_scripts.demo.county import DemoCounty
from server_broker.platform.county_config import ingest_table
from server_broker.platform.own_database import OwnDatabase
from tests.rig.cluster.postgres_cluster import DATABASE, PORT, ROLE, PostgresCluster
from tests.rig.cluster.rabbitmq_cluster import RabbitCluster


class ClusterCounty(DemoCounty):
    """A county whose ``county.toml`` names the clusters in place of the private services."""

    def __init__(self, home: Path, postgres: PostgresCluster, rabbit: RabbitCluster) -> None:
        super().__init__(home)
        self._postgres = postgres
        self._rabbit = rabbit
        self._passwords = home / "database.pgpass"

    def name_the_clusters(self, workers: int) -> Path:
        """Write the tables with so many ingest workers, and return the folder of what each node of RabbitMQ gets."""
        self._passwords.touch(mode=0o600)
        self._passwords.write_text(f"*:*:{DATABASE}:{ROLE}:{self._postgres.password}\n", encoding="ascii")
        hosts = ", ".join(self._postgres.hosts)
        database = OwnDatabase(host=hosts, port=PORT, name=DATABASE, user=ROLE, password_file=self._passwords.name)
        with (self.home / "county.toml").open("a", encoding="utf-8") as file:
            file.write(database.as_table() + self._rabbit.own.as_table() + ingest_table(workers))
        self.tool("broker-files")
        return self.home / "rabbitmq"

    @property
    def database(self) -> dict[str, str]:
        return {
            "PGHOST": ",".join(self._postgres.hosts),
            "PGPORT": str(PORT),
            "PGPASSFILE": str(self._passwords),
            # Not `read-write`: to libpq a session that reads alone by its own choice is none.
            "PGTARGETSESSIONATTRS": "primary",
            "PGCONNECT_TIMEOUT": "5",
        }
