"""An installed county: each part under the account of its unit, as ``server_broker.supervisor.unit`` runs it.

The units themselves run under systemd in an emulated machine. Here their accounts and folders are made by hand.
"""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from firmware_scripts.demo.processes import wait_until
from server_broker import broker
from server_broker.backup.encryption import new_key, recipient_of
from server_broker.broker.mosquitto.orders import Order
from server_broker.platform import control
from server_broker.platform.backup_config import BackupConfig, backup_table
from server_broker.platform.county_config import CountyConfig, read_config
from server_broker.platform.home import CountyHome
from server_broker.platform.processes import ServiceError, end, read_pid
from server_broker.platform.units import UNITS, log_of, start_line
from server_broker.supervisor.doctor import examine
from server_broker.supervisor.parts import web_answers
from server_broker.supervisor.up import initialise
from tests.conftest import short_folder
from tests.server_broker.broker_county import NOW

SERVICE, DATABASE, BROKER = "daemon", "postgres", "mosquitto"
"""The accounts; ``daemon`` stands for ``cunhui-county``."""
REPOSITORY = Path(__file__).parents[3]


class InstalledCounty:
    """A county's folder as tmpfiles.d(5) makes it, and the processes of its units."""

    def __init__(self, root: Path) -> None:
        root.chmod(0o755)
        self.home = CountyHome(root / "county")
        config = CountyConfig(name="示例县", host="127.0.0.1", web_port=0, broker_port=0, broker_local_port=0)
        initialise(self.home, config)
        (self.home.root / "by-units").touch()
        for folder in (self.home.logs, self.home.postgres_data, self.home.postgres_socket, self.home.broker):
            folder.mkdir()
        self._own(SERVICE, SERVICE, 0o700, self.home.root, *self.home.root.rglob("*"))
        self._own(SERVICE, SERVICE, 0o711, self.home.root)
        self._own(DATABASE, DATABASE, 0o700, self.home.postgres_data)
        self._own(SERVICE, BROKER, 0o2750, self.home.broker)
        self._own(SERVICE, DATABASE, 0o771, self.home.postgres_socket)
        for name, owner, group, mode in (
            ("", SERVICE, DATABASE, 0o2750),
            ("repo", DATABASE, SERVICE, 0o2750),
            ("work", DATABASE, DATABASE, 0o700),
        ):
            (self.home.backup / name).mkdir()
            self._own(owner, group, mode, self.home.backup / name)
        for account, name in (
            (DATABASE, "postgres.pid"),
            (BROKER, "mosquitto.pid"),
            *((SERVICE, order.value[1]) for order in Order),
        ):
            (self.home.postgres_socket / name).touch()
            self._own(account, account, 0o644, self.home.postgres_socket / name)
        self._notify = root / "notify"
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._manager.bind(str(self._notify))
        self._notify.chmod(0o777)
        self._manager.settimeout(60)
        self._running: list[subprocess.Popen[bytes]] = []

    @staticmethod
    def _own(user: str, group: str, mode: int, *paths: Path) -> None:
        for path in paths:
            shutil.chown(path, user, group)
            path.chmod(mode)

    def once(self, account: str, what: str) -> subprocess.CompletedProcess[str]:
        """Run what ends."""
        return subprocess.run(
            self._command(account, what), capture_output=True, text=True, timeout=120, env=self._environment(), cwd="/"
        )

    def type(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a verb as the unit of the county's account does."""
        command = [*as_account(SERVICE), sys.executable, "-m", "server_broker.cli", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, env=self._environment(), cwd="/")

    def start(self, account: str, part: str) -> subprocess.Popen[bytes]:
        """Start a part and wait until it has told the service manager that it is ready."""
        process = subprocess.Popen(self._command(account, part), env=self._environment(), cwd="/")
        self._running.append(process)
        while not self._manager.recv(4096).startswith(b"READY=1"):
            pass
        return process

    def wait_for_watchdogs(self, count: int) -> None:
        """Wait until the watchdog was fed so many times."""
        while count:
            count -= self._manager.recv(4096) == b"WATCHDOG=1"

    def stop(self) -> None:
        """End all, the last one started first."""
        for number, process in reversed(list(enumerate(self._running))):
            # The database came first. SIGINT is its fast shutdown.
            end(process.pid, first=signal.SIGTERM if number else signal.SIGINT)
            process.wait(20)
        self._manager.close()

    @staticmethod
    def _command(account: str, what: str) -> list[str]:
        unit = shlex.join([sys.executable, "-P", "-m", "server_broker.supervisor.unit", what])
        return [*as_account(account), "/bin/sh", "-c", f"WATCHDOG_PID=$$ exec {unit}"]

    def _environment(self) -> dict[str, str]:
        return {
            "CUNHUI_HOME": str(self.home.root),
            "NOTIFY_SOCKET": str(self._notify),
            "WATCHDOG_USEC": "400000",
            "PYTHONPATH": str(REPOSITORY),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PATH": os.environ["PATH"],
        }


def as_account(name: str) -> list[str]:
    """Return what stands before a command line that another account runs."""
    return ["setpriv", "--reuid", name, "--regid", name, "--clear-groups", "--"]


class BrokerUnits:
    """What `cunhui-broker-reload.path` and `cunhui-broker-restart.path` do: a touched file becomes a signal."""

    def __init__(self, home: CountyHome) -> None:
        self._home = home
        self._stop = threading.Event()
        self._seen = self._touched()
        self.signals: list[Order] = []
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> "BrokerUnits":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _touched(self) -> dict[Order, int]:
        return {order: (self._home.postgres_socket / order.value[1]).stat().st_mtime_ns for order in Order}

    def _watch(self) -> None:
        while not self._stop.wait(0.05):
            now = self._touched()
            for order in (order for order in Order if now[order] != self._seen[order]):
                self.signals.append(order)
                os.kill(read_pid(control.pid_file(self._home, "mosquitto")) or 0, order.value[0])
            self._seen = now


@pytest.fixture(scope="module")
def county() -> Iterator[InstalledCounty]:
    if os.geteuid() != 0:
        pytest.skip("only root can run parts under several accounts")
    reads = [sys.executable, "-c", f"import os; os.listdir({str(REPOSITORY)!r})"]
    if subprocess.run([*as_account(SERVICE), *reads], check=False).returncode:
        pytest.skip(f"{SERVICE} can't read this checkout")
    with short_folder() as folder, ExitStack() as stack:
        made = InstalledCounty(folder)
        stack.callback(made.stop)
        made.start(DATABASE, "postgres")
        laid_out = made.once(DATABASE, "database")
        assert (laid_out.returncode, laid_out.stderr) == (0, "")
        prepared = made.once(SERVICE, "prepare")
        assert prepared.returncode == 0, prepared.stderr
        yield made


def test_each_part_runs_under_the_account_of_its_unit(county: InstalledCounty) -> None:
    home = county.home
    assert (home.postgres_socket / "prepared").exists()
    with BrokerUnits(home) as units:
        mosquitto = county.start(BROKER, "mosquitto")
        assert broker.is_ready(home)
        for part in ("ingest", "chores", "notifier", "web"):
            county.start(SERVICE, part)
        assert web_answers(home, read_config(home))
        county.wait_for_watchdogs(12)
        assert control.runs(home)
        found = {one.part: one for one in examine(home, now=NOW)}
        assert found["服务"].state == "由 systemd 运行"
        assert all(found[part].well for part in ("消息服务", "接收进程", "维护进程", "通知进程", "网页"))

        # The chores may not signal the broker. It follows the journal all the same.
        assert not units.signals
        broker_lists = home.broker / "stations.list"
        before = broker_lists.stat().st_mtime_ns
        broker_lists.write_text("# spoilt\n", encoding="ascii")
        wait_until(lambda: broker.follows_journal(home), what="the broker to follow the journal", timeout_s=20)
        assert Order.RELOAD in units.signals
        assert broker_lists.stat().st_mtime_ns != before
        assert broker_lists.group() == BROKER
        assert mosquitto.poll() is None


def test_postgres_backs_up_and_the_countys_account_copies_and_proves_it(county: InstalledCounty) -> None:
    """Neither account may read what the other one needs for its half."""
    disk = county.home.root.parent / "disk"
    disk.mkdir()
    shutil.chown(disk, SERVICE)
    refused = county.type("backup", "setup", str(disk))
    assert "/mnt" in refused.stderr, "the units could not write there"
    key = new_key()
    backup = BackupConfig(folder=str(disk), recipient=recipient_of(key))
    with county.home.config_file.open("a", encoding="utf-8") as file:
        file.write(backup_table(backup))
    # What `setup` does after that, under the county's account.
    begin = f"Target(Path({str(disk)!r})).begin(recipient={backup.recipient!r}, county='示例县', now=datetime.now(UTC))"
    plan = f"write_plan(home, BackupConfig(folder={str(disk)!r}, recipient={backup.recipient!r}))"
    program = f"""
from datetime import UTC, datetime
from pathlib import Path
from server_broker.backup.copying import write_plan
from server_broker.backup.manifest_key import keep_manifest_key
from server_broker.backup.target import Target
from server_broker.platform.backup_config import BackupConfig
from server_broker.platform.home import CountyHome
home = CountyHome(Path({str(county.home.root)!r}))
{begin}
{plan}
keep_manifest_key(home, {key!r})
"""
    subprocess.run([*as_account(SERVICE), sys.executable, "-c", program], check=True, cwd=REPOSITORY)
    stolen = county.home.root.parent / "stolen"
    stolen.touch()
    shutil.chown(stolen, SERVICE)
    steals = f"ALTER SYSTEM SET recovery_end_command = 'cat {county.home.trust}/ca.key > {stolen}; true'"
    psql = ["psql", "-h", str(county.home.postgres_socket), "-U", "postgres", "-qc", steals, "postgres"]
    subprocess.run([*as_account(DATABASE), *psql], check=True, cwd="/")
    made = county.once(DATABASE, "backup")
    assert (made.returncode, made.stderr) == (0, "")
    copied = county.type("backup", "copy")
    assert copied.returncode == 0, copied.stderr
    proven = county.type("backup", "check")
    assert proven.returncode == 0, proven.stderr
    assert "链完整" in proven.stdout
    assert stolen.read_bytes() == b"", "the trial ran what PostgreSQL's account said, and it read a key"


def test_what_root_types_is_done_by_the_countys_account_and_says_who_typed_it(county: InstalledCounty) -> None:
    hidden = county.home.root.parent / "of-root"
    hidden.mkdir(mode=0o700)
    (hidden / "名单.xlsx").write_bytes(b"no workbook")
    (hidden / "名单.xlsx").chmod(0o600)
    program = [str(Path(sys.executable).with_name("cunhui-server"))]
    environment = os.environ | {"CUNHUI_HOME": str(county.home.root), "SUDO_USER": "zhang"}

    def typed(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([*program, *words], capture_output=True, text=True, env=environment, timeout=120)

    confirmed = typed("clock", "--confirm")
    assert confirmed.stderr == ""
    refused = typed("import-people", str(hidden / "名单.xlsx"))
    assert "文件" in refused.stdout, "it was read, and is no workbook"
    query = ["psql", "-AtX", "-h", str(county.home.postgres_socket), "-U", "cunhui", "-d", "cunhui", "-c"]
    actors = subprocess.run(
        [*as_account(SERVICE), *query, "SELECT DISTINCT actor FROM audit_auditentry WHERE actor LIKE 'cli:%'"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    assert actors == ["cli:zhang"]
    assert {path.owner() for path in county.home.trust.iterdir()} == {SERVICE}


def test_neither_database_nor_broker_can_read_the_countys_keys(county: InstalledCounty) -> None:
    for account in (DATABASE, BROKER):
        for name in ("trust/ca.key", "trust/signing.key", "secret-key", "county.toml"):
            read = subprocess.run([*as_account(account), "cat", str(county.home.root / name)], check=False)
            assert read.returncode == 1, f"{account} reads {name}"


def test_the_countys_account_is_no_superuser_of_the_database(county: InstalledCounty) -> None:
    mapping = (county.home.postgres_data / "pg_ident.conf").read_text(encoding="ascii")
    assert f"county {SERVICE} cunhui\n" in mapping
    assert f"county {SERVICE} postgres\n" not in mapping


def test_what_up_does_is_systemds_now(county: InstalledCounty) -> None:
    with pytest.raises(ServiceError, match=r"systemctl stop cunhui-county\.target"):
        control.stop_service(county.home)
    with pytest.raises(ServiceError, match=r"systemctl stop cunhui-web\.service"):
        control.hold(county.home, "web")
    with pytest.raises(ServiceError, match=r"systemctl start cunhui-web\.service"):
        control.release(county.home, "web")
    assert start_line(county.home) == "systemctl start cunhui-county.target"
    assert log_of(county.home, "web") == "journalctl -u cunhui-web.service"


def test_every_part_has_a_unit() -> None:
    folder = REPOSITORY / "firmware_scripts" / "systemd" / "county"
    for part, unit in UNITS.items():
        text = (folder / unit).read_text(encoding="utf-8")
        assert f"server_broker.supervisor.unit {part}\n" in text
