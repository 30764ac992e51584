"""Whom a station obeys: the county alone, and the county once, in time, and where it was meant.

A real agent is told to blink by whoever holds the county's place at the broker, and with it the topic of its orders,
but not the county's signing key. Its lamp is watched by another process. An order with the mark of a kept one does not
pass our broker; what the agent says to one that does is tested in ``tests/agent/uplink``.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from firmware_scripts.demo.cast import CastStation
from firmware_scripts.demo.observer import blinks
from firmware_scripts.demo.processes import NotInTime, wait_until
from firmware_scripts.demo.station import DemoStation
from protocol.codec import MAX_MESSAGE_BYTES, encode
from protocol.commands import MAX_VALID_MS, Command, seal_command
from protocol.signing import seal
from protocol.topics import topic
from tests.proofs.strangers.case import Bench, Outcomes
from tests.proofs.strangers.county import VILLAGE, County
from tests.proofs.strangers.visitor import SETTLE_S, county_client

STATION = "obeying-01"
_MINUTE_MS = 60_000
_OBEYS_S = 10.0
_UP_S = 60.0


class Obeying(Protocol):
    """A station that may be told something on the topic of its orders."""

    county_key: Ed25519PrivateKey

    def say(self, raw: bytes, *, retain: bool = False) -> None:
        """Publish on its topic."""

    def blinks(self) -> int:
        """Return how often its lamp was seen to light for no fact."""

    def begin_anew(self) -> None:
        """End its agent and start it again; on return it obeys the county."""


def orders(bench: Bench, outcomes: Outcomes) -> None:
    """Forged, expired, repeated, kept and misdirected orders, to a station of a county of its own."""
    with _agent(bench.county.home.parent / "obeying") as station:
        obedience(station, outcomes)


def obedience(station: Obeying, outcomes: Outcomes) -> None:
    """Try everything on a station that obeys the county."""
    right = _order()
    raw = seal_command(station.county_key, right)
    before = station.blinks()
    outcomes.welcome("an order of the county's", _obeys(station, raw, within_s=_OBEYS_S))
    for case, wrong in _wrong_orders(station.county_key, right).items():
        outcomes.refused(case, _obeys(station, wrong))
    outcomes.refused("an order to be kept", _obeys(station, _sealed(station), retain=True))
    outcomes.welcome("the next order", _obeys(station, _sealed(station), within_s=_OBEYS_S))
    outcomes.refused("any of it, obeyed later", station.blinks() != before + 2)
    station.begin_anew()
    before = station.blinks()
    outcomes.refused("an order from before the restart, repeated", _obeys(station, raw))
    outcomes.welcome("an order after the restart", _obeys(station, _sealed(station), within_s=_OBEYS_S))
    outcomes.refused("any order from before the restart", station.blinks() != before + 1)


def _wrong_orders(key: Ed25519PrivateKey, right: Command) -> dict[str, bytes]:
    stranger, now = Ed25519PrivateKey.generate(), _now_ms()
    raw, fresh = seal_command(key, right), _order()
    altered = bytearray(seal_command(key, fresh))
    altered[-1] ^= 1
    return {
        "an order that was obeyed, repeated": raw,
        "an order by another key": seal_command(stranger, _order()),
        "an order by another key under the county's name": _under_anothers_name(raw, seal_command(stranger, fresh)),
        "an order whose signature was altered": bytes(altered),
        "an order under an obeyed one's signature": _under_anothers_signature(raw, encode(fresh)),
        "an order signed as a setting": seal(key, "cunhui desired 1", encode(_order())),
        "an order without a signature": encode(_order()),
        "an expired order": seal_command(key, _order(not_after=now - _MINUTE_MS)),
        "an order that ends too late to be remembered": seal_command(
            key, _order(not_after=now + MAX_VALID_MS + 60 * _MINUTE_MS)
        ),
        "an order for another station": seal_command(key, _order(station="second-01")),
        "an order that no station knows": seal_command(key, _order(order="open_the_door")),
        "an order with the id of an obeyed one": seal_command(key, msgspec.structs.replace(fresh, id=right.id)),
        "half an order": seal_command(key, _order())[:-40],
        "noise for an order": os.urandom(MAX_MESSAGE_BYTES),
    }


def _under_anothers_name(right: bytes, forged: bytes) -> bytes:
    version, _, payload, signature = msgspec.msgpack.decode(forged)
    return msgspec.msgpack.encode([version, msgspec.msgpack.decode(right)[1], payload, signature])


def _under_anothers_signature(right: bytes, payload: bytes) -> bytes:
    version, key, _, signature = msgspec.msgpack.decode(right)
    return msgspec.msgpack.encode([version, key, payload, signature])


def _sealed(station: Obeying) -> bytes:
    return seal_command(station.county_key, _order())


def _order(*, station: str = STATION, order: str = "identify", not_after: int | None = None) -> Command:
    until = _now_ms() + _MINUTE_MS if not_after is None else not_after
    return Command(
        id=os.urandom(16), station=station, order=order, not_after=until, issuer="proof", reason="a proof's order"
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _obeys(station: Obeying, raw: bytes, *, retain: bool = False, within_s: float = SETTLE_S) -> bool:
    before = station.blinks()
    station.say(raw, retain=retain)
    try:
        wait_until(lambda: station.blinks() > before, what="the lamp", timeout_s=within_s)
    except NotInTime:
        return False
    return True


class _Agent:
    """A real agent and its county."""

    def __init__(self, county: County, station: DemoStation) -> None:
        key = load_pem_private_key((county.home / "trust" / "signing.key").read_bytes(), None)
        assert isinstance(key, Ed25519PrivateKey)
        self.county_key = key
        self._county = county
        self._station = station
        self._await_obedience()

    def say(self, raw: bytes, *, retain: bool = False) -> None:
        with county_client(self._county, "orderer") as orderer:
            orderer.connect()
            orderer.publish(topic(shard=0, station=STATION, leaf="command"), raw, retain=retain)

    def blinks(self) -> int:
        return blinks(self._station.lights())

    def begin_anew(self) -> None:
        self._station.agent.stop()
        self._station.agent.start()
        self._await_obedience()

    def _await_obedience(self) -> None:
        """Have the county itself give an order, as soon as the station is connected, and wait for the lamp."""
        before, give = self.blinks(), ("order", STATION, "identify", "--reason", "proof")
        wait_until(
            lambda: self._county.try_tool(*give).returncode == 0, what="the station to be online", timeout_s=_UP_S
        )
        wait_until(lambda: self.blinks() > before, what="the county's own order to be obeyed", timeout_s=_UP_S)


@contextmanager
def _agent(folder: Path) -> Iterator[_Agent]:
    cast = CastStation(STATION, name="示例站点", village=VILLAGE, village_name="示例村", people=())
    station = DemoStation(cast, folder=folder / "station", readers=["simulated"])
    with County(folder / "county") as county:
        station.enrol(url=f"https://127.0.0.1:{county.web_port}", ca=county.ca, claim=county.claim(STATION))
        try:
            station.start()
            yield _Agent(county, station)
        finally:
            station.stop()
