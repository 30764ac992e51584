"""The supervisor on a full disk: it can't log and can't write, and still starts again what dies."""

import os
import signal
import threading
from contextlib import suppress
from pathlib import Path

from firmware_scripts.demo.processes import is_alive, wait_until
from server_broker.platform.control import pid_file
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import Program, read_pid, write_pid
from server_broker.supervisor.parts import Part
from server_broker.supervisor.supervisor import Supervisor
from tests.integration.small_disk import SmallDisk

_PAGE = 4096


def test_a_part_that_dies_on_a_full_disk_is_started_again(tmp_path: Path) -> None:
    with SmallDisk(tmp_path / "county", megabytes=1) as disk:
        home = CountyHome(disk.path)
        part = Part("sleeper", lambda: Program(["/usr/bin/sleep", "60"], disk.path), lambda: True)
        said: list[str] = []
        log = os.open(disk.path / "up.log", os.O_WRONLY | os.O_CREAT)
        os.write(log, bytes(_PAGE))

        def say(line: str) -> None:
            said.append(line)
            os.write(log, line.encode())

        with Supervisor(home, say) as supervisor, suppress(OSError):
            supervisor.start(part)
            first = read_pid(pid_file(home, part.name)) or 0
            os.ftruncate(log, _PAGE)
            os.lseek(log, 0, os.SEEK_END)
            with disk.full():
                killer = threading.Thread(target=kill_and_stop, args=(home, part, first))
                killer.start()
                supervisor.watch()
                killer.join()
        os.close(log)
        assert [line.split()[1].split("，")[0] for line in said] == ["已启动", "意外退出", "已重新启动", "已停止"]


def kill_and_stop(home: CountyHome, part: Part, first: int) -> None:
    def is_back() -> bool:
        pid = read_pid(pid_file(home, part.name))
        return pid not in (None, first) and is_alive(pid)

    os.kill(first, signal.SIGKILL)
    try:
        wait_until(is_back, what="the part to be back", timeout_s=10)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)


def test_a_pid_file_is_written_over_the_one_before(tmp_path: Path) -> None:
    with SmallDisk(tmp_path / "run", megabytes=1) as disk:
        path = disk.path / "part.pid"
        write_pid(path, 4_194_304)
        with disk.full():
            write_pid(path, 7)
            assert read_pid(path) == 7
            write_pid(disk.path / "other.pid", 8)
            assert read_pid(disk.path / "other.pid") is None
