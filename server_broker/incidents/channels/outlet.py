"""The one door through which the county opens a connection to a machine that somebody typed into a form.

Without it, whoever may set up a channel could have the county's server speak to any machine that it reaches
(server-side request forgery). So:

- A webhook leads to its vendor's host, by HTTPS on port 443, or to a host that ``county.toml`` names in
  ``notify_hosts``, which takes root. Mail goes to named servers alone.
- A vendor's name must resolve to addresses of the Internet. The connection goes to the address that was judged, not to
  the name again, so a name that changes its mind in between gains nothing.
- A redirect is not followed, and no proxy of the environment is asked.
- Of a response, at most `MAX_RESPONSE` bytes are read, and nothing of it is ever shown.
"""

import http.client
import ipaddress
import json
import re
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import SplitResult, urlsplit

from server_broker.incidents.channels.port import CONNECT_S, TOTAL_S, BadChannel, ChannelFailed

HTTPS_PORT: Final = 443
MAX_RESPONSE: Final = 64 * 1024
_URL = re.compile(r"https://[!-~]{4,480}")
_SERVER = re.compile(r"([A-Za-z0-9](?:[A-Za-z0-9.-]{0,98}[A-Za-z0-9])?):([0-9]{1,5})")

type Resolve = Callable[[str, int], list[str]]


