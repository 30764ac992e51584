"""What happens to one station's line in one run: a few faults one after the other, then a good line again."""

import os
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import sleep

from agent.drivers.mqtt import PahoLink, station_context
from protocol.birth import Gone
from protocol.codec import encode
from tests.proofs.link.proxy import Line, Proxy, draw_line
from tests.proofs.link.station import End, LinkedStation

BY_PROXY = (
    "latency",
    "stall",
    "half_open",
    "black_hole",
    "refused",
    "reset",
    "one_byte_a_second",
    "15_kbit",
    "second_connection",
)
BY_NAMESPACE = ("interface_down", "no_route", "packet_loss")
ENDS: tuple[End, ...] = ("stays", "stays", "stays", "farewell", "vanishes")
TOUCHES_IN_A_UNIT = 1.5


@dataclass(frozen=True, slots=True)
class Plan:
    """One run of one station. It is drawn beforehand, so that a seed repeats it."""

    faults: tuple[tuple[str, float], ...]
    """Each fault with its length in units; a unit is 10 s of the station's time."""
    end: End
    seed: int


def draw_plan(chance: random.Random, *, in_namespace: bool) -> Plan:
    """Draw a run. A station in a namespace mostly has faults of packets."""
    kinds = BY_NAMESPACE * 2 + BY_PROXY if in_namespace else BY_PROXY
    faults = tuple((chance.choice(kinds), chance.uniform(0.3, 2.0)) for _ in range(chance.randint(1, 3)))
    return Plan(faults, chance.choice(ENDS), chance.randrange(2**31))


def suffer(station: LinkedStation, plan: Plan, *, unit_s: float, second: Callable[[LinkedStation], "Second"]) -> None:
    """Live through a plan's faults while cards are touched. The line is good again when this returns."""
    chance = random.Random(plan.seed)
    station.touches_per_s = TOUCHES_IN_A_UNIT / unit_s
    try:
        for kind, units in plan.faults:
            _suffer_one(station, kind, units * unit_s, chance, second)
            sleep(chance.uniform(0.0, 0.3) * unit_s)
    finally:
        station.touches_per_s = 0.0


def _suffer_one(
    station: LinkedStation,
    kind: str,
    lasts_s: float,
    chance: random.Random,
    second: Callable[[LinkedStation], "Second"],
) -> None:
    if kind == "second_connection":
        with second(station):
            sleep(lasts_s)
    elif kind in BY_NAMESPACE and station.namespace is not None:
        station.namespace.break_line(kind)
        sleep(lasts_s)
        station.namespace.mend()
    else:
        station.proxy.become(draw_line(kind, chance))
        if kind == "refused":
            station.proxy.cut()
        sleep(lasts_s)
        station.proxy.become(Line())


class Second:
    """Another board with this station's certificate and client id connects, and is then gone without a word."""

    def __init__(self, station: LinkedStation, *, broker_port: int, ca_file: Path) -> None:
        identity = station.identity
        self._proxy = Proxy(broker_port)
        self._link = PahoLink(
            station=station.name,
            shard=identity.enrolled.broker.shard,
            endpoints=[("127.0.0.1", self._proxy.port)],
            context=lambda: station_context(
                ca_file=ca_file,
                certificate_file=identity.certificate_file,
                key_file=identity.tls_key_file,
            ),
            put=lambda event: None,
            mono_ms=station.mono_ms,
        )
        self._will = encode(Gone(station=station.name, nonce=os.urandom(16), reason="broken"))

    def __enter__(self) -> None:
        self._link.connect(attempt=1, keepalive_s=60, will=self._will)

    def __exit__(self, *exception: object) -> None:
        self._proxy.close()
        self._link.disconnect()
