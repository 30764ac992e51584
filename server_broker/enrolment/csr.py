"""Read a certificate signing request (PKCS#10, RFC 2986) from a stranger.

Only the public key is used, after the signature has proved that the sender has the private key. The subject and the
requested extensions are ignored, because the claim says which station it is.
"""

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from server_broker.enrolment.refusals import NotAdmitted
from server_broker.trust.authority import StationPublicKey


def read_csr(pem: str) -> StationPublicKey:
    """Return the public key of a request: ECDSA on P-256, or Ed25519.

    Raises:
        NotAdmitted: ``bad_csr``.
    """
    try:
        request = x509.load_pem_x509_csr(pem.encode())
        key = request.public_key()
        signed = request.is_signature_valid
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise NotAdmitted("bad_csr") from error
    # Without this anybody could ask for a certificate for somebody else's key (RFC 2986, section 3, note 2).
    if not signed:
        raise NotAdmitted("bad_csr")
    # The two kinds that stations make. No weaker key gets a certificate.
    if isinstance(key, ed25519.Ed25519PublicKey):
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP256R1):
        return key
    raise NotAdmitted("bad_csr")
