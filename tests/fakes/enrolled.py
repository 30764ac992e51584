"""A station's folder as enrolment leaves it, made without a county: nobody listens where its broker should be."""

import datetime
import os
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID

from agent.identity.station_identity import Identity, record_key, save_enrolment, tls_key
from protocol.enrolment import Broker, Enrolled

CARD_KEY = bytes(range(32))
STATION = "test-0001"

_CONFIG = """\
[station]
folder = "."
[county]
url = "https://127.0.0.1:9"
ca = "ca.pem"
{readers}
[indicator]
driver = "simulated"
[camera]
driver = "{camera}"
"""


@dataclass(frozen=True, slots=True)
class EnrolledStation:
    """What a test needs of an enrolled station."""

    folder: Path
    config: Path
    identity: Identity
    county_key: Ed25519PrivateKey


def make_enrolled(
    folder: Path, *, readers: tuple[str, ...] = ("simulated",), camera: str = "none", station: str = STATION
) -> EnrolledStation:
    """Write a station's folder and its ``station.toml``."""
    folder.mkdir(parents=True, exist_ok=True)
    county_key = Ed25519PrivateKey.generate()
    record_key(folder)
    certificate = _self_signed(folder)
    (folder / "ca.pem").write_text(certificate)
    answer = Enrolled(
        station=station,
        village="示例村",
        nonce=os.urandom(16),
        certificate=certificate,
        broker=Broker(host="127.0.0.1", port=9, shard=0),
        county_keys=[county_key.public_key().public_bytes_raw()],
        card_key=CARD_KEY,
    )
    config = folder / "station.toml"
    sections = "".join(f'[[reader]]\ndriver = "{name}"\n' for name in readers)
    config.write_text(_CONFIG.format(readers=sections, camera=camera), encoding="utf-8")
    return EnrolledStation(folder, config, save_enrolment(folder, answer), county_key)


def _self_signed(folder: Path) -> str:
    key = tls_key(folder)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, STATION)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=90))
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
