"""Certificates that were never issued, made by somebody who has the keys, also those of the county's own authority."""

import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from tests.proofs.strangers.county import County

DAY = dt.timedelta(days=1)


def key_of(county: County, name: str) -> ec.EllipticCurvePrivateKey:
    """Return a private key from the county's own folder: ``ca``, its authority's, or ``web``."""
    key = load_pem_private_key((county.home / "trust" / f"{name}.key").read_bytes(), None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return key


def authority_name(county: County) -> x509.Name:
    """Return the name of the county's authority."""
    return x509.load_pem_x509_certificate(county.ca.read_bytes()).subject


def expired(county: County, name: str, key: ec.EllipticCurvePrivateKey) -> str:
    """Return a certificate of the county's own authority that expired yesterday."""
    return by_authority(county, name, key, days=(-9, -1))


def by_authority(
    county: County,
    name: str,
    key: ec.EllipticCurvePrivateKey,
    *,
    days: tuple[int, int] = (-1, 1),
    usage: ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH,
) -> str:
    """Return a certificate of the county's own authority that the county does not know.

    Args:
        days: From when until when it is valid, counted from now.
    """
    return make_certificate(name, authority_name(county), key, key_of(county, "ca"), days=days, usage=usage)


def make_certificate(
    name: str,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    days: tuple[int, int] = (-1, 1),
    usage: ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH,
) -> str:
    """Return a certificate, in PEM, as any issuer makes one."""
    now = dt.datetime.now(dt.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + days[0] * DAY)
        .not_valid_after(now + days[1] * DAY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    )
    return builder.sign(issuer_key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
