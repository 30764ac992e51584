"""Commands go the whole way: from the county's table over the real broker to a real agent, and their results back."""

import socket
import time
import uuid
from datetime import UTC, datetime, timedelta

from firmware_scripts.demo.processes import wait_until
from firmware_scripts.demo.station import DemoStation
from protocol.kiosk import LiveShown, decode_from_agent
from server_broker.broker import CountyClient
from server_broker.live.hub import LiveHub
from server_broker.live.mqtt import MqttFrames
from tests.integration.village import Village


def give(village: Village, station: DemoStation, name: str, *, seconds: int = 0) -> uuid.UUID:
    lease = ["--seconds", str(seconds)] if seconds else []
    return uuid.UUID(village.county.tool("order", station.cast.id, name, "--reason", "试一试看看", *lease).strip())


def result(village: Village, command: uuid.UUID) -> tuple[str, str, dict[str, int]]:
    """Wait for the result; return outcome, detail and figures."""
    figures = ("ahead_ms", "bytes", "frames", "seconds")
    wanted = ", ".join(f"figures->>'{name}'" for name in figures)
    query = (
        f"select outcome, detail, {wanted} from orders_stationorder where id = '{command}' and answered_at is not null"
    )
    wait_until(lambda: bool(village.county.sql(query)), what=f"the result of {command}", timeout_s=40, every_s=0.3)
    ((outcome, detail, *told),) = village.county.sql(query)
    return outcome, detail, {name: int(count) for name, count in zip(figures, told, strict=True) if count}


def test_commands_are_executed_once_and_have_a_result(village: Village) -> None:
    station = village.stations[0]
    given = [give(village, station, name) for name in ("time_check", "send_logs", "snapshot")]
    told, sent, taken = (result(village, command) for command in given)
    assert told[0] == "done"
    assert abs(told[2]["ahead_ms"]) < 5_000
    assert (sent[0], taken[0]) == ("done", "done")
    mine = f"station_id = '{station.cast.id}' and purpose = 'log'"
    arrived = f"select 1 from media_blob where {mine} and completed_at is not null"
    wait_until(lambda: bool(village.county.sql(arrived)), what="the log", timeout_s=40, every_s=0.3)


def test_a_restarts_result_comes_from_the_new_start_and_touches_go_on(village: Village) -> None:
    station = village.stations[0]
    boots = f"select count(*) from fleet_stationevent where station_id = '{station.cast.id}' and kind = 'booted'"
    before = int(village.county.sql(boots)[0][0])
    outcome, detail, _ = result(village, give(village, station, "restart_agent"))
    assert (outcome, detail) == ("done", "")
    assert int(village.county.sql(boots)[0][0]) == before + 1
    wait_until(station.touch_socket.exists, what="the reader", timeout_s=20)
    assert village.touch(station)[0].fact


class Kiosk:
    """Hears what the agent tells every kiosk."""

    def __init__(self, station: DemoStation) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(0.2)
        self._socket.connect(str(station.kiosk_socket))
        self._rest = b""

    def live(self, *, within_s: float) -> list[LiveShown]:
        """Return what is said of live views within a while."""
        shown, give_up = [], time.monotonic() + within_s
        while time.monotonic() < give_up:
            try:
                self._rest += self._socket.recv(65_536)
            except TimeoutError:
                continue
            *lines, self._rest = self._rest.split(b"\n")
            shown += [said for line in lines if isinstance(said := decode_from_agent(line), LiveShown)]
        return shown

    def close(self) -> None:
        self._socket.close()


def test_a_live_view_is_announced_seen_and_over(village: Village) -> None:
    station = village.stations[1]
    local = village.county.local_listener()
    client = CountyClient(("127.0.0.1",), local.port, local.username, local.password)
    hub = LiveHub(lambda heard: MqttFrames(lambda: client, heard))
    kiosk = Kiosk(station)
    try:
        kiosk.live(within_s=1)
        command = give(village, station, "live_view", seconds=12)
        now = datetime.now(UTC)
        hub.watch(station.cast.id, command.bytes, until=now + timedelta(minutes=1), now=now)
        wait_until(lambda: hub.latest(station.cast.id, command.bytes) is not None, what="a frame", timeout_s=30)
        began = kiosk.live(within_s=1)
        assert began[0].viewer == "县里"
        outcome, why, figures = result(village, command)
        assert (outcome, why) == ("done", "time")
        assert figures["frames"] >= 2
        assert kiosk.live(within_s=1)[-1:] == [LiveShown()]
    finally:
        kiosk.close()
        hub.forget(station.cast.id)
    stored = f"select count(*) from media_blob where station_id = '{station.cast.id}' and purpose = 'requested'"
    assert village.county.sql(stored)[0][0] == "0"
    mine = f"station_id = '{station.cast.id}' and kind like 'live_view%'"
    kinds = f"select kind from fleet_stationevent where {mine} order by seq"
    assert [kind for (kind,) in village.county.sql(kinds)] == ["live_view_began", "live_view_ended"]


def test_nobody_is_looked_at_where_no_kiosk_can_say_so(village: Village) -> None:
    outcome, detail, _ = result(village, give(village, village.stations[1], "live_view", seconds=5))
    assert (outcome, detail) == ("failed", "no_kiosk")
