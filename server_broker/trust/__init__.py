"""The county's keys, its certificate authority and its revocation list.

All lies in one folder of mode 0700, written atomically, outside the database and so outside its dumps: a
county restored from yesterday's dump still knows whom it revoked today.
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
