"""A county with a second port for its stations: a real Mosquitto listens at both, below 1024 too."""

import datetime as dt
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from firmware_scripts.demo.processes import wait_until
from server_broker import broker
from server_broker.broker.mosquitto.config import ACCOUNT
from server_broker.platform.county_config import CountyConfig, read_config
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import account_for
from server_broker.supervisor.up import initialise
from tests.agent.uplink.network import free_port
from tests.conftest import short_folder

NOW = dt.datetime(2026, 11, 24, 8, tzinfo=dt.UTC)


@pytest.fixture
def folder() -> Iterator[Path]:
    with short_folder() as folder:
        folder.chmod(0o755)
        yield folder


def low_port() -> int:
    """Return a free port below 1024: only root's tests can hold one."""
    for port in range(1023, 600, -1):
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise AssertionError("every port below 1024 is taken")


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_both_ports_are_served_by_an_account_without_rights(folder: Path) -> None:
    home = CountyHome(folder / "county")
    second = low_port() if os.geteuid() == 0 else free_port()
    initialise(
        home,
        CountyConfig(
            name="示例县",
            host="127.0.0.1",
            web_port=0,
            broker_port=0,
            broker_local_port=0,
            broker_fallback_port=second,
        ),
    )
    broker.prepare(home, now=NOW)
    broker.refresh(home, now=NOW)
    process = broker.program(home).start(folder / "log")
    try:
        for port in read_config(home).station_ports:
            wait_until(lambda port=port: listens(port), what=f"port {port}", timeout_s=20)  # type: ignore[misc]
        uid = account_for(ACCOUNT).uid
        assert Path(f"/proc/{process.pid}").stat().st_uid == (os.geteuid() if uid is None else uid)
        effective = Path(f"/proc/{process.pid}/status").read_text().split("CapEff:")[1].split()[0]
        assert int(effective, 16) in (0, 1 << 10), "CAP_NET_BIND_SERVICE at most"
    finally:
        process.kill()
        process.wait()
