"""``claim.toml`` for a technician (`protocol.claim_file`), and the county's CA for one who has only a code.

The CA's certificate is no secret. Whoever fetches it compares its fingerprint with somebody of the county before a
station believes it.
"""

from protocol.china_time import china_time, milliseconds
from protocol.claim_file import ClaimFile, encode_claim_file, spoken_fingerprint
from server_broker.enrolment.models import Claim
from server_broker.platform.county_config import read_config
from server_broker.platform.home import CountyHome
from server_broker.trust.keys import county_keys


def ca_text(home: CountyHome) -> str:
    """Return the county CA's certificate, PEM.

    Raises:
        ServiceError: The county's keys are not there, or damaged.
    """
    return county_keys(home).ca_pem.decode("ascii")


def ca_fingerprint(home: CountyHome) -> str:
    """Return the CA's fingerprint as it is read out over the telephone.

    Raises:
        ServiceError: The county's keys are not there, or damaged.
    """
    return spoken_fingerprint(ca_text(home))


def claim_file(home: CountyHome, claim: Claim, code: str) -> bytes:
    """Return the file for a claim.

    Args:
        code: The claim's code, which the county itself does not keep.

    Raises:
        ServiceError: The county's keys are not there, or damaged.
    """
    config, station = read_config(home), claim.station
    return encode_claim_file(
        ClaimFile(
            url=config.web_url,
            ca=ca_text(home),
            claim=code,
            station=station.pk,
            name=station.name,
            expires=f"{china_time(milliseconds(claim.expires_at)):%Y-%m-%d %H:%M}",
        )
    )
