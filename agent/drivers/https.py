"""HTTPS to the county: enrolment calls and resumable downloads. Only the county's CA is trusted.

A call runs in a process that ends with it, see `agent.errands`. ``requests`` is large, so it is imported at the first
call.
"""

import hashlib
import os
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

from agent.drivers.deadline import Deadline
from agent.drivers.station_tls import check_dates, county_context, dates_refused, judging
from agent.drivers.tcp_traffic import TcpTraffic
from agent.ports import DeviceError, JudgeAt, PeerNotProven
from protocol.enrolment import MAX_ANSWER_BYTES

if TYPE_CHECKING:
    import requests

CONNECT_S = 20.0
READ_S = 30.0
"""The longest silence of the county between two pieces."""
POST_S = 90.0
"""For one call with its whole response, which has only a few thousand bytes."""
_PIECE_BYTES = 16_384
FRUITLESS_TRIES = 3
"""A download is given up after so many requests in a row that brought nothing."""


BUSY_STATUSES = frozenset({429, 503})
"""With these the county asks to come later."""
FINAL_STATUSES = frozenset({401, 403, 404, 410})
"""With these the county says that this station does not get this file, however often it asks."""


class CountySaysNo(DeviceError):
    """The county answered, and does not give this file to this station."""

    def __init__(self, says: str, *, status: int) -> None:
        super().__init__(says)
        self.status = status


class WrongContent(Exception):
    """The county sent another file than the one that was asked for. Asking again does not help."""


def post_json(
    url: str,
    ca_path: Path,
    body: bytes,
    *,
    traffic: TcpTraffic | None = None,
    judge_at: JudgeAt = "system",
    limit_s: float = POST_S,
) -> tuple[int, bytes]:
    """Send a JSON body and return the status and the body of the response, whatever the status.

    Args:
        url: ``https://…``; redirects are not followed.
        ca_path: PEM of the only authority that is trusted.
        traffic: Counts the bytes moved.
        judge_at: The time at which the county's certificate must be valid. All else about it is always checked.
        limit_s: Time limit for the whole call, beginning with the connection.

    Raises:
        PeerNotProven: The peer does not prove to be the county, or the CA file can't be read.
        DeviceError: The county can't be reached, or its response is too long or too slow.
    """
    import requests  # noqa: PLC0415

    headers = {"Content-Type": "application/json", "Accept": "application/json", "Connection": "close"}
    too_slow = f"no whole answer within {limit_s:.0f} s"
    with Deadline(limit_s) as deadline, _session(ca_path, traffic, judge_at, deadline) as session:
        try:
            with session.post(
                url, data=body, headers=headers, timeout=(CONNECT_S, READ_S), stream=True, allow_redirects=False
            ) as response:
                content = b""
                for piece in response.iter_content(_PIECE_BYTES):
                    content += piece
                    if len(content) > MAX_ANSWER_BYTES:
                        raise DeviceError(f"an answer of more than {MAX_ANSWER_BYTES} bytes")
        except (requests.RequestException, OSError) as error:
            # A connection that the deadline broke fails like any other.
            raise DeviceError(too_slow) if deadline.over else _failure(error) from error
        if deadline.over:  # without a Content-Length a response that was cut off looks like a whole one
            raise DeviceError(too_slow)
        return response.status_code, content


def _failure(error: BaseException) -> DeviceError:
    """Return what a failed call means. A refused certificate is at the bottom of the chain that ``requests`` raises."""
    detail = f"{type(error).__name__}: {error}"
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, ssl.SSLCertVerificationError):
            return PeerNotProven(detail, dates=dates_refused(below))
        # A line that breaks in the middle of TLS (SSLEOFError) says nothing about who is there.
        if isinstance(below, ssl.SSLError) and not isinstance(below, ssl.SSLEOFError):
            return PeerNotProven(detail)
        below = below.__cause__ or below.__context__
    return DeviceError(detail)


