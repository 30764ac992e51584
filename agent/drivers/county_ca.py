"""Fetch the CA's certificate from whoever answers at the county's address.

Nobody has proven anything by it: a person compares its fingerprint with the county's before it is believed.
"""

import http.client
import socket
import ssl
from urllib.parse import urlsplit

from agent.causes import Explained, cause
from agent.drivers.deadline import Deadline
from agent.ports import DeviceError

WITHIN_S = 20.0
_HTTPS_PORT = 443
_MAX_BYTES = 16_384


class NoCa(Explained, DeviceError):
    """There is no CA to be had at that address."""


def fetch_ca(url: str, *, within_s: float = WITHIN_S) -> str:
    """Return the text at ``/ca.pem`` of an address, ``https://HOST[:PORT]``.

    Raises:
        NoCa: Nobody answers in time, or with something else.
    """
    parts = urlsplit(url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    line = http.client.HTTPSConnection(
        parts.hostname or "", parts.port or _HTTPS_PORT, timeout=within_s, context=context
    )
    deadline = Deadline(within_s)
    try:
        with deadline:
            line.connect()
            deadline.watch(line.sock)
            line.request("GET", "/ca.pem")
            response = line.getresponse()
            content = response.read(_MAX_BYTES + 1)
        if response.status != 200 or len(content) > _MAX_BYTES:
            raise NoCa(f"no certificate (HTTP {response.status})", says="那里是别的网站，不是县平台")
        # What is no ASCII is no certificate either: whoever reads it refuses it.
        return content.decode("ascii", "replace")
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        says = "等得太久，没有回答" if deadline.over else _says(error)
        raise NoCa(f"{type(error).__name__}: {error}", says=says) from error
    finally:
        line.close()


def _says(error: Exception) -> str:
    # The first two are OSErrors with numbers of their own, not the system's.
    if isinstance(error, socket.gaierror | UnicodeError):
        return "查不到这个名字"
    if isinstance(error, ssl.SSLError | http.client.HTTPException):
        return "那里有程序回答，但不是县平台（不是 https）"
    return f"连不上（{cause(error)}）"
