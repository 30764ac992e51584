"""``python -m tests.proofs.neighbours.enrolling STATION…``: enrol boards as the county's own programs do, many at once.

It prints a line of JSON for each: a `Kit`. The way by claim codes and HTTPS is another proof's matter.
"""

import os
import sys
from pathlib import Path

import django
import msgspec
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from protocol.enrolment import EnrolRequest, sign_request
from tests.proofs.strangers.county import VILLAGE
from tests.proofs.strangers.station import make_csr


class Kit(msgspec.Struct, frozen=True, kw_only=True):
    """What makes a board a station. ``pem`` holds its certificate and the key to it."""

    station: str
    pem: str
    record_key: bytes

    def write(self, folder: Path) -> Path:
        """Write the PEM file, and return where."""
        path = folder / f"{self.station}.pem"
        path.write_text(self.pem)
        return path


def enrol(station: str) -> Kit:
    """Make a station, and enrol a new board as it."""
    from django.utils import timezone  # noqa: PLC0415 - Django is set up only here

    from server_broker.enrolment import admission  # noqa: PLC0415 - needs the models
    from server_broker.enrolment.claims import make_claim  # noqa: PLC0415
    from server_broker.fleet.models import Station  # noqa: PLC0415
    from server_broker.settings import HOME  # noqa: PLC0415

    made, _ = Station.objects.get_or_create(pk=station, defaults={"name": f"{station} 站点", "village_id": VILLAGE})
    record_key, tls_key = Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())
    request = sign_request(
        record_key,
        EnrolRequest(
            claim=make_claim(made, actor="proof", now=timezone.now()),
            csr=make_csr("any-name", tls_key),
            record_key=record_key.public_key().public_bytes_raw(),
            nonce=os.urandom(16),
            signature=bytes(64),
        ),
    )
    certificate = admission.enrol(HOME, request, now=timezone.now()).certificate
    private = tls_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return Kit(station=station, pem=certificate + private, record_key=record_key.private_bytes_raw())


def main() -> None:
    """Enrol the stations that the command line names."""
    django.setup()
    for station in sys.argv[1:]:
        sys.stdout.buffer.write(msgspec.json.encode(enrol(station)) + b"\n")


if __name__ == "__main__":
    main()
