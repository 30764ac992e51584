"""``down`` after the service's own process was killed: the parts that it left run on, and are ended too."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from server_broker import cli
from server_broker.platform.control import pid_file
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import Program, write_pid
from server_broker.supervisor import up
from server_broker.supervisor.parts import Part

LASTING = [sys.executable, "-c", "import signal; signal.pause()"]


@pytest.fixture
def left() -> Iterator[subprocess.Popen[bytes]]:
    """The process of a part, without a service."""
    with subprocess.Popen(LASTING) as process:
        yield process
        process.kill()


@pytest.fixture
def home(tmp_path: Path, left: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch) -> CountyHome:
    """A county whose service was killed, with one part that runs on."""
    cli.main(["init", "--name", "示例县", "--host", "127.0.0.1", "--home", str(tmp_path / "county")])
    home = CountyHome(tmp_path / "county")
    home.postgres_socket.mkdir()
    (home.postgres_socket / "service.pid").write_text("4194305\n", encoding="ascii")
    write_pid(pid_file(home, "web"), left.pid)
    program = Program(LASTING, home.root)
    monkeypatch.setattr(up, "service_parts", lambda *_: [Part("web", lambda: program, lambda: True)])
    return home


def test_what_a_killed_service_left_is_stopped(
    home: CountyHome, left: subprocess.Popen[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["down", "--home", str(home.root)]) == 0
    assert "停下了它留下的：web" in capsys.readouterr().out
    assert left.wait(5) != 0
    assert cli.main(["down", "--home", str(home.root)]) == 1
    assert "没有运行" in capsys.readouterr().err


def test_a_process_that_only_has_the_number_is_left_alone(home: CountyHome) -> None:
    write_pid(pid_file(home, "web"), os.getpid())
    assert cli.main(["down", "--home", str(home.root)]) == 1
