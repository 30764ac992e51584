"""The touch bench's own counters, which the product has no part in."""

import socket
import threading

import pytest

from tests.benchmarks.measures.figures import percentile
from tests.benchmarks.stage.ip_packets import segmentation_bytes
from tests.benchmarks.stage.proxy import Proxy
from tests.benchmarks.stage.tls_records import LARGE_BYTES, LargeRecords
from tests.benchmarks.stage.warp import Warp


def _record(length: int) -> bytes:
    return b"\x17\x03\x03" + length.to_bytes(2) + bytes(length)


@pytest.mark.parametrize("step", [1, 4, 5, 6, 1_000, 100_000])
def test_large_records_are_told_from_small_ones_however_the_bytes_come(step: int) -> None:
    stream = _record(40) + _record(LARGE_BYTES) + _record(LARGE_BYTES - 1) + _record(16_401) + _record(0) + _record(7)
    records = LargeRecords()
    found = sum(records.feed(stream[at : at + step]) for at in range(0, len(stream), step))
    assert found == LARGE_BYTES + 5 + 16_401 + 5


@pytest.mark.parametrize(("length", "more"), [(52, 0), (1_500, 0), (1_501, 2 * 52), (52 + 3 * 1_448, 2 * 52 + 52)])
def test_a_long_segment_costs_the_headers_of_a_real_line(length: int, more: int) -> None:
    assert segmentation_bytes(length) == more


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert percentile(values, 0.5) == 51
    assert percentile(values, 0.99) == 100
    assert percentile([3.0], 0.99) == 3.0


def test_warped_time_runs_fast_and_while_held_as_the_machines() -> None:
    warp = Warp(1_000)
    warp.hold()
    before = warp.now_ns()
    threading.Event().wait(0.02)
    held = warp.now_ns() - before
    threading.Event().wait(0.25)
    fast = warp.now_ns() - before
    assert held < 0.2e9
    assert fast > 10e9
    assert warp.ahead_ms() > 9_000


def test_the_relay_counts_what_passes_both_ways() -> None:
    with socket.create_server(("127.0.0.1", 0)) as broker, Proxy(broker.getsockname()[1]) as proxy:
        with socket.create_connection(("127.0.0.1", proxy.port)) as agent:
            far, _ = broker.accept()
            with far:
                agent.sendall(_record(100))
                far.sendall(_record(2_000))
                proxy.wait_quiet(received=2_005, quiet_s=0.05, timeout_s=5)
        assert (proxy.sent, proxy.received, proxy.large) == (105, 2_005, 2_005)
