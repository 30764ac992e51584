"""Whom a station obeys: the county alone, and each command once, in time, and only at the station that it names.

Somebody stands at the broker in the county's place, and so has the topic of its commands, but not the county's signing
key. They tell a real agent to blink. Another process watches its lamp. Our broker does not pass a command with the
retain flag; ``tests/agent/uplink`` tests what the agent does with one.
"""

import base64
import json
import os
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from firmware_scripts.demo.cast import CastStation
from firmware_scripts.demo.observer import blinks
from firmware_scripts.demo.processes import wait_until
from firmware_scripts.demo.station import DemoStation
from protocol.codec import MAX_MESSAGE_BYTES, encode
from protocol.commands import MAX_VALID_MS, Command, seal_command
from protocol.signing import seal
from protocol.topics import topic
from tests.proofs.strangers.case import Bench, Outcomes, happens
from tests.proofs.strangers.county import VILLAGE, County
from tests.proofs.strangers.visitor import SETTLE_S, county_client

STATION = "obeying-01"
_MINUTE_MS = 60_000
_OBEYS_S = 10.0
_UP_S = 60.0
_PROMPTS = 8
"""How often each message is sent on the kiosk's socket."""
_TOUCHES = "SELECT count(*) FROM attendance_touch"
_OF_A_KIOSK = (
    "SELECT count(*) FROM attendance_touch WHERE chosen_direction <> ''",
    "SELECT count(*) FROM learning_attempt",
)


class Obeying(Protocol):
    """A station to which somebody publishes on the topic of its commands."""

    county_key: Ed25519PrivateKey

    def say(self, raw: bytes, *, retain: bool = False) -> None:
        """Publish on its topic."""

    def blinks(self) -> int:
        """Return how often its lamp was seen to light for no fact."""

    def begin_anew(self) -> None:
        """End its agent and start it again. When this returns, it obeys the county."""


def commands(bench: Bench, outcomes: Outcomes) -> None:
    """Forged, expired, repeated, retained and misdirected commands, and a made-up kiosk, at a county of their own."""
    with _agent(bench.county.home.parent / "obeying") as station:
        obedience(station, outcomes)
        prompting(station, outcomes)


def obedience(station: Obeying, outcomes: Outcomes) -> None:
    """Try everything on a station that obeys the county."""
    right = _command()
    raw = seal_command(station.county_key, right)
    before = station.blinks()
    outcomes.welcome("a command of the county", _obeys(station, raw, within_s=_OBEYS_S))
    for case, wrong in _wrong_commands(station.county_key, right).items():
        outcomes.refused(case, _obeys(station, wrong))
    outcomes.refused("a command to be kept", _obeys(station, _sealed(station), retain=True))
    outcomes.welcome("the next command", _obeys(station, _sealed(station), within_s=_OBEYS_S))
    outcomes.refused("any of it, obeyed later", station.blinks() != before + 2)
    station.begin_anew()
    before = station.blinks()
    outcomes.refused("a command from before the restart, repeated", _obeys(station, raw))
    outcomes.welcome("a command after the restart", _obeys(station, _sealed(station), within_s=_OBEYS_S))
    outcomes.refused("any command from before the restart", station.blinks() != before + 1)


class Prompted(Protocol):
    """A station with a kiosk's socket."""

    def touch(self, uid: str) -> bool:
        """Present a card, and return whether the lamp answered it."""

    def prompt(self, said: bytes) -> None:
        """Send something on the kiosk's socket, on a connection of its own, and leave."""

    def facts_of_a_kiosk(self) -> int:
        """Return how many corrections and attempts of it the county has."""


def prompting(station: Prompted, outcomes: Outcomes) -> None:
    """Somebody with access to the kiosk's socket corrects nothing, answers nothing, and keeps nobody from clocking
    in."""
    for number, (case, said) in enumerate(_prompts().items()):
        for _ in range(_PROMPTS):
            station.prompt(said)
        outcomes.welcome(f"a touch after {case}", station.touch(f"04c0ffee0000{number:02x}"))
    outcomes.refused("a correction or an attempt of a made-up kiosk", station.facts_of_a_kiosk() > 0)


def _prompts() -> dict[str, bytes]:
    never = {"epoch": base64.b64encode(bytes(16)).decode(), "seq": 1}
    said: dict[str, Mapping[str, object]] = {
        "a direction for a touch that never was": {"type": "choose_direction", "touch": never, "direction": "out"},
        "a choice taken back that never was": {"type": "keep_direction", "touch": never},
        "an answer in a run that never was": {"type": "answer", "run": "AAAAAAAAAAA=", "question": "1", "chosen": [0]},
        "the next question of no run": {"type": "next", "run": "AAAAAAAAAAA="},
        "a level that is not there": {"type": "open_level", "pack": "none", "level": "none"},
        "the agent's own words": {"type": "touch", "colour": "green", "answer": "recorded"},
        "a message of no kind": {"type": "unlock_the_door"},
    }
    return {case: json.dumps(line).encode() + b"\n" for case, line in said.items()} | {
        "bytes that are no text": b"\xff\xfe\x00\n" * 20,
        "lists in lists": b"[" * 20_000 + b"\n",
        "a line without end": b"a" * 200_000,
        "half a line": b'{"type": "answer", "run": ',
    }


