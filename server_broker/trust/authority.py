"""The county's certificate authority: profiles of RFC 5280, ECDSA on P-256 (FIPS 186-5).

The certificates of the authority and of the servers are valid from 2020, so that a station whose clock is far behind
never finds them "not yet valid".
"""

import datetime as dt
import ipaddress
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

BACK_DATED = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
AUTHORITY_ENDS = dt.datetime(2049, 12, 31, 23, 59, 59, tzinfo=dt.UTC)
"""The last second that a certificate writes as UTCTime (RFC 5280, section 4.1.2.5)."""
SERVER_LIFETIME = dt.timedelta(days=5 * 365)
STATION_LIFETIME = dt.timedelta(days=90)
"""Short, because a stolen key is of use for so long if nobody notices. A station renews at half of it."""
CLOCK_SLACK = dt.timedelta(hours=1)
"""How long before its issue a station's certificate becomes valid, so that a clock may be set back a little."""
CRL_LIFETIME = dt.timedelta(days=10 * 365)

type StationPublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


@dataclass(frozen=True)
class IssuedCertificate:
    """A certificate in PEM. ``serial`` is lower-case hex."""

    pem: str
    serial: str
    not_after: dt.datetime


class CertificateAuthority:
    """The county CA with its private key."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self.certificate = certificate
        self._key = key

    @classmethod
    def make(cls, common_name: str = "") -> tuple["CertificateAuthority", ec.EllipticCurvePrivateKey]:
        """Make a new authority, by default a county's. Return it and its private key, for the caller to store."""
        key = ec.generate_private_key(ec.SECP256R1())
        # A random part, so that two counties, or a county that was made anew, never have authorities of the same name.
        common_name = common_name or f"Cunhui County CA {secrets.token_hex(4)}"
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        builder = _builder(name, name, key.public_key(), BACK_DATED, AUTHORITY_ENDS)
        # path_length 0: the authority issues leaf certificates alone, and no authority below it.
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_key_usage(authority=True), critical=True)
        return cls(builder.sign(key, hashes.SHA256()), key), key

    @property
    def pem(self) -> bytes:
        """The authority's own certificate."""
        return self.certificate.public_bytes(Encoding.PEM)

    def issue_server(
        self, names: Iterable[str], key: ec.EllipticCurvePublicKey, *, now: dt.datetime
    ) -> IssuedCertificate:
        """Issue a certificate for a server of the county, valid for ``names`` (host names and addresses)."""
        alternatives = [_alternative(name) for name in names]
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Cunhui county service")])
        builder = self._leaf(subject, key, BACK_DATED, now + SERVER_LIFETIME, ExtendedKeyUsageOID.SERVER_AUTH)
        return self._sign(builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False))

    def issue_client(self, common_name: str, key: ec.EllipticCurvePublicKey, *, now: dt.datetime) -> IssuedCertificate:
        """Issue a certificate by which a program of the county shows a broker whose it is."""
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
        builder = self._leaf(subject, key, BACK_DATED, now + SERVER_LIFETIME, ExtendedKeyUsageOID.CLIENT_AUTH)
        return self._sign(builder)

    def issue_station(
        self, station: str, key: StationPublicKey, *, board: str = "", now: dt.datetime
    ) -> IssuedCertificate:
        """Issue a client certificate for 90 days. Its subject is the common name ``station`` and nothing else.

        Args:
            board: `server_broker.trust.board_name.board_name`. It is the second alternative name, after ``station``.
        """
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, station)])
        builder = self._leaf(subject, key, now - CLOCK_SLACK, now + STATION_LIFETIME, ExtendedKeyUsageOID.CLIENT_AUTH)
        if board:
            # RabbitMQ takes client id and user name from these, by their place.
            names = x509.SubjectAlternativeName([x509.DNSName(station), x509.DNSName(board)])
            builder = builder.add_extension(names, critical=False)
        return self._sign(builder)

    def revocation_list(self, serials: Iterable[str], *, number: int, now: dt.datetime) -> bytes:
        """Return a CRL (RFC 5280, section 5) in PEM that names ``serials``.

        It is valid for ten years, because with a CRL past its nextUpdate the broker would refuse every station. Its
        thisUpdate is ``number`` seconds after 2020 began, for two reasons: OpenSSL keeps the CRLs that it has read
        before, and of two it uses the one with the later thisUpdate; and no wrong clock can put it in the future.
        """
        this_update = BACK_DATED + dt.timedelta(seconds=number)
        # The broker looks at the serial alone. A fixed date can't lie in the future of any clock.
        revoked = [
            x509.RevokedCertificateBuilder(serial_number=int(serial, 16), revocation_date=BACK_DATED).build()
            for serial in sorted(set(serials))
        ]
        # All at once, because `add_revoked_certificate` copies the whole list each time.
        builder = x509.CertificateRevocationListBuilder(
            self.certificate.subject, this_update, now + CRL_LIFETIME, revoked_certificates=revoked
        )
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
        builder = builder.add_extension(self._authority_key_identifier(), critical=False)
        return builder.sign(self._key, hashes.SHA256()).public_bytes(Encoding.PEM)

    def _leaf(
        self,
        subject: x509.Name,
        key: StationPublicKey,
        start: dt.datetime,
        end: dt.datetime,
        usage: x509.ObjectIdentifier,
    ) -> x509.CertificateBuilder:
        # A certificate that outlives its authority would be refused when the authority ends anyway.
        builder = _builder(subject, self.certificate.subject, key, start, min(end, AUTHORITY_ENDS))
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_key_usage(authority=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        return builder.add_extension(self._authority_key_identifier(), critical=False)

    def _authority_key_identifier(self) -> x509.AuthorityKeyIdentifier:
        own = self.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)

    def _sign(self, builder: x509.CertificateBuilder) -> IssuedCertificate:
        certificate = builder.sign(self._key, hashes.SHA256())
        return IssuedCertificate(
            pem=certificate.public_bytes(Encoding.PEM).decode("ascii"),
            serial=f"{certificate.serial_number:x}",
            not_after=certificate.not_valid_after_utc,
        )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: StationPublicKey, start: dt.datetime, end: dt.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name.encode("idna").decode("ascii"))
