"""TLS to the county: only its CA, only TLS 1.3, and a choice of the clock that judges certificates' dates."""

import ssl
from datetime import UTC, datetime
from pathlib import Path

from agent.ports import JudgeAt

_NO_CHECK_TIME = ssl.VerifyFlags(0x200000)
"""X509_V_FLAG_NO_CHECK_TIME (openssl/x509_vfy.h)."""
_EXPIRED = 10
_DATE_ERRORS = (9, _EXPIRED)
"""X509_V_ERR_CERT_NOT_YET_VALID and X509_V_ERR_CERT_HAS_EXPIRED (openssl/x509_vfy.h)."""
_REVOKED = "ALERT_CERTIFICATE_REVOKED"
"""How OpenSSL's name of the alert ends (RFC 8446, 6.2); what stands before it differs between versions."""


class StationSocket(ssl.SSLSocket):
    """Notes that the broker refuses the station's certificate as revoked.

    With TLS 1.3 the alert comes with the first read, and paho keeps the error of a read for itself.
    """

    revoked = False
    """The peer, which has proven to be the county's broker, said that the certificate is revoked."""

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        """Read as `ssl.SSLSocket.recv`."""
        try:
            return super().recv(buflen, flags)
        except ssl.SSLError as error:
            self.revoked = self.revoked or (error.reason or "").endswith(_REVOKED)
            raise


def county_context(ca_file: Path) -> ssl.SSLContext:
    """Return a TLS 1.3 client context that trusts only the county's CA and checks the host's name (RFC 8446, RFC 9525).

    Raises:
        OSError: The file is missing or is no PEM (ssl.SSLError is one).
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_verify_locations(cafile=ca_file)
    return context


def station_context(*, ca_file: Path, certificate_file: Path, key_file: Path) -> ssl.SSLContext:
    """Return a `county_context` with the station's own certificate, whose sockets are `StationSocket`.

    Raises:
        OSError: A file is missing or is no PEM (ssl.SSLError is one).
    """
    context = county_context(ca_file)
    context.load_cert_chain(certificate_file, key_file)
    context.sslsocket_class = StationSocket
    return context


def judging(context: ssl.SSLContext, judge_at: JudgeAt) -> ssl.SSLContext:
    """Have OpenSSL ignore the dates of certificates, unless the system's clock judges them. Return ``context``."""
    # OpenSSL can also judge by a given time (X509_VERIFY_PARAM_set_time), but Python's ssl offers only the flag. So
    # `check_dates` judges by such a time after the handshake.
    if judge_at != "system":
        context.verify_flags |= _NO_CHECK_TIME
    return context


def dates_refused(error: ssl.SSLCertVerificationError) -> bool:
    """Return whether a certificate was refused because of its dates."""
    return error.verify_code in _DATE_ERRORS


def check_dates(sock: object, judge_at: JudgeAt) -> None:
    """Judge the dates of the peer's certificate by ``judge_at``, if that is a time.

    Raises:
        ssl.SSLCertVerificationError: The certificate is not valid at that time.
    """
    if not isinstance(judge_at, int) or not isinstance(sock, ssl.SSLSocket):
        return
    from cryptography import x509  # noqa: PLC0415 -- large, and only a station whose clock is wrong needs it

    certificate = x509.load_der_x509_certificate(sock.getpeercert(binary_form=True) or b"")
    judged_at = datetime.fromtimestamp(judge_at / 1000, UTC)
    if not certificate.not_valid_before_utc <= judged_at <= certificate.not_valid_after_utc:
        error = ssl.SSLCertVerificationError("the broker's certificate is not valid at the county's time")
        error.verify_code = _EXPIRED
        raise error
