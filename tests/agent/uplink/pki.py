"""A throw-away certificate authority for one test run."""

import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

START = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)
END = datetime.datetime(2040, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True)
class Issued:
    certificate: Path
    key: Path


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


class Authority:
    """Issues certificates and writes them, with their keys, into a folder."""

    def __init__(self, folder: Path, common: str = "test-county") -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = name(common)
        self.certificate = (
            self._builder(self.name, self.key.public_key(), END)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self.key, hashes.SHA256())
        )
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_bytes(pem(self.certificate))

    def _builder(
        self, subject: x509.Name, public_key: ec.EllipticCurvePublicKey, end: datetime.datetime
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(START)
            .not_valid_after(end)
        )

    def certify(
        self, common: str, public_key: ec.EllipticCurvePublicKey, *, end: datetime.datetime = END
    ) -> x509.Certificate:
        """Certify a client's key."""
        return self._builder(name(common), public_key, end).sign(self.key, hashes.SHA256())

    def revocation_list(self, *revoked: Path) -> bytes:
        """Return a list in PEM with the serials of these certificates, as a broker reads it."""
        serials = [x509.load_pem_x509_certificate(one.read_bytes()).serial_number for one in revoked]
        at = START + datetime.timedelta(seconds=len(serials))
        entries = [x509.RevokedCertificateBuilder().serial_number(one).revocation_date(at).build() for one in serials]
        made = x509.CertificateRevocationListBuilder(self.name, at, END, revoked_certificates=entries)
        return made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def issue(self, common: str, *, host: str = "", end: datetime.datetime = END) -> Issued:
        """Make a key and its certificate; with ``host`` (an IP address) a server's."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(name(common), key.public_key(), end)
        if host:
            alternative = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))])
            builder = builder.add_extension(alternative, critical=False)
        issued = Issued(self.folder / f"{common}.pem", self.folder / f"{common}.key.pem")
        issued.certificate.write_bytes(pem(builder.sign(self.key, hashes.SHA256())))
        issued.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return issued


def pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
