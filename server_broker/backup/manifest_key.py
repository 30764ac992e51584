"""The key that signs a county's manifests.

It follows from the key on paper (`manifest_key_of`), which only a person has. So it is kept when that is made or typed.
"""

from server_broker.backup.encryption import manifest_key_of, recipient_of
from server_broker.platform.files import write_atomically
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError

_NAME = "backup-manifest.key"


def keep_manifest_key(home: CountyHome, key: str) -> None:
    """Keep what follows from the secret key of the county's backups."""
    # With its public key: of a change that broke off, the other half may be of another key.
    write_atomically(home.trust / _NAME, f"{recipient_of(key)} {manifest_key_of(key).hex()}\n".encode("ascii"))


def manifest_key(home: CountyHome, recipient: str) -> bytes:
    """Return the key that signs what is encrypted to this public key.

    Raises:
        ServiceError: It is not there.
    """
    path = home.trust / _NAME
    try:
        of, _, key = path.read_text(encoding="ascii").strip().partition(" ")
    except FileNotFoundError:
        of, key = "", ""
    if of != recipient:
        raise ServiceError("县里没有给备份签名的密钥：拿出纸上的恢复密钥，运行一次 cunhui-server backup key")
    return bytes.fromhex(key)
