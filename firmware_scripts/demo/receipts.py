"""Listens to the county's receipts as a stranger would: when was a fact first said to be safe?"""

import threading
import time

import paho.mqtt.client as mqtt

from firmware_scripts.demo.county import DemoCounty
from firmware_scripts.demo.lamp_log import Light
from protocol.codec import decode
from protocol.receipts import Receipt
from protocol.signing import Signed
from protocol.topics import parse


class ReceiptListener:
    """A client of the county's loopback listener that notes when each receipt went by."""

    def __init__(self, county: DemoCounty) -> None:
        where = county.local_listener()
        self._seen: dict[tuple[str, str], list[tuple[int, float]]] = {}
        self._lock = threading.Lock()
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
        self._client.username_pw_set(where.username, where.password)
        self._client.on_connect = lambda client, *_: client.subscribe("cunhui/1/+/+/receipt")
        self._client.on_message = lambda client, data, message: self._note(message)
        self._client.reconnect_delay_set(1, 1)
        self._client.connect_async(where.host, where.port)
        self._client.loop_start()

    def _note(self, message: mqtt.MQTTMessage) -> None:
        receipt = decode(decode(message.payload, Signed).payload, Receipt)
        with self._lock:
            stream = self._seen.setdefault((parse(message.topic).station, receipt.epoch.hex()), [])
            stream.append((receipt.through, time.monotonic()))

    def delays_ms(self, lights: dict[str, list[Light]]) -> list[float]:
        """Return, for each light whose receipt went by, the time from the light to the first receipt that covers it."""
        with self._lock:
            found = [self._delay_ms(station, light) for station, seen in lights.items() for light in seen if light.fact]
        return sorted(delay for delay in found if delay is not None)

    def _delay_ms(self, station: str, light: Light) -> float | None:
        epoch, _, seq = light.fact.partition("/")
        covering = [at for through, at in self._seen.get((station, epoch), []) if through >= int(seq)]
        return max(0.0, (min(covering) - light.seen_s) * 1000) if covering else None

    def close(self) -> None:
        """Stop listening."""
        self._client.disconnect()
        self._client.loop_stop()


def percentile(values: list[float], share: float) -> float | None:
    """Return the value below which ``share`` of the sorted ``values`` lie, or None where there are none."""
    return round(values[min(len(values) - 1, int(share * len(values)))], 1) if values else None
