"""Our agent as a contender: a card is acknowledged by its light, and stored as a touch by the county's own ingest."""

import contextlib
import json
import select
import socket
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import agent
from firmware_scripts.demo.county import DemoCounty
from tests.benchmarks.peers.contender import ANSWER_WITHIN_S, Contender, Outcome
from tests.benchmarks.peers.script import FACTS_PER_DAY
from tests.benchmarks.stage.station import BenchStation

_TOUCHES = """
    select encode(epoch, 'hex') || '/' || seq, encode(card_token, 'hex')
    from attendance_touch where station_id = '{}' order by wall, seq"""
_LAST_LIGHT_S = 0.05
"""By then a light that was sent before the agent was killed has arrived."""


class OurAgent(Contender):
    """Facts are the village's cards, one after another and then again; each light vouches for its fact."""

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
        """Touch the fact's card."""
        while self._light(0) is not None:
            continue
        with socket.socket(socket.AF_UNIX) as reader:
            try:
                reader.connect(str(self._station.touch_socket))
            except OSError:
                return "nobody"
            with contextlib.suppress(OSError):  # it was killed meanwhile; whether there was a light is seen below
                reader.sendall(f"{self._uid(fact)}\n".encode())
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

        If a seq were lit twice, for two facts, one fact would be missing.
        """
        return facts_of(self._county.sql(_TOUCHES.format(self._station.cast.id)), self._refs)

    def _uid(self, fact: str) -> str:
        """Return the card that stands for a fact."""
        day, place, _ = fact.split("-")
        people = self._station.cast.people
        return people[(int(day) * FACTS_PER_DAY + int(place)) % len(people)].uid


def facts_of(rows: Iterable[Sequence[str]], lit: Mapping[str, str]) -> Counter[str]:
    """Count which facts the stored touches are.

    A touch whose light nobody saw, because the agent was killed before it, belongs to the fact for which its card was
    presented then: the one of the card's next light, or of its last one if there is none after it. A card without any
    light stands for no fact.

    Args:
        rows: The name of each touch, and its card's token, in the order in which they were made.
        lit: The fact for which each light vouches, by the name of its touch.
    """
    by_card: dict[str, list[str]] = {}
    for ref, token in rows:
        by_card.setdefault(token, []).append(ref)
    found: Counter[str] = Counter()
    for token, refs in by_card.items():
        fact = next((lit[ref] for ref in reversed(refs) if ref in lit), token)
        for ref in reversed(refs):
            fact = lit.get(ref, fact)
            found[fact] += 1
    return found
