"""Write Mosquitto's configuration, and say how it is started."""

import base64
import datetime as dt
import hashlib
import secrets
import shutil

from protocol import topics
from protocol.codec import MAX_MESSAGE_BYTES
from server_broker.broker.county_client import prepare_password
from server_broker.broker.largest_packet import MAX_PACKET_BYTES
from server_broker.broker.mosquitto.plugin import plugin_file
from server_broker.platform.county_config import read_config
from server_broker.platform.files import write_atomically
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import Program, ServiceError, account_for
from server_broker.trust.keys import county_keys, server_certificate

ACCOUNT = "mosquitto"
_FIRST_FREE_PORT = 1024
"""Listening on a lower port needs a privilege (ip(7))."""
STATIONS_LIST = "stations.list"
"""The stations that may connect, for the plugin: a line each."""
_PBKDF2_ROUNDS = 101  # few: the password is 256 random bits, and Mosquitto checks it on its only thread

_UTC = {"TZ": "UTC"}
"""Mosquitto writes the machine's local time into its log, and the Z after it must be true."""

_CONFIGURATION = """\
# Written by cunhui-server at each start.
per_listener_settings true
persistence false
retain_available false
max_packet_size {max_packet}
message_size_limit {max_message}
# A station's window is small and the county's is wide; what does not fit waits in the outboxes on the stations. The
# county's window is 1,000 messages. A client that reads nothing costs what is in flight twice and what is queued once;
# without a bound on bytes in flight it chooses itself what that is, by its receive maximum (MQTT 5.0, 3.1.2.11.3).
max_inflight_messages 64
max_inflight_bytes 33554432
max_queued_messages 20000
max_queued_bytes 67108864
max_keepalive 600
persistent_client_expiration 1h
sys_interval 0
set_tcp_nodelay true
log_dest stdout
log_timestamp_format %Y-%m-%dT%H:%M:%SZ
log_type error
log_type warning
log_type notice
log_type information
connection_messages true

{stations}# The county's own clients.
listener {local_port} 127.0.0.1
protocol mqtt
max_qos 1
allow_anonymous false
allow_zero_length_clientid false
password_file local.passwords
acl_file local.acl
"""
"""The broker persists nothing, because a station sends its facts again until it has the county's receipt. It retains
nothing, because a retained message would reach a client long after it was meant.
"""

_FOR_STATIONS = """\
# Stations: each by its certificate, whose common name is its user name and its client id. The plugin is asked before
# acl_file. It denies everything to whoever is not on the list or speaks an older MQTT, and every foreign SUBSCRIBE.
listener {port} {bind_address}
protocol mqtt
max_qos 1
allow_anonymous false
allow_zero_length_clientid false
cafile ca.pem
certfile server.pem
keyfile server.key
crlfile stations.crl
tls_version tlsv1.3
require_certificate true
use_identity_as_username true
use_username_as_clientid true
plugin {plugin}
plugin_opt_stations {stations_list}
plugin_opt_hears {hears}
plugin_opt_port {port}
acl_file own-topics.acl

"""


def prepare(home: CountyHome, *, now: dt.datetime) -> None:
    """Write all files of Mosquitto except the lists that follow from the journal (`access`, beside this).

    Raises:
        ServiceError: The county's keys or configuration are missing.
    """
    config = read_config(home)
    account = account_for(ACCOUNT)
    if not home.by_units:  # tmpfiles.d(5) has made it, with the broker's group
        home.broker.mkdir(exist_ok=True, mode=0o700)
        account.own(home.broker, 0o700)
    certificate, key = server_certificate(home, "broker", config.hosts, now=now)
    for_stations = {
        "bind_address": config.bind_address,
        "plugin": _plugin_for(home),
        "stations_list": STATIONS_LIST,
        "hears": " ".join(topics.DOWN),
    }
    stations = [_FOR_STATIONS.format(port=port, **for_stations) for port in config.station_ports]
    configuration = _CONFIGURATION.format(
        max_message=MAX_MESSAGE_BYTES,
        max_packet=MAX_PACKET_BYTES,
        stations="".join(stations),
        local_port=config.broker_local_port,
    )
    prepare_password(home)
    files = {
        "ca.pem": county_keys(home).ca_pem,
        "server.pem": certificate.read_bytes(),
        "server.key": key.read_bytes(),
        "own-topics.acl": own_topics().encode("ascii"),
        "mosquitto.conf": configuration.encode("ascii"),
    }
    for name, content in files.items():
        write_for_broker(home, name, content)


def _plugin_for(home: CountyHome) -> str:
    """Return the plugin's path for the configuration, where the broker's account can read it.

    Raises:
        ServiceError: It can't be compiled.
    """
    if home.by_units:  # a package's files can be read by everybody
        return str(plugin_file())
    # A checkout may lie in a folder that is closed to other accounts, as /root is. The broker starts in its own folder.
    write_for_broker(home, "plugin.so", plugin_file().read_bytes())
    return "./plugin.so"


def own_topics() -> str:
    """Return Mosquitto's access list for stations: patterns that let each publish and hear its own topics by name.

    The list has no line for a single station, because Mosquitto reads such lines in quadratic time. The plugin decides
    which stations there are, and compares the shard.
    """
    lines = ["# Written by cunhui-server. %u is the station: the common name of its certificate."]
    lines += [f"pattern write cunhui/1/+/%u/{leaf}" for leaf in topics.UP]
    lines += [f"pattern read cunhui/1/+/%u/{leaf}" for leaf in topics.DOWN]
    return "\n".join(lines) + "\n"


def write_for_broker(home: CountyHome, name: str, content: bytes) -> None:
    """Write one of the broker's files, so that its account can read it and no other can but the caller's.

    Raises:
        OSError: It could not be written; the former file stays.
    """
    # Where units run the county, the folder gives what is made in it to the broker's group (its mode has S_ISGID).
    mode = 0o640 if home.by_units else 0o600
    write_atomically(home.broker / name, content, mode=mode, account=account_for(ACCOUNT))


def program(home: CountyHome) -> Program:
    """Return the program that runs Mosquitto for a prepared county.

    Raises:
        ServiceError: Mosquitto is not installed.
    """
    # Debian puts it into sbin, which is not in the PATH of an ordinary account.
    found = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin")
    if found is None:
        raise ServiceError("没有安装 Mosquitto：请运行 apt-get install mosquitto")
    argv, account = [found, "-c", "mosquitto.conf"], account_for(ACCOUNT)
    if account.uid is None or min(read_config(home).station_ports) >= _FIRST_FREE_PORT:
        return Program(argv, home.broker, account, environment=_UTC)
    # setpriv changes to the account and keeps only the right to listen on the low port (setpriv(1), capabilities(7)).
    right = "+net_bind_service"
    who = [f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"]
    setpriv = ["/usr/bin/setpriv", *who, f"--inh-caps={right}", f"--ambient-caps={right}", "--"]
    return Program([*setpriv, *argv], home.broker, environment=_UTC)


def password_line(user: str, password: str) -> str:
    """Return a line of Mosquitto's password file: PBKDF2 with SHA-512 (RFC 8018), as mosquitto_passwd writes it."""
    salt = secrets.token_bytes(12)
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, _PBKDF2_ROUNDS)
    return f"{user}:$7${_PBKDF2_ROUNDS}${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}\n"
