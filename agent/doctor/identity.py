"""Who the station is, read without writing: loading an identity would mend its files, as whoever runs the doctor."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from agent.causes import cause
from agent.doctor.problems import Finding, amiss
from agent.identity.station_identity import (
    ANSWER,
    CERTIFICATE,
    RECORD_KEY,
    TLS_KEY,
    Identity,
    IdentityBroken,
    load_identity,
)

SOON_DAYS = 30
"""A certificate is renewed when half of its 90 days are over; with less than this left, that has failed for long."""


@dataclass(frozen=True, slots=True)
class Known:
    """An identity that can be used, or none, and what there is to say of it."""

    identity: Identity | None
    findings: list[Finding]


def examine_identity(folder: Path, *, now: datetime) -> Known:
    """Look at the station's keys, its enrolment and its certificate."""
    try:
        if not _there(folder):
            return Known(None, [amiss("身份", 12, f"还没有接入县里，文件夹 {folder} 也还没有")])
        if not _there(folder / ANSWER):
            return Known(None, [amiss("身份", 12)])
        missing = [name for name in (RECORD_KEY, TLS_KEY, CERTIFICATE) if not _there(folder / name)]
        if missing:
            return Known(None, [amiss("身份", 13, f"缺少 {'、'.join(missing)}")])
        identity = load_identity(folder)
    except (OSError, IdentityBroken) as error:
        return Known(None, [amiss("身份", 13, f"身份文件坏了或读不到：{cause(error)}")])
    if identity is None:
        return Known(None, [amiss("身份", 12)])
    return Known(identity, [Finding("身份", f"{identity.station}，{identity.enrolled.village}"), _days(identity, now)])


def _there(path: Path) -> bool:
    """Return whether there is such a file; unlike ``exists``, not being allowed to look is no "no". Raises OSError."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    return True


def _days(identity: Identity, now: datetime) -> Finding:
    try:
        certificate = x509.load_pem_x509_certificate(identity.enrolled.certificate.encode())
    except ValueError:
        return amiss("证书", 13, "证书读不出")
    left = (certificate.not_valid_after_utc - now.astimezone(UTC)).days
    if left < 0:
        return amiss("证书", 14, f"{-left} 天前已过期")
    return amiss("证书", 15, f"只剩 {left} 天") if left < SOON_DAYS else Finding("证书", f"还有 {left} 天")
