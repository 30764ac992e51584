"""Examine who the station is, and write nothing.

Loading an identity mends a missing certificate file. If the doctor did that, the file would belong to the user who runs
the doctor, perhaps root. So the identity is loaded only if all its files are there.
"""

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from msgspec import Struct

from agent.causes import cause
from agent.doctor.problems import NOT_ENROLLED, Finding, problem_finding
from agent.identity.station_identity import (
    CERTIFICATE,
    ENROLLED,
    RECORD_KEY,
    TLS_KEY,
    Identity,
    IdentityBroken,
    load_identity,
)

SOON_DAYS = 30
"""A certificate is renewed when half of its 90 days are over. If less than this is left, renewal failed for weeks."""


class KnownIdentity(Struct, frozen=True):
    """An identity that can be used, or None, and the findings about it."""

    identity: Identity | None
    findings: list[Finding]


def examine_identity(folder: Path, *, now: datetime) -> KnownIdentity:
    """Look at the station's keys, its enrolment and its certificate."""
    try:
        if not _exists(folder):
            return KnownIdentity(
                None, [problem_finding("身份", NOT_ENROLLED, f"还没有接入县里，文件夹 {folder} 也还没有")]
            )
        if not _exists(folder / ENROLLED):
            return KnownIdentity(None, [problem_finding("身份", NOT_ENROLLED)])
        missing = [name for name in (RECORD_KEY, TLS_KEY, CERTIFICATE) if not _exists(folder / name)]
        if missing:
            return KnownIdentity(None, [problem_finding("身份", 13, f"缺少 {'、'.join(missing)}")])
        identity = load_identity(folder)
    except (OSError, IdentityBroken) as error:
        return KnownIdentity(None, [problem_finding("身份", 13, f"身份文件坏了或读不到：{cause(error)}")])
    if identity is None:
        return KnownIdentity(None, [problem_finding("身份", NOT_ENROLLED)])
    return KnownIdentity(
        identity,
        [
            Finding("身份", f"{identity.station}，接入时在{identity.enrolled.village}"),
            _certificate_finding(identity, now),
        ],
    )


def _exists(path: Path) -> bool:
    """Return whether there is such a file. Unlike ``Path.exists``, raise OSError if this user may not look."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    return True


def _certificate_finding(identity: Identity, now: datetime) -> Finding:
    try:
        certificate = x509.load_pem_x509_certificate(identity.enrolled.certificate.encode())
    except ValueError:
        return problem_finding("证书", 13, "证书读不出")
    left = (certificate.not_valid_after_utc - now.astimezone(UTC)).days
    if left < 0:
        return problem_finding("证书", 14, f"{-left} 天前已过期")
    return problem_finding("证书", 15, f"只剩 {left} 天") if left < SOON_DAYS else Finding("证书", f"还有 {left} 天")
