"""Give a station a certificate that was issued long ago, so that it is due for renewal when its agent starts."""

import datetime as dt
import json
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from server_broker.trust.authority import CertificateAuthority

AGE = dt.timedelta(days=50)
"""More than half of a certificate's 90 days, and before their end."""


class Ageing:
    """Ages one station's certificate, and counts the renewals that it finds done."""

    def __init__(self, answer: Path, authority: CertificateAuthority) -> None:
        """``answer`` is the file with the county's answer in the station's folder."""
        self._answer = answer
        self._authority = authority
        self._aged = ""
        self.renewed = 0

    def age(self) -> None:
        """Exchange the certificate for an old one of the same key. If the file can't be read, it is left to the
        agent."""
        try:
            enrolled = json.loads(self._answer.read_bytes())
            certificate = x509.load_pem_x509_certificate(enrolled["certificate"].encode())
        except (OSError, ValueError, KeyError):
            return
        self.renewed += bool(self._aged) and enrolled["certificate"] != self._aged
        key = certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            return
        issued_at = dt.datetime.now(dt.UTC) - AGE
        self._aged = self._authority.issue_station(enrolled["station"], key, now=issued_at).pem
        beside = self._answer.with_name(f"{self._answer.name}.aged")
        beside.write_bytes(json.dumps({**enrolled, "certificate": self._aged}, ensure_ascii=False).encode())
        beside.rename(self._answer)
