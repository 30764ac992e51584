"""What the administrator of a county's own RabbitMQ puts on each of its nodes: certificate and configuration.

Each setting of the configuration has its reason in ADR 65. The doctor names the line of a setting that it misses
(`server_broker.broker.rabbit.check`), so both take it from here.
"""

import datetime as dt
from pathlib import Path

from server_broker.broker.largest_packet import MAX_PACKET_BYTES
from server_broker.platform.county_config import read_config
from server_broker.platform.files import write_atomically
from server_broker.platform.home import CountyHome
from server_broker.platform.own_broker import OwnBroker
from server_broker.trust.keys import county_keys, server_certificate

PREFETCH = 1_000
"""As many messages as ingest takes without an acknowledgement. RabbitMQ's own is 10."""
PLUGINS = ("rabbitmq_mqtt", "rabbitmq_management")
FOLDER = "/etc/rabbitmq/cunhui"
"""Where the configuration looks for the three files of certificates."""

SETTINGS = {
    "mqtt.listeners.ssl.default": "{port}",
    "mqtt.listeners.tcp": "none",
    "listeners.tcp": "none",
    "mqtt.vhost": "{vhost}",
    "mqtt.allow_anonymous": "false",
    "anonymous_login_user": "none",
    "mqtt.ssl_cert_login": "true",
    "ssl_cert_login_from": "subject_alternative_name",
    "ssl_cert_login_san_type": "dns",
    "ssl_cert_login_san_index": "1",
    "mqtt.ssl_cert_client_id_from": "subject_alternative_name",
    "mqtt.ssl_cert_login_san_type": "dns",
    "mqtt.ssl_cert_login_san_index": "0",
    "ssl_options.cacertfile": f"{FOLDER}/ca.pem",
    "ssl_options.certfile": f"{FOLDER}/server.pem",
    "ssl_options.keyfile": f"{FOLDER}/server.key",
    "ssl_options.versions.1": "tlsv1.3",
    "ssl_options.verify": "verify_peer",
    "ssl_options.fail_if_no_peer_cert": "true",
    "mqtt.prefetch": str(PREFETCH),
    "mqtt.max_packet_size_authenticated": str(MAX_PACKET_BYTES),
    "mqtt.max_packet_size_unauthenticated": "4096",
    "mqtt.retained_message_store": "rabbit_mqtt_retained_msg_store_noop",
    "management.ssl.port": "{management_port}",
    "management.ssl.cacertfile": f"{FOLDER}/ca.pem",
    "management.ssl.certfile": f"{FOLDER}/server.pem",
    "management.ssl.keyfile": f"{FOLDER}/server.key",
    "management.ssl.versions.1": "tlsv1.3",
}
"""``rabbitmq.conf``, in RabbitMQ's words (https://www.rabbitmq.com/docs/4.0/configure)."""


def line(name: str, rabbit: OwnBroker) -> str:
    """Return the line of ``rabbitmq.conf`` that gives a setting."""
    value = SETTINGS[name].format(port=rabbit.port, management_port=rabbit.management_port, vhost=rabbit.vhost)
    return f"{name} = {value}"


def configuration(rabbit: OwnBroker) -> str:
    """Return ``rabbitmq.conf``."""
    lines = ["# Written by cunhui-server, for each node."]
    lines += [line(name, rabbit) for name in SETTINGS]
    if len(rabbit.hosts) > 1:
        # Of two halves that don't see each other, one stops. So a user that is deleted is deleted for every station.
        lines.append("cluster_partition_handling = pause_minority")
    return "\n".join(lines) + "\n"


def write_files(home: CountyHome, rabbit: OwnBroker, folder: Path, *, now: dt.datetime) -> list[Path]:
    """Write what each node gets, and return the files. The key is for RabbitMQ's account alone.

    Raises:
        OSError: A file can't be written.
    """
    # Also for the names of before, under which stations look for it until their next renewal.
    names = list(dict.fromkeys([*rabbit.hosts, *read_config(home).hosts]))
    certificate, key = server_certificate(home, "rabbitmq", names, now=now)
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "ca.pem": county_keys(home).ca_pem,
        "server.pem": certificate.read_bytes(),
        "server.key": key.read_bytes(),
        "rabbitmq.conf": configuration(rabbit).encode(),
        "enabled_plugins": f"[{','.join(PLUGINS)}].\n".encode(),
    }
    for name, content in files.items():
        write_atomically(folder / name, content, mode=0o600 if name.endswith(".key") else 0o644)
    return [folder / name for name in files]
