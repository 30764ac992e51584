"""The front door's certificate: whether its files can be served, and a private authority for demonstrations.

The county's own authority never signs it, because no telephone trusts that one, and a person who is told to ignore a
browser's warning once will ignore the next one too.
"""

import datetime as dt
import secrets

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from server_broker.platform.files import write_atomically
from server_broker.platform.front_door import FrontDoor
from server_broker.platform.home import CountyHome
from server_broker.trust.authority import CertificateAuthority
from server_broker.trust.own_certificate import CertificateProblem, about, pair_problems

DEMONSTRATION_FOLDER = "front-door"
_DEMONSTRATION_NAME = "村慧演示专用"


def certificate_problems(home: CountyHome, front_door: FrontDoor, *, now: dt.datetime) -> list[CertificateProblem]:
    """Return what keeps the front door's certificate from being served; an empty list if nothing does."""
    problems = pair_problems(home.root, front_door, now=now)
    if front_door.private_authority and (wrong := _authority_words(home, front_door)):
        problems.append(CertificateProblem("private_authority", wrong))
    return problems


def trust_problems(home: CountyHome, front_door: FrontDoor) -> list[CertificateProblem]:
    """Return why no telephone will take a certificate that can be served; an empty list if nothing speaks against it.

    Whether a public authority has signed it only a telephone can say. What has signed itself, none has.
    """
    if front_door.private_authority:
        return []
    try:
        certificate = x509.load_pem_x509_certificates(front_door.files(home.root)[0].read_bytes())[0]
        certificate.verify_directly_issued_by(certificate)
    except (OSError, ValueError, TypeError, InvalidSignature):
        return []
    words = "证书是自己给自己签的，手机不信任：请换公共机构签发的；只作演示就用 cunhui-server demo-door"
    return [CertificateProblem(about(front_door)[0], words)]


def _authority_words(home: CountyHome, front_door: FrontDoor) -> str:
    file = home.root / front_door.private_authority
    try:
        authority = x509.load_pem_x509_certificate(file.read_bytes())
        chain = x509.load_pem_x509_certificates(front_door.files(home.root)[0].read_bytes())
    except (OSError, ValueError):
        return f"{file} 或证书不是可读的 PEM 文件"
    try:
        chain[0].verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return f"证书不是 {file} 签发的"
    return ""


def private_authority_name(home: CountyHome, front_door: FrontDoor) -> str:
    """Return the name of the private authority that signed the certificate; an empty text if a public one did."""
    if not front_door.private_authority:
        return ""
    authority = x509.load_pem_x509_certificate((home.root / front_door.private_authority).read_bytes())
    return authority.subject.rfc4514_string().removeprefix("CN=")


def make_demonstration(home: CountyHome, *, host: str, port: int, now: dt.datetime) -> FrontDoor:
    """Make a private authority and a certificate of it for ``host`` in the county's folder; return the table for them.

    The authority's key is thrown away, so that it can never sign anything else.
    """
    folder = home.root / DEMONSTRATION_FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    authority, _ = CertificateAuthority.make(f"{_DEMONSTRATION_NAME} {secrets.token_hex(4)}")
    key = ec.generate_private_key(ec.SECP256R1())
    issued = authority.issue_server([host], key.public_key(), now=now)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_atomically(folder / "privkey.pem", pem)
    write_atomically(folder / "fullchain.pem", issued.pem.encode("ascii") + authority.pem, mode=0o644)
    write_atomically(folder / "authority.pem", authority.pem, mode=0o644)
    return FrontDoor(
        host=host,
        port=port,
        certificate=f"{DEMONSTRATION_FOLDER}/fullchain.pem",
        key=f"{DEMONSTRATION_FOLDER}/privkey.pem",
        private_authority=f"{DEMONSTRATION_FOLDER}/authority.pem",
    )