class CountyFiles:
    """Downloads files of the county, over one connection as long as it holds: a handshake costs as much as a small
    file.

    A context manager, because the connection stays open between files.
    """

    def __init__(self, ca_path: Path, *, traffic: TcpTraffic | None = None) -> None:
        """Connect at the first download.

        Args:
            ca_path: PEM of the only authority that is trusted.
            traffic: Counts the bytes moved.

        Raises:
            PeerNotProven: The CA file can't be read.
        """
        # The hash comes from a message that the county signed, so the dates of a certificate don't matter here.
        self._session = _session(ca_path, traffic, "never", brief=True)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the connection."""
        self._session.close()

    def fetch(
        self,
        url: str,
        size: int,
        *,
        into: Path,
        sha256: bytes = b"",
        authorization: Callable[[], str] | None = None,
        may_ask: Callable[[], bool] = lambda: True,
    ) -> None:
        """Download one file, beginning where a broken connection or an earlier call stopped (RFC 9110, section 14).

        Args:
            size: Its length in bytes; no more are read.
            into: Where the file goes. Bytes that are there already count as its beginning. An unfinished file stays
                there.
            sha256: What the file must hash to; empty for a file that the caller judges by itself.
            authorization: Makes the header ``Authorization`` of one request; each request gets its own.
            may_ask: Tells before each request whether it may still be made.

        Raises:
            DeviceError: The county can't be reached or does not send the file.
            CountySaysNo: The county answered that this station does not get this file.
            WrongContent: The bytes are not the file that was asked for. They are deleted.
            OSError: The disk fails.
        """
        with into.open("ab") as file:
            fruitless, best = 0, file.tell()
            while file.tell() < size:
                if not may_ask():
                    raise DeviceError("it may cost no more")
                problem = _fetch_rest(self._session, url, file, size, authorization() if authorization else "")
                # Only bytes beyond the best so far count: a county that ignores ranges begins anew each time.
                fruitless = 0 if file.tell() > best else fruitless + 1
                best = max(best, file.tell())
                if problem and fruitless >= FRUITLESS_TRIES:
                    raise DeviceError(problem)
        if sha256 and not _hashes_to(into, sha256):
            into.unlink()
            raise WrongContent(f"{url} does not hash to what was asked for")


def _hashes_to(path: Path, sha256: bytes) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest() == sha256


def _fetch_rest(session: "requests.Session", url: str, file: BinaryIO, size: int, authorization: str) -> str:
    """Append the bytes that one request brings; return what went wrong, or nothing.

    Raises:
        CountySaysNo: Asking again does not help.
        OSError: The disk fails.
    """
    import requests  # noqa: PLC0415
    from urllib3.exceptions import HTTPError  # noqa: PLC0415

    here = file.tell()
    # A range counts bytes of the representation as it is sent (RFC 9110, 14.1.2), so it must not be compressed.
    headers = {"Accept-Encoding": "identity"}
    if here:
        headers["Range"] = f"bytes={here}-{size - 1}"
    if authorization:
        headers["Authorization"] = authorization
    try:
        with session.get(
            url, headers=headers, timeout=(CONNECT_S, READ_S), stream=True, allow_redirects=False
        ) as response:
            content_range = response.headers.get("Content-Range", "")
            if response.status_code == 200:
                # The whole file was asked for, or the county ignored the range (RFC 9110, 14.2): then begin anew.
                if here:
                    file.truncate(0)
                    file.seek(0)
            elif response.status_code in FINAL_STATUSES:
                raise CountySaysNo(f"the county answered {response.status_code}", status=response.status_code)
            elif response.status_code in BUSY_STATUSES:
                raise DeviceError(f"the county answered {response.status_code}")
            elif response.status_code != 206 or not content_range.startswith(f"bytes {here}-"):
                return f"the county answered {response.status_code}"
            # Each piece as it comes: what waits for a fuller buffer would be fetched twice after a line that breaks.
            while piece := response.raw.read1(_PIECE_BYTES):
                _keep(file, piece[: size - file.tell()])
                if file.tell() >= size:
                    # Read to its end, the response leaves the connection to the next file.
                    response.raw.read1(1)
                    return ""
            return "the connection ended early"
    except _DiskFailed as failed:
        raise failed.error from failed
    except (requests.RequestException, HTTPError, OSError) as error:
        return f"{type(error).__name__}: {error}"


class _DiskFailed(Exception):
    """The file takes nothing. Told apart from a line that breaks, which is an OSError too."""

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.error = error


def _keep(file: BinaryIO, piece: bytes) -> None:
    try:
        file.write(piece)
        file.flush()
    except OSError as error:
        raise _DiskFailed(error) from error


def _session(
    ca_path: Path,
    traffic: TcpTraffic | None,
    judge_at: JudgeAt,
    deadline: Deadline | None = None,
    *,
    brief: bool = False,
) -> "requests.Session":
    """Return a session for TLS 1.3 that trusts only the county's CA and uses no proxy.

    Args:
        brief: Spend as few bytes as possible on the handshake and the heads of requests, because the line is paid by
            the byte and a connection is made each night.
    """
    import requests  # noqa: PLC0415
    from requests.adapters import HTTPAdapter  # noqa: PLC0415

    try:
        context = judging(county_context(ca_path), judge_at)
    except OSError as error:
        raise PeerNotProven(f"the county's authority can't be read: {error}") from error
    if brief:
        # The key shares of OpenSSL's default, a hybrid with ML-KEM-768, are 2.3 kB more (ADR 26).
        context.set_ecdh_curve("X25519")

    class CountyOnly(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
            super().init_poolmanager(*args, **kwargs, ssl_context=context)
            self.poolmanager.pool_classes_by_scheme = {"https": _watched_pool(traffic, judge_at, deadline)}

    session = requests.Session()
    # Otherwise requests takes a proxy, a CA file or a password from the environment and ~/.netrc.
    session.trust_env = False
    session.verify = str(ca_path)
    if brief:
        session.headers.clear()
        session.headers["User-Agent"] = "cunhui"
    session.adapters.clear()
    session.mount("https://", CountyOnly())
    return session


def _watched_pool(traffic: TcpTraffic | None, judge_at: JudgeAt, deadline: Deadline | None) -> type[Any]:
    """Return a pool of urllib3 whose connections are counted and limited in time.

    The dates of the county's certificate are judged by ``judge_at``.
    """
    from urllib3 import HTTPSConnectionPool  # noqa: PLC0415
    from urllib3.connection import HTTPSConnection  # noqa: PLC0415

    class Watched(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            connection: socket.socket = super()._new_conn()
            if deadline is not None:
                deadline.watch(connection)
            return connection

        def connect(self) -> None:
            super().connect()
            if traffic is not None:
                # A second descriptor keeps the kernel's counters after urllib3 has closed the connection.
                traffic.opened(socket.socket(fileno=os.dup(self.sock.fileno())))
            check_dates(self.sock, judge_at)

    class WatchedPool(HTTPSConnectionPool):
        ConnectionCls = Watched

    return WatchedPool
