"""The surroundings in which stations are measured: a disk whose power is cut, a line that breaks, mock pins."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.config import catalogue
from agent.config.station_config import load
from tests.benchmarks.stage.loop_disk import LoopDisk, StillHeld
from tests.benchmarks.stage.proxy import Proxy
from tests.benchmarks.station import mock_pins


def test_what_was_synced_outlives_a_power_cut_and_nothing_else_does(tmp_path: Path) -> None:
    with LoopDisk(tmp_path) as disk:
        synced = os.open(disk.path / "synced", os.O_CREAT | os.O_WRONLY)
        unsynced = os.open(disk.path / "unsynced", os.O_CREAT | os.O_WRONLY)
        os.write(synced, b"kept")
        os.fsync(synced)
        os.write(synced, b" and gone")
        os.write(unsynced, b"gone")
        disk.power_off()
        with pytest.raises(OSError, match="Input/output error"):
            os.write(unsynced, b"nothing reaches a disk without power")
        os.close(synced)
        os.close(unsynced)
        disk.power_on()
        assert (disk.path / "synced").read_bytes() == b"kept"
        assert not (disk.path / "unsynced").exists() or (disk.path / "unsynced").read_bytes() == b""


def test_a_disk_that_somebody_else_keeps_alive_is_named_and_not_used(tmp_path: Path) -> None:
    """If it were mounted again, it would be the file system that was shut down, and every write an I/O error."""
    with LoopDisk(tmp_path) as disk:
        with _copy_of_mounts() as holder:
            disk.power_off()
            with pytest.raises(StillHeld, match=rf"disk lives on in another mount namespace: .*{holder.pid}"):
                disk.power_on(within_s=0.2)
        disk.power_on()
        (disk.path / "written").write_text("here again", encoding="utf-8")


def test_with_mounts_of_its_own_nobody_else_can_keep_it_alive(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _CUT_WHEN_TOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as bench:
        assert bench.stdin is not None
        assert bench.stdout is not None
        assert bench.stdout.readline() == "mounted\n"
        with _copy_of_mounts():
            bench.stdin.write("cut\n")
            bench.stdin.flush()
            assert bench.stdout.readline() == "written\n"
    assert bench.returncode == 0


_CUT_WHEN_TOLD = """
import sys
from pathlib import Path
from tests.benchmarks.stage.loop_disk import LoopDisk, own_mounts
own_mounts()
with LoopDisk(Path(sys.argv[1])) as disk:
    print("mounted", flush=True)
    sys.stdin.readline()
    disk.power_off()
    disk.power_on()
    (disk.path / "file").write_text("here")
    print("written", flush=True)
"""


@contextmanager
def _copy_of_mounts() -> Iterator[subprocess.Popen[str]]:
    """A process in a mount namespace of its own, with a copy of all mounts."""
    command = ["unshare", "--mount", "sh", "-c", "echo ready; exec sleep 600"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "ready\n"
        try:
            yield holder
        finally:
            holder.kill()


def test_a_line_that_is_cut_breaks_what_stands_and_takes_nothing_until_it_is_mended() -> None:
    with socket.create_server(("127.0.0.1", 0)) as broker, Proxy(broker.getsockname()[1]) as line:
        with socket.create_connection(("127.0.0.1", line.port), timeout=5) as standing:
            far, _ = broker.accept()
            line.cut()
            assert standing.recv(1) == b""
            far.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", line.port), timeout=5)
        line.mend()
        with socket.create_connection(("127.0.0.1", line.port), timeout=5) as again:
            far, _ = broker.accept()
            with far:
                again.sendall(b"x")
                assert far.recv(1) == b"x"


def test_a_light_on_mock_pins_is_said_to_whoever_watches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for table in (catalogue.INDICATORS, catalogue.INPUTS):
        monkeypatch.setitem(table, "gpio", table["gpio"])  # to be put back
    mock_pins.plug_in()
    config = tmp_path / "station.toml"
    config.write_text(
        '[station]\nfolder = "."\n[county]\nurl = "https://127.0.0.1"\nca = "ca.pem"\n[camera]\ndriver = "none"\n'
        '[[reader]]\ndriver = "simulated"\n[indicator]\ndriver = "gpio"\ngreen = 17\namber = 27\nred = 22\n'
        'witness = "lamp.sock"\n'
    )
    indicator = mock_pins.MockPinsIndicator(**load(config).indicator.settings)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as witness:
        witness.settimeout(5)
        indicator.show("red", fact="")  # nobody watches yet
        witness.bind(str(tmp_path / "lamp.sock"))
        indicator.show("green", fact="ab/1")
        assert witness.recv(100) == b'{"colour": "green", "fact": "ab/1"}'
    indicator.close()
