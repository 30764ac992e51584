"""What a station sends in 24 hours in which nobody touches a card, counted as IP packets.

The day is compressed: the whole station runs in this process, with its real parts and its usual wiring, and a clock
that runs faster while no exchange is under way. Broker, ingest, TLS and TCP are real and in real time.
"""

import threading
from dataclasses import asdict
from functools import partial

from agent.events import StopAsked
from agent.station.core import StationParts
from agent.wiring.assembly import real_ports
from agent.wiring.parts import Station
from agent.wiring.program import build_ms
from firmware_scripts.demo.processes import wait_until
from tests.benchmarks.measures.figures import Figure
from tests.benchmarks.stage.ip_packets import Counted, PacketCounter
from tests.benchmarks.stage.station import BenchStation
from tests.benchmarks.stage.warp import Warp, WarpedClock, WarpedInbox

NAME = "idle_traffic_mb_month"
GOAL_MB = 8.0
FACTOR = 480
DAYS = 31
_DAY_NS = 24 * 3_600 * 10**9
_LIMIT_S = 420.0
_NOT_COVERED = (
    "acknowledgements delayed longer and segments sent again as on a slow radio link; "
    "a PINGRESP always comes within 60 s of the station's time"
)


class Day:
    """One station on a thread of its own, in warped time."""

    def __init__(self, station: BenchStation) -> None:
        self._station = station
        self.warp = Warp(FACTOR)
        self.inbox = WarpedInbox(self.warp)
        self.settled = threading.Event()
        self._thread = threading.Thread(target=self._run, name="warped-station")

    def start(self) -> None:
        """Begin. `settled` is set when the station has sent everything to the county."""
        self._thread.start()

    def stop(self) -> None:
        """End the station in good order."""
        self.inbox.put(StopAsked(reason="the day is over"))
        self._thread.join()

    def running(self) -> bool:
        """Whether the station is still running."""
        return self._thread.is_alive()

    def _run(self) -> None:
        config, identity = self._station.parts()
        clock = WarpedClock(self.warp, build_ms=build_ms())
        with self.warp.in_paho(), real_ports(config, identity, environ={}, clock=clock, inbox=self.inbox) as ports:
            made = Station(ports)
            self.inbox.busy = partial(self._busy, made.parts)
            made.core.run()

    def _busy(self, parts: StationParts) -> bool:
        under_way = parts.uplink.state != "connected" or parts.waiting() > 0
        if not (under_way or self.settled.is_set()) and parts.home.current().learning:
            self.settled.set()
        return under_way


def measure(station: BenchStation, *, broker_port: int) -> Figure:
    """Let a day pass and count."""
    day = Day(station)
    day.start()
    try:
        assert day.settled.wait(60), "the county did not answer"
        with PacketCounter(broker_port) as counter:
            end = day.warp.now_ns() + _DAY_NS
            wait_until(
                lambda: day.warp.now_ns() >= end or not day.running(), what="the day to pass", timeout_s=_LIMIT_S
            )
            assert day.running(), "the station ended"
    finally:
        day.stop()
    return _figure(counter.counted)


def _figure(counted: Counted) -> Figure:
    day_bytes = counted.bytes + counted.segmentation_bytes
    return Figure(
        name=NAME,
        value=day_bytes * DAYS / 1e6,
        unit="MB",
        goal=GOAL_MB,
        detail={
            "day": asdict(counted),
            "days": DAYS,
            "compressed": f"{FACTOR} times, in real time while an exchange is under way",
            "not_covered": _NOT_COVERED,
        },
    )
