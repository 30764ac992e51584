"""The county's keys, its certificate authority and its revocation list.

All files lie in one folder of mode 0700 and are written atomically. The folder is not part of the database and its
dumps, so a county that is restored from yesterday's dump still knows which stations it revoked today.
"""

from server_broker.trust.authority import CertificateAuthority, IssuedCertificate
from server_broker.trust.journal import StationJournal
from server_broker.trust.keys import CountyKeys, county_keys, prepare

__all__ = [
    "CertificateAuthority",
    "CountyKeys",
    "IssuedCertificate",
    "StationJournal",
    "county_keys",
    "prepare",
]
