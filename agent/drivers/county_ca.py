"""Fetch the CA's certificate from whoever answers at the county's address.

Nobody has proven anything by it: a person compares its fingerprint with the county's before it is believed.
"""

import http.client
import ssl
from urllib.parse import urlsplit

from agent.drivers.deadline import Deadline
from agent.ports import DeviceError

WITHIN_S = 20.0
_HTTPS_PORT = 443
_MAX_BYTES = 16_384


def fetch_ca(url: str, *, within_s: float = WITHIN_S) -> str:
    """Return the text at ``/ca.pem`` of an address, ``https://HOST[:PORT]``.

    Raises:
        DeviceError: Nobody answers in time, or with something else.
    """
    parts = urlsplit(url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    line = http.client.HTTPSConnection(
        parts.hostname or "", parts.port or _HTTPS_PORT, timeout=within_s, context=context
    )
    try:
        with Deadline(within_s) as deadline:
            line.connect()
            deadline.watch(line.sock)
            line.request("GET", "/ca.pem")
            response = line.getresponse()
            content = response.read(_MAX_BYTES + 1)
        if response.status != 200 or len(content) > _MAX_BYTES:
            raise DeviceError(f"no certificate (HTTP {response.status})")
        return content.decode("ascii")
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        raise DeviceError(f"{type(error).__name__}: {error}") from error
    finally:
        line.close()
