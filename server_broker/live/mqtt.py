"""Receive frames from the county's broker (MQTT 5.0, QoS 0) with paho."""

import itertools
import os
import socket
import threading
from collections.abc import Callable
from typing import Any

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from protocol.topics import frame_filter
from server_broker.broker import CountyClient

_KEEPALIVE_S = 30


class MqttFrames:
    """Implements `server_broker.live.hub.FrameSource`; connects at the first subscription."""

    def __init__(self, ours: Callable[[], CountyClient], heard: Callable[[str, bytes], None]) -> None:
        """``heard`` is called on paho's thread with topic and payload."""
        self._ours = ours
        self._heard = heard
        self._lock = threading.Lock()
        self._wanted: set[str] = set()
        self._client: paho.Client | None = None

    def subscribe(self, station: str) -> None:
        """Receive a station's frames from now on."""
        with self._lock:
            self._wanted.add(station)
            # Lost if the connection is not made yet. `_on_connect` subscribes again then.
            self._connected_client().subscribe(frame_filter(station), qos=0)

    def unsubscribe(self, station: str) -> None:
        """Receive them no longer."""
        with self._lock:
            self._wanted.discard(station)
            if self._client is not None:
                self._client.unsubscribe(frame_filter(station))

    def _connected_client(self) -> paho.Client:
        if self._client is None:
            ours = self._ours()
            # A station's client id has no slash, so this one never ends a station's session.
            name = f"county/live-{socket.gethostname()[:32]}-{os.getpid()}"
            client = paho.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTProtocolVersion.MQTTv5)
            client.username_pw_set(ours.username, ours.password)
            if ours.tls is not None:
                client.tls_set_context(ours.tls.context())
            client.reconnect_delay_set(min_delay=1, max_delay=5)
            client.on_connect = self._on_connect
            client.on_message = self._on_message
            hosts = itertools.cycle(ours.hosts)

            def turn_to_next_host(*_: Any) -> None:
                # It only says where the next attempt goes.
                client.connect_async(next(hosts), ours.port, keepalive=_KEEPALIVE_S, clean_start=True)

            client.on_connect_fail = client.on_disconnect = turn_to_next_host
            turn_to_next_host()
            client.loop_start()
            self._client = client
        return self._client

    def _on_connect(self, client: paho.Client, *_: Any) -> None:
        # Each connection is a clean start, so the broker has forgotten the subscriptions.
        with self._lock:
            for station in self._wanted:
                client.subscribe(frame_filter(station), qos=0)

    def _on_message(self, _client: paho.Client, _data: Any, message: paho.MQTTMessage) -> None:
        # A retained frame would be an old picture. Stations retain none, but a stranger's message must not look live.
        if not message.retain:
            self._heard(message.topic, bytes(message.payload))
