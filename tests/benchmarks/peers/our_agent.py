"""Our agent as a contender: a card is acknowledged by its light, and stored as a touch by the county's own ingest."""

import contextlib
import json
import select
import socket
from collections import Counter

import agent
from firmware_scripts.demo.county import DemoCounty
from tests.benchmarks.peers.contender import ANSWER_WITHIN_S, Contender, Outcome
from tests.benchmarks.stage.station import BenchStation

_TOUCHES = """
    select encode(epoch, 'hex') || '/' || seq, encode(card_token, 'hex')
    from attendance_touch where station_id = '{}'"""
_LAST_LIGHT_S = 0.05
"""By then a light that was sent before the agent was killed has arrived."""


class OurAgent(Contender):
    """Facts are cards of their own, which the village does not know: green or amber both vouch for the fact."""

    name = "cunhui-agent"
    version = agent.VERSION
    configured = "as it comes, simulated reader and lamp, no camera; acknowledged: the light, seen by another process"

    def __init__(self, station: BenchStation, county: DemoCounty) -> None:
        super().__init__(station.process)
        self._station = station
        self._county = county
        self._refs: dict[str, str] = {}
        station.lamp_socket.unlink(missing_ok=True)
        self._lamp = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._lamp.bind(str(station.lamp_socket))

    def close(self) -> None:
        self._lamp.close()

    def present(self, fact: str) -> Outcome:
        """Touch the card whose number is the fact's."""
        while self._light(0) is not None:
            continue
        with socket.socket(socket.AF_UNIX) as reader:
            try:
                reader.connect(str(self._station.touch_socket))
            except OSError:
                return "nobody"
            with contextlib.suppress(OSError):  # it was killed meanwhile; whether there was a light is seen below
                reader.sendall(f"{_uid(fact)}\n".encode())
                self._await_light(reader)
        ref = self._light(_LAST_LIGHT_S)
        if not ref:
            return "heard"
        self._refs[ref] = fact
        return "acknowledged"

    def _await_light(self, reader: socket.socket) -> None:
        """Wait for a light, or until the reader's end is closed because the agent is gone."""
        while ready := select.select([self._lamp, reader], [], [], ANSWER_WITHIN_S)[0]:
            if self._lamp in ready or not reader.recv(16):
                return

    def _light(self, wait_s: float) -> str | None:
        """Return the fact for which the next light vouches: empty for a red light, None if there is no light."""
        if not select.select([self._lamp], [], [], wait_s)[0]:
            return None
        light = json.loads(self._lamp.recv(4_096))
        return str(light["fact"]) if light["colour"] != "red" else ""

    def stored(self) -> Counter[str]:
        """A card's number travels as a keyed hash, so the light that named the same row tells which fact the row is.

        If a seq were lit twice, for two cards, one fact would be missing and a row would stand for no fact: both counts
        rise.
        """
        rows = self._county.sql(_TOUCHES.format(self._station.cast.id))
        facts = {token: self._refs[ref] for ref, token in rows if ref in self._refs}
        return Counter(facts.get(token, token) for _, token in rows)


def _uid(fact: str) -> str:
    """Return a seven-byte card number of the fact's own."""
    day, place, rest = fact.split("-")
    return f"04{int(day):02x}{int(place):02x}{rest}"