def _resolve(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


@dataclass(frozen=True, slots=True)
class Outlet:
    """Opens connections to the hosts that are allowed.

    Attributes:
        named: Further hosts with their ports, such as ``smtp.example.cn:465``, from ``county.toml``. Their addresses
            may be in the county's own network.
        county_ca: The county's CA, which named hosts may be certified by; beside the machine's own list.
    """

    named: frozenset[str] = frozenset()
    county_ca: Path | None = None
    connect_s: float = CONNECT_S
    total_s: float = TOTAL_S
    resolve: Resolve = field(default=_resolve)

    def webhook(self, url: str, *, vendor: str, path: str, key: str) -> SplitResult:
        """Return a webhook's address if messages may go there.

        Args:
            vendor: The one host that needs not be named; there, the address has this ``path`` and the query ``key``.

        Raises:
            BadChannel: They may not, or it is no address.
        """
        if not _URL.fullmatch(url):
            raise BadChannel("Webhook 地址要以 https:// 开头，从机器人的设置里整行复制")
        try:
            parts = urlsplit(url)
            port = parts.port or HTTPS_PORT
        except ValueError:
            raise BadChannel("Webhook 地址的写法不对，请从机器人的设置里整行复制") from None
        if parts.username is not None or parts.password is not None or parts.fragment:
            raise BadChannel("Webhook 地址里不能有用户名、密码和 #")
        if self.is_named(parts.hostname or "", port):
            return parts
        if parts.hostname != vendor or port != HTTPS_PORT:
            raise BadChannel(f"只能发到 {vendor}；要发到别的主机，请先在 county.toml 的 notify_hosts 里写明主机和端口")
        if parts.path != path or not parts.query.startswith(f"{key}="):
            raise BadChannel(f"这不是机器人的地址：应当是 https://{vendor}{path}?{key}=…")
        return parts

    def server(self, written: str) -> tuple[str, int]:
        """Return a named server, written ``host:port``.

        Raises:
            BadChannel: It is not named in ``county.toml``, or not written so.
        """
        found = _SERVER.fullmatch(written)
        if found is None or not 1 <= int(found[2]) <= 65535:
            raise BadChannel("邮件服务器要写成 主机:端口，如 smtp.example.cn:465")
        host, port = found[1].lower(), int(found[2])
        if not self.is_named(host, port):
            raise BadChannel(
                '邮件服务器要先在 county.toml 的 notify_hosts 里写明，如 notify_hosts = ["smtp.example.cn:465"]'
            )
        return host, port

    def is_named(self, host: str, port: int) -> bool:
        """Return whether ``county.toml`` names this host with this port."""
        return f"{host}:{port}" in self.named

    def trust(self, host: str, port: int) -> ssl.SSLContext:
        """Return by which certificates this host is known."""
        context = ssl.create_default_context()
        if self.is_named(host, port) and self.county_ca is not None and self.county_ca.exists():
            context.load_verify_locations(cafile=self.county_ca)
        return context

    def post(self, url: SplitResult, body: object) -> Any:
        """Post JSON to an address that `webhook` returned, and return the JSON of the response.

        Raises:
            ChannelFailed: No connection in time, not status 200, or the response is no JSON.
        """
        host, port = url.hostname or "", url.port or HTTPS_PORT
        path = f"{url.path or '/'}?{url.query}" if url.query else url.path or "/"
        try:
            with self._connected(host, port) as line:
                status, answered = _exchange(line, host, port, path, json.dumps(body, ensure_ascii=False).encode())
        except ssl.SSLCertVerificationError as error:
            raise ChannelFailed("对方的证书不可信") from error
        except TimeoutError as error:
            raise ChannelFailed("对方太久没有回应") from error
        except (OSError, http.client.HTTPException) as error:
            raise ChannelFailed("连不上，或者对方断开了连接") from error
        if 300 <= status < 400:
            raise ChannelFailed("对方要求转到别的地址，没有照办")
        if status != http.HTTPStatus.OK:
            raise ChannelFailed(f"对方回应 {status}")
        try:
            return json.loads(answered)
        except ValueError as error:
            raise ChannelFailed("对方的回应读不懂") from error

    @contextmanager
    def _connected(self, host: str, port: int) -> Iterator[ssl.SSLSocket]:
        """Open a TLS connection, which is cut once `total_s` have passed, however slowly the other end drips."""
        with (
            self.limited() as limit,
            socket.create_connection((self._address(host, port), port), timeout=self.connect_s) as plain,
        ):
            plain.settimeout(limit.left_s)
            limit.hold_for(plain)
            with self.trust(host, port).wrap_socket(plain, server_hostname=host) as line:
                yield line

    @contextmanager
    def limited(self) -> Iterator["TimeLimit"]:
        """Begin a delivery, which may take `total_s`."""
        limit = TimeLimit(time.monotonic() + self.total_s)
        try:
            yield limit
        finally:
            limit.lift()

    def _address(self, host: str, port: int) -> str:
        addresses = self.resolve(host, port)
        if not self.is_named(host, port):
            addresses = [one for one in addresses if ipaddress.ip_address(one.partition("%")[0]).is_global]
        if not addresses:
            raise ChannelFailed("对方的名字指向内网地址，没有连接")
        return addresses[0]


class TimeLimit:
    """Cuts connections at a moment. A time limit of a socket holds for each call alone, and a delivery has many."""

    def __init__(self, ends_s: float) -> None:
        self._ends_s = ends_s
        self._cuts: list[tuple[threading.Timer, socket.socket]] = []

    @property
    def left_s(self) -> float:
        """The time that is left, never 0, which would mean no limit."""
        return max(0.1, self._ends_s - time.monotonic())

    def hold_for(self, line: socket.socket) -> None:
        """Cut this connection, too."""
        copy = line.dup()
        cut = threading.Timer(self.left_s, _cut, [copy])
        cut.daemon = True
        cut.start()
        self._cuts.append((cut, copy))

    def lift(self) -> None:
        """Cut nothing any more."""
        for cut, copy in self._cuts:
            cut.cancel()
            copy.close()


def _cut(line: socket.socket) -> None:
    # shutdown(2) acts on the connection, whichever descriptor names it; closing this copy would not end the other.
    try:
        line.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _exchange(line: ssl.SSLSocket, host: str, port: int, path: str, body: bytes) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(host, port)
    connection.sock = line
    headers = {
        "Host": host if port == HTTPS_PORT else f"{host}:{port}",
        "Content-Type": "application/json; charset=utf-8",
        "Connection": "close",
    }
    connection.request("POST", path, body, headers)
    response = connection.getresponse()
    answered = response.read(MAX_RESPONSE + 1)
    if len(answered) > MAX_RESPONSE:
        raise ChannelFailed("对方的回应太长")
    return response.status, answered
