"""A table of ``county.toml`` that names a host with a certificate of its own: files, or the folder of an ACME client.

There are two: ``[front_door]`` for telephones (`server_broker.platform.front_door`), and ``[console]`` for the browsers
of offices. Stations need neither: they trust the county's own authority alone.
"""

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from server_broker.platform.config_tables import HOST, NO_HOST, Problems, table_problems, table_text

_KEYS: dict[str, type] = {"host": str, "port": int, "certificate": str, "key": str, "acme_folder": str}
_PAIRS = (
    ("fullchain.pem", "privkey.pem"),  # certbot, dehydrated
    ("fullchain.cer", "{host}.key"),  # acme.sh
    ("{host}.crt", "{host}.key"),  # lego, Caddy
)
"""The names that ACME clients (RFC 8555) give to a certificate with its chain and to its key."""


@dataclass(frozen=True, kw_only=True)
class OwnCertificate:
    """The table as it stands in the file. Paths are absolute, or relative to the county's folder.

    Attributes:
        host: The name that the certificate is for.
        port: HTTPS, on all interfaces unless ``host`` is a loopback address.
        certificate: PEM, the host's own certificate first, then the chain.
        key: PEM, the private key.
        acme_folder: Instead of the two: where an ACME client puts both, and renews them.
    """

    host: str
    port: int
    certificate: str = ""
    key: str = ""
    acme_folder: str = ""

    @property
    def address(self) -> str:
        """The address of the first page, without the slash at its end."""
        return f"https://{self.host}" + ("" if self.port == 443 else f":{self.port}")

    def files(self, root: Path) -> tuple[Path, Path]:
        """Return the files of certificate and key: in `acme_folder` the first pair that has a certificate."""
        if not self.acme_folder:
            return root / self.certificate, root / self.key
        folder = root / self.acme_folder
        pairs = [(folder / one.format(host=self.host), folder / key.format(host=self.host)) for one, key in _PAIRS]
        return next((pair for pair in pairs if pair[0].exists()), pairs[0])

    def as_table(self, name: str, *, comment: str) -> str:
        """Return it as TOML, to be put at the end of the file."""
        return table_text(name, asdict(self), comment=comment)


def own_certificate_problems(
    name: str, table: Any, taken_ports: Collection[int], *, further: Mapping[str, type] | None = None
) -> Problems:
    """Return each wrong key of the table with its error in Chinese. What is missing is told under an empty key.

    Args:
        name: The table's, as an error names it.
        taken_ports: The ports of the county's other servers.
        further: Keys of this table besides the usual ones, and what kind of value each has.
    """
    kinds = {**_KEYS, **(further or {})}
    problems = table_problems(name, table, kinds, required=("host", "port"), judge=_problem)
    if not isinstance(table, dict):
        return problems
    if table.get("port") in taken_ports:
        problems.append(("port", "和别的端口相同"))
    has_files, has_folder = "certificate" in table or "key" in table, "acme_folder" in table
    if has_files and has_folder:
        problems.append(("acme_folder", "和 certificate、key 只能写一种"))
    elif not has_folder:
        problems += [("", f"缺少 {key}（或写 acme_folder）") for key in ("certificate", "key") if key not in table]
    return problems


def _problem(key: str, value: Any) -> str:
    return f"“{value}”{NO_HOST}" if key == "host" and not HOST.fullmatch(value) else ""
