"""Connect to the broker on loopback for a moment: to see whether it runs, and to end a station's session."""

import time

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from server_broker.broker.config import LocalClient, local_client_settings
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError

_LOOP_S = 0.05


def probe(local: LocalClient, *, username: str, timeout_s: float) -> bool | None:
    """Tell whether the broker lets ``username`` in with the local password; None if it does not answer.

    The client id has a slash, because a station's can't have one: so the probe never ends a station's session.
    """
    return _connect(local, client_id=f"county/probe/{username}", username=username, timeout_s=timeout_s)


def is_ready(home: CountyHome, *, timeout_s: float = 1.0) -> bool:
    """Tell whether the broker answers the county's own clients."""
    try:
        local = local_client_settings(home)
    except ServiceError:
        return False
    return probe(local, username=local.username, timeout_s=timeout_s) is True


def cut_off(home: CountyHome, station: str, *, timeout_s: float = 3.0) -> bool:
    """End ``station``'s open session by connecting with its client id (MQTT 5.0, 3.1.4); return whether that worked.

    It is False too if no broker runs, although there is no session then.
    """
    local = local_client_settings(home)
    return _connect(local, client_id=station, username=local.username, timeout_s=timeout_s) is True


def _connect(local: LocalClient, *, client_id: str, username: str, timeout_s: float) -> bool | None:
    """Connect, disconnect, and return whether the broker let us in; None if it did not respond in time."""
    responses: list[bool] = []

    def on_connect(
        _client: mqtt.Client, _data: object, _flags: mqtt.ConnectFlags, reason: ReasonCode, _more: Properties | None
    ) -> None:
        responses.append(not reason.is_failure)

    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=client_id, protocol=mqtt.MQTTv5)
    client.username_pw_set(username, local.password)
    client.on_connect = on_connect
    deadline = time.monotonic() + timeout_s
    try:
        client.connect(local.host, local.port, clean_start=True)
    except OSError:
        return None
    while not responses and time.monotonic() < deadline:
        if client.loop(_LOOP_S) != mqtt.MQTT_ERR_SUCCESS:
            break
    client.disconnect()
    client.loop(_LOOP_S)  # once more, so that the DISCONNECT is sent
    return responses[0] if responses else None