def _wrong_commands(key: Ed25519PrivateKey, right: Command) -> dict[str, bytes]:
    stranger, now = Ed25519PrivateKey.generate(), _now_ms()
    raw, fresh = seal_command(key, right), _command()
    altered = bytearray(seal_command(key, fresh))
    altered[-1] ^= 1
    return {
        "a command that was obeyed, repeated": raw,
        "a command by another key": seal_command(stranger, _command()),
        "a command by another key under the county's name": _under_anothers_name(raw, seal_command(stranger, fresh)),
        "a command whose signature was altered": bytes(altered),
        "a command under an obeyed one's signature": _under_anothers_signature(raw, encode(fresh)),
        "a command signed as a setting": seal(key, "cunhui desired 1", encode(_command())),
        "a command without a signature": encode(_command()),
        "an expired command": seal_command(key, _command(not_after=now - _MINUTE_MS)),
        "a command that ends too late to be remembered": seal_command(
            key, _command(not_after=now + MAX_VALID_MS + 60 * _MINUTE_MS)
        ),
        "a command for another station": seal_command(key, _command(station="second-01")),
        "a command that no station knows": seal_command(key, _command(order="open_the_door")),
        "a command with the id of an obeyed one": seal_command(key, msgspec.structs.replace(fresh, id=right.id)),
        "half a command": seal_command(key, _command())[:-40],
        "noise for a command": os.urandom(MAX_MESSAGE_BYTES),
    }


def _under_anothers_name(right: bytes, forged: bytes) -> bytes:
    version, _, payload, signature = msgspec.msgpack.decode(forged)
    return msgspec.msgpack.encode([version, msgspec.msgpack.decode(right)[1], payload, signature])


def _under_anothers_signature(right: bytes, payload: bytes) -> bytes:
    version, key, _, signature = msgspec.msgpack.decode(right)
    return msgspec.msgpack.encode([version, key, payload, signature])


def _sealed(station: Obeying) -> bytes:
    return seal_command(station.county_key, _command())


def _command(*, station: str = STATION, order: str = "identify", not_after: int | None = None) -> Command:
    until = _now_ms() + _MINUTE_MS if not_after is None else not_after
    return Command(
        id=os.urandom(16), station=station, order=order, not_after=until, issuer="proof", reason="a proof's command"
    )


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


def _obeys(station: Obeying, raw: bytes, *, retain: bool = False, within_s: float = SETTLE_S) -> bool:
    before = station.blinks()
    station.say(raw, retain=retain)
    return happens(lambda: station.blinks() > before, within_s=within_s)


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
        with county_client(self._county, "commander") as commander:
            commander.connect()
            commander.publish(topic(shard=0, station=STATION, leaf="command"), raw, retain=retain)

    def blinks(self) -> int:
        return blinks(self._station.lights())

    def touch(self, uid: str) -> bool:
        lit = len(self._station.lights())
        self._station.touch(uid)
        return happens(lambda: len(self._station.lights()) > lit, within_s=_OBEYS_S)

    def prompt(self, said: bytes) -> None:
        with socket.socket(socket.AF_UNIX) as kiosk:
            kiosk.connect(str(self._station.kiosk_socket))
            with suppress(ConnectionError):  # whoever sends too much is disconnected
                kiosk.sendall(said)

    def facts_of_a_kiosk(self) -> int:
        lit = len({light.fact for light in self._station.lights() if light.fact})
        wait_until(lambda: self._count(_TOUCHES) >= lit, what="all touches in the county", timeout_s=_UP_S)
        return sum(map(self._count, _OF_A_KIOSK))

    def _count(self, query: str) -> int:
        return int(self._county.rows(query)[0][0])

    def begin_anew(self) -> None:
        self._station.agent.stop()
        self._station.agent.start()
        self._await_obedience()

    def _await_obedience(self) -> None:
        """Have the county itself give a command as soon as the station is connected, and wait for the lamp."""
        before, give = self.blinks(), ("order", STATION, "identify", "--reason", "proof")
        wait_until(
            lambda: self._county.try_tool(*give).returncode == 0, what="the station to be online", timeout_s=_UP_S
        )
        wait_until(lambda: self.blinks() > before, what="the county's own command to be obeyed", timeout_s=_UP_S)


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
