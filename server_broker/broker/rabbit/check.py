"""Try a county's own RabbitMQ as a county, as a station and as strangers, and say what its administrator must change.

Its management API shows little of its configuration. So the configuration is judged by what it does: a board that does
not exist is made a user and a certificate for a moment, and RabbitMQ must let it in under its own name and topics only.
"""

import datetime as dt
import secrets
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import paho.mqtt.client as mqtt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from server_broker.broker.county_client import ClientTls
from server_broker.broker.largest_packet import MAX_PACKET_BYTES
from server_broker.broker.rabbit.files import PLUGINS, PREFETCH, line
from server_broker.broker.rabbit.management import RabbitManagement
from server_broker.broker.rabbit.users import Rights, put_user, station_rights
from server_broker.platform.home import CountyHome
from server_broker.platform.own_broker import OwnBroker
from server_broker.trust.board_name import board_name
from server_broker.trust.keys import county_keys

LEAST_VERSION = (4, 0)
"""The oldest RabbitMQ on which the county was tried."""
TRIAL_TAG = "cunhui-trial"
_TIMEOUT_S = 4.0
_LOOP_S = 0.05
_NOT_AUTHORIZED = 0x87


def own_broker_lacks(home: CountyHome, rabbit: OwnBroker) -> list[str]:
    """Return in Chinese what RabbitMQ lacks, with the line that gives it; nothing if it serves.

    Raises:
        ServiceError: It does not answer, or does not let us in.
    """
    with RabbitManagement(rabbit, home.root) as management:
        if lacks := _account_lacks(management, rabbit):
            return lacks  # without these nothing can be tried
        lacks = _listeners_lack(management, rabbit)
        lacks += _window_lacks(management, rabbit)
        with _trial_board(home, management) as board:
            return [*lacks, *_manners_lack(rabbit, board)]


def _account_lacks(management: RabbitManagement, rabbit: OwnBroker) -> list[str]:
    lacks = []
    tags = management.get("whoami")["tags"]
    if "administrator" not in tags:
        lacks.append(f"账号 {rabbit.user} 不能管理用户：rabbitmqctl set_user_tags {rabbit.user} administrator")
        return lacks
    version = management.get("overview")["rabbitmq_version"]
    if tuple(map(int, version.split(".")[:2])) < LEAST_VERSION:
        lacks.append(f"RabbitMQ {version} 太旧：要 {'.'.join(map(str, LEAST_VERSION))} 或更新的")
    if management.get("vhosts", rabbit.vhost) is None:
        lacks.append(f"没有虚拟主机 {rabbit.vhost}：rabbitmqctl add_vhost {rabbit.vhost}")
    return lacks


def _listeners_lack(management: RabbitManagement, rabbit: OwnBroker) -> list[str]:
    listeners = management.get("overview")["listeners"]
    nodes = {one["name"] for one in management.get("nodes") or () if one["running"]}
    lacks = []
    for node in sorted(nodes):
        here = [one for one in listeners if one["node"] == node]
        if not any(one["protocol"] == "mqtt/ssl" and one["port"] == rabbit.port for one in here):
            given = f"{line('mqtt.listeners.ssl.default', rabbit)}，插件 rabbitmq-plugins enable {' '.join(PLUGINS)}"
            lacks.append(f"{node} 没有在端口 {rabbit.port} 收 MQTT：{given}")
        if any(one["protocol"] == "mqtt" for one in here):
            lacks.append(f"{node} 还收不加密的 MQTT：{line('mqtt.listeners.tcp', rabbit)}")
    return lacks


def _window_lacks(management: RabbitManagement, rabbit: OwnBroker) -> list[str]:
    """Judge how many messages ingest is given at once, if it is connected."""
    told = [
        one["prefetch_count"]
        for one in management.get("consumers", rabbit.vhost) or ()
        if one["queue"]["name"].startswith("mqtt-subscription-county/ingest")
    ]
    if told and min(told) < PREFETCH:
        return [f"一次只给接收进程 {min(told)} 条：{line('mqtt.prefetch', rabbit)}"]
    return []


@dataclass(frozen=True)
class _Board:
    """A board for the trial: its station's id, what it may do, and its certificate."""

    station: str
    rights: Rights
    tls: ClientTls


@contextmanager
def _trial_board(home: CountyHome, management: RabbitManagement) -> Iterator[_Board]:
    """Have a board that RabbitMQ knows and no journal does. Its user is deleted at the end.

    Raises:
        ServiceError: RabbitMQ refuses.
    """
    # A name that no station has, because its user would be taken for a station's otherwise.
    station = f"trial-{secrets.token_hex(6)}"
    user = board_name(station, "00")
    key = ec.generate_private_key(ec.SECP256R1())
    now = dt.datetime.now(dt.UTC)
    issued = county_keys(home).authority.issue_station(station, key.public_key(), board=user, now=now)
    usual = station_rights(station, {0})
    rights = Rights(TRIAL_TAG, usual.configure, usual.publishes, usual.hears)
    with tempfile.TemporaryDirectory() as folder:
        certificate, key_file = Path(folder, "trial.pem"), Path(folder, "trial.key")
        certificate.write_text(issued.pem)
        key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        try:
            put_user(management, user, rights, "")
            yield _Board(station, rights, ClientTls(home.root / "ca.pem", certificate, key_file))
        finally:
            management.delete("users", user)


