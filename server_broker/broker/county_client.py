"""How the county's own programs connect to its broker, and a connection for a moment.

To Mosquitto they speak on loopback, without TLS. A broker of the county's own may be on another machine, so it is
spoken to by TLS, with a certificate on both sides. The password says in both cases who they are.
"""

import secrets
import ssl
import time
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from server_broker.platform.county_config import read_config
from server_broker.platform.files import write_atomically
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError
from server_broker.platform.units import start_line
from server_broker.trust.keys import client_files

LOCAL_USER = "county"
"""The county's programs at Mosquitto."""
OWN_USER = "cunhui-county"
"""The county's programs at a RabbitMQ, where others may have accounts too."""
_LOOP_S = 0.05


@dataclass(frozen=True)
class ClientTls:
    """Files in PEM: the authority of the broker's certificate, and a certificate of ours with its key."""

    authority: Path
    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """Return what a connection is made with.

        Raises:
            OSError: A file can't be read, or is not what it should be.
        """
        context = ssl.create_default_context(cafile=str(self.authority))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(self.certificate, self.key)
        return context


@dataclass(frozen=True)
class CountyClient:
    """Where the broker is and who we are. One of ``hosts`` is enough; ``tls`` is None on loopback."""

    hosts: tuple[str, ...]
    port: int
    username: str
    password: str
    tls: ClientTls | None = None


def prepare_password(home: CountyHome) -> None:
    """Make the password of the county's own clients once: broker and programs use it across restarts of either."""
    password_file = _password_file(home)
    if not password_file.exists():
        write_atomically(password_file, secrets.token_urlsafe(32).encode("ascii"))


def county_client(home: CountyHome) -> CountyClient:
    """Return how the county's own clients connect.

    Raises:
        ServiceError: The county has not been set up.
    """
    try:
        password = _password_file(home).read_text(encoding="ascii")
    except FileNotFoundError as error:
        raise ServiceError(f"消息服务还没有启动过。请先运行：{start_line(home)}") from error
    config = read_config(home)
    if (rabbit := config.broker) is not None:
        tls = ClientTls(home.root / "ca.pem", *client_files(home))
        return CountyClient(tuple(rabbit.hosts), rabbit.port, OWN_USER, password, tls)
    return CountyClient(("127.0.0.1",), config.broker_local_port, LOCAL_USER, password)


def _password_file(home: CountyHome) -> Path:
    return home.trust / "broker-local.password"


def probe(client: CountyClient, *, username: str, timeout_s: float) -> bool | None:
    """Tell whether the broker lets ``username`` in with the county's password; None if it does not answer.

    The client id has a slash, because a station's can't have one: so the probe never ends a station's session.
    """
    return connect(client, client_id=f"county/probe/{username}", username=username, timeout_s=timeout_s)


def is_ready(home: CountyHome, *, timeout_s: float = 1.0) -> bool:
    """Tell whether the broker answers the county's own clients."""
    try:
        client = county_client(home)
    except ServiceError:
        return False
    return probe(client, username=client.username, timeout_s=timeout_s) is True


def cut_off(home: CountyHome, station: str, *, timeout_s: float = 3.0) -> bool:
    """End ``station``'s open session by connecting with its client id (MQTT 5.0, 3.1.4); return whether that worked.

    It is False too if no broker runs, although there is no session then.
    """
    client = county_client(home)
    return connect(client, client_id=station, username=client.username, timeout_s=timeout_s) is True


def connect(client: CountyClient, *, client_id: str, username: str, timeout_s: float) -> bool | None:
    """Connect, disconnect, and return whether the broker let us in; None if no host responded in time."""
    for host in client.hosts:
        let_in = _connect_to(host, client, client_id=client_id, username=username, timeout_s=timeout_s)
        if let_in is not None:
            return let_in
    return None


def _connect_to(host: str, ours: CountyClient, *, client_id: str, username: str, timeout_s: float) -> bool | None:
    responses: list[bool] = []

    def on_connect(
        _client: mqtt.Client, _data: object, _flags: mqtt.ConnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        responses.append(not reason.is_failure)

    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5)
    client.username_pw_set(username, ours.password)
    client.connect_timeout = timeout_s
    client.on_connect = on_connect
    deadline = time.monotonic() + timeout_s
    try:
        if ours.tls is not None:
            client.tls_set_context(ours.tls.context())
        client.connect(host, ours.port, clean_start=True)
    except OSError:
        return None
    while not responses and time.monotonic() < deadline:
        if client.loop(_LOOP_S) != mqtt.MQTT_ERR_SUCCESS:
            break
    client.disconnect()
    client.loop(_LOOP_S)  # once more, so that the DISCONNECT is sent
    return responses[0] if responses else None
