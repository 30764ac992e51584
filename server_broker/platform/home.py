"""The county's folder: where its keys, its database, its media and its generated configuration lie."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from server_broker.platform.files import write_atomically, write_once

DATABASE = "cunhui"
ROLE = "cunhui"
"""The database of the private cluster, and the role that the service uses in it."""


@dataclass(frozen=True)
class CountyHome:
    """Paths of one county, all below ``root``.

    Example:
        >>> CountyHome(Path("/srv/county")).postgres_socket
        PosixPath('/srv/county/run')
    """

    root: Path

    @property
    def trust(self) -> Path:
        """The county CA and signing keys; mode 0700."""
        return self.root / "trust"

    @property
    def postgres_data(self) -> Path:
        """Data folder of the private PostgreSQL cluster."""
        return self.root / "postgres"

    @property
    def postgres_socket(self) -> Path:
        """Folder of the private cluster's unix socket; the cluster listens nowhere else."""
        return self.root / "run"

    @property
    def units_mark(self) -> Path:
        """The mark that units of systemd run this county. It belongs to the county's account (tmpfiles.d(5))."""
        return self.root / "by-units"

    @property
    def by_units(self) -> bool:
        """Whether systemd's units run this county."""
        return self.units_mark.exists()

    @property
    def broker(self) -> Path:
        """Mosquitto's generated configuration, access lists and revocation list."""
        return self.root / "broker"

    @property
    def media(self) -> Path:
        """Stills and other blobs, by hash."""
        return self.root / "media"

    @property
    def bundles(self) -> Path:
        """Bundles for stations and their items, by hash."""
        return self.root / "bundles"

    @property
    def disk_places(self) -> dict[str, Path]:
        """The folders that may have disks of their own, by what metrics call them; one may not be there yet.

        Under units neither web nor chores can look into the database's.
        """
        folders = {"county": self.root, "media": self.media, "bundles": self.bundles}
        return folders if self.by_units else folders | {"postgres": self.postgres_data}

    @property
    def backup(self) -> Path:
        """The local repository of backups, and what belongs to it."""
        return self.root / "backup"

    @property
    def logs(self) -> Path:
        """One file for each process that the service runs."""
        return self.root / "logs"

    @property
    def static_folder(self) -> Path:
        """Collected static files of the console."""
        return self.root / "static"

    @property
    def config_file(self) -> Path:
        """``county.toml``: names, host names and ports of this county."""
        return self.root / "county.toml"

    @property
    def own_database_mark(self) -> Path:
        """The mark that the county uses a PostgreSQL of its own, so that the private cluster stays down."""
        return self.root / "own-database"

    @property
    def own_broker_mark(self) -> Path:
        """The mark that the county uses a broker of its own, so that Mosquitto stays down."""
        return self.root / "own-broker"

    @property
    def begun_setup(self) -> Path:
        """The answers of a setup that has not come to its end."""
        return self.root / "setup.json"

    @property
    def restoring(self) -> Path:
        """Where a restore works until it is whole."""
        return self.root / "restoring"

    def secret_key(self) -> str:
        """Return Django's secret key. It is made at the first call and stored in a file of mode 0600.

        If there is no county in the folder, no file is made, and the key is for this process only.
        """
        path = self.root / "secret-key"
        if not path.exists() and not self.config_file.exists():
            return secrets.token_urlsafe(48)
        write_once(path, secrets.token_urlsafe(48).encode("ascii"))
        if key := path.read_text(encoding="ascii").strip():
            return key
        # Django refuses every request without a key. Nothing was signed with an empty one, so a new one costs nothing.
        write_atomically(path, secrets.token_urlsafe(48).encode("ascii"))
        return path.read_text(encoding="ascii")

    def allowed_hosts(self) -> list[str]:
        """Host names under which the console answers."""
        hosts = os.environ.get("CUNHUI_HOSTS", "localhost,127.0.0.1")
        return [host for host in hosts.split(",") if host]