def _manners_lack(rabbit: OwnBroker, board: _Board) -> list[str]:
    """Try each host as the board, and as somebody without a certificate."""
    lacks: list[str] = []
    for host in rabbit.hosts:
        lacks += [f"{host}：{words}" for words in _host_lacks(host, rabbit, board)]
    return lacks


def _host_lacks(host: str, rabbit: OwnBroker, board: _Board) -> list[str]:
    context = board.tls.context
    if not _answers(host, rabbit.port, context()):
        given = f"{line('ssl_options.certfile', rabbit)} 要用 cunhui-server broker-files 给的证书"
        return [f"端口 {rabbit.port} 上没有县里签发的证书：{given}"]
    lacks = []
    if _answers(host, rabbit.port, _without_certificate(board)):
        lacks.append(f"没有证书也让连：{line('ssl_options.fail_if_no_peer_cert', rabbit)}")
    own_name = _Trial(host, rabbit.port, board.station, context())
    if own_name.reason != 0:
        names = ("mqtt.ssl_cert_login", "ssl_cert_login_from", "ssl_cert_login_san_type", "ssl_cert_login_san_index")
        given = "；".join(line(name, rabbit) for name in (*names, "mqtt.vhost"))
        return [*lacks, f"不让站点凭证书登录（{own_name.words}）：{given}"]
    if own_name.max_packet != MAX_PACKET_BYTES:
        lacks.append(f"一条消息最大 {own_name.max_packet} 字节：{line('mqtt.max_packet_size_authenticated', rabbit)}")
    if own_name.subscribed(f"cunhui/1/0/{board.station}/receipt") >= _NOT_AUTHORIZED:
        lacks.append(f"站点收不到自己的消息：用户权限没有生效，看虚拟主机 {line('mqtt.vhost', rabbit)}")
    if own_name.subscribed("cunhui/1/0/another-station/receipt") < _NOT_AUTHORIZED:
        lacks.append("站点能收别的站点的消息：主题权限没有生效，mqtt.exchange = amq.topic")
    own_name.end()
    foreign = _Trial(host, rabbit.port, f"{board.station}x", context())
    if foreign.reason == 0:
        given = "；".join(line(f"mqtt.ssl_cert_{name}", rabbit) for name in ("client_id_from", "login_san_index"))
        lacks.append(f"站点能顶掉别的站点：{given}")
    foreign.end()
    return lacks


def _without_certificate(board: _Board) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(board.tls.authority))


def _answers(host: str, port: int, context: ssl.SSLContext) -> bool:
    """Tell whether a TLS connection stands: with TLS 1.3 the server refuses after our side thinks that it does."""
    try:
        with (
            socket.create_connection((host, port), timeout=_TIMEOUT_S) as plain,
            context.wrap_socket(plain, server_hostname=host) as connection,
        ):
            connection.settimeout(0.5)
            return connection.recv(1) != b""
    except TimeoutError:
        return True  # nothing was said, and nobody closed it
    except OSError:
        return False


class _Trial:
    """One connection under a client id. ``reason`` is the CONNACK's; None if none came."""

    def __init__(self, host: str, port: int, client_id: str, context: ssl.SSLContext) -> None:
        self.reason: int | None = None
        self.words = "没有回答"
        self.max_packet = 0
        self._granted: int | None = None
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5)
        self._client.connect_timeout = _TIMEOUT_S
        self._client.tls_set_context(context)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        try:
            self._client.connect(host, port, clean_start=True)
        except OSError as error:
            self.words = str(error)
            return
        self._wait(lambda: self.reason is not None)

    def subscribed(self, topic_filter: str) -> int:
        """Subscribe and return the reason code; that of a refusal if none came."""
        self._granted = None
        self._client.subscribe(topic_filter, qos=1)
        self._wait(lambda: self._granted is not None)
        return _NOT_AUTHORIZED if self._granted is None else self._granted

    def end(self) -> None:
        """Disconnect."""
        self._client.disconnect()
        self._client.loop(_LOOP_S)

    def _wait(self, come: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _TIMEOUT_S
        while not come() and time.monotonic() < deadline:
            if self._client.loop(_LOOP_S) != MQTTErrorCode.MQTT_ERR_SUCCESS:
                return

    def _on_connect(
        self,
        _client: mqtt.Client,
        _data: object,
        _flags: mqtt.ConnectFlags,
        reason: ReasonCode,
        more: Properties | None,
    ) -> None:
        self.reason, self.words = reason.value, str(reason)
        self.max_packet = getattr(more, "MaximumPacketSize", 0)

    def _on_subscribe(
        self, _client: mqtt.Client, _data: object, _mid: int, reasons: list[ReasonCode], _more: Properties | None
    ) -> None:
        self._granted = reasons[0].value
