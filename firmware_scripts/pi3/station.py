"""The station on the board: install its package, enrol it, and look at it from outside."""

import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from firmware_scripts.pi3.board import LIGHTS, PINS, TYPED
from firmware_scripts.rig.guest import Guest

_UNIT = "cunhui-agent.service"
_REPOSITORY = Path(__file__).parents[2]
_BENCH = (
    "firmware_scripts/__init__.py",
    "firmware_scripts/rig/__init__.py",
    "firmware_scripts/rig/typist.py",
    "firmware_scripts/pi3/__init__.py",
    "firmware_scripts/pi3/reader.py",
)
"""The card reader, which is no part of the station. It uses the station's libraries."""
_WEDGE = "ffff:0035"
_TOML = """\
[station]
folder = "/var/lib/cunhui"

[county]
url = "{url}"
ca = "/etc/cunhui/county-ca.pem"

[[reader]]
driver = "wedge"
usb = "{wedge}"
format = "hex"

[indicator]
driver = "gpio"
{pins}

[camera]
driver = "none"

[kiosk]
socket = "/run/cunhui/kiosk.sock"
"""
_KIT = "/root/kit"
_APT = "DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get --quiet=2 --yes -o Dpkg::Use-Pty=0"
_INSTALL = f"""\
set -eu
cd {_KIT}
{_APT} --no-install-recommends install ./cunhui-station_*.deb
install -D -m 0644 -t /etc/cunhui station.toml county-ca.pem
sync
"""
_ENROL = "cunhui-agent enrol --config /etc/cunhui/station.toml"
_INSTALL_S = 3_600.0
"""An emulated board unpacks the package for some minutes."""
_LOOK = f"""\
echo "Boot=$(cat /proc/sys/kernel/random/boot_id)"
systemctl show {_UNIT} -p MainPID -p NRestarts -p ExecMainStartTimestampMonotonic -p ActiveEnterTimestampMonotonic
sed -n 's/:\\s*/=/p' /proc/$(systemctl show --value -p MainPID {_UNIT})/status
"""
_ABOUT = """\
echo "board=$(tr -d '\\0' </proc/device-tree/model), emulated by QEMU"
echo "kernel=$(uname -r) $(uname -m)"
/usr/lib/cunhui-station/bin/python -c 'import platform, importlib.metadata as m
print("python=" + platform.python_version()); print("agent=" + m.version("cunhui"))'
dpkg-query -W -f 'package=${Package} ${Version}\n' cunhui-station
"""


@dataclass(frozen=True, slots=True)
class Looked:
    """What systemd and the kernel of the board say about the agent."""

    boot: str
    """The kernel's name for its run: another after each boot."""
    resident_kib: int
    restarts: int
    """How often systemd had to start it again since the boot."""
    start_s: float
    """From its process's start until it said that it is ready for cards."""
    ready_s: float
    """From the kernel's start until then."""


def looked(answer: str) -> Looked:
    """Read what `look` printed.

    Raises:
        KeyError: Something is missing: there is no such process.
    """
    said = dict(line.split("=", 1) for line in answer.splitlines() if "=" in line)
    began, ready = int(said["ExecMainStartTimestampMonotonic"]), int(said["ActiveEnterTimestampMonotonic"])
    return Looked(
        boot=said["Boot"],
        resident_kib=int(said["VmRSS"].split()[0]),
        restarts=int(said["NRestarts"]),
        start_s=(ready - began) / 1e6,
        ready_s=ready / 1e6,
    )


def restarts(looks: Iterable[Looked]) -> int:
    """Return how often the agent had to be started again in all boots together, because systemd counts anew in each
    boot."""
    by_boot: dict[str, int] = {}
    for one in looks:
        by_boot[one.boot] = max(one.restarts, by_boot.get(one.boot, 0))
    return sum(by_boot.values())


def look(guest: Guest) -> Looked:
    """Look at the agent as it runs."""
    return looked(guest.run(_LOOK))


def about(guest: Guest) -> dict[str, str]:
    """Return what the board tells about itself, by name."""
    return dict(line.split("=", 1) for line in guest.run(_ABOUT).splitlines())


def install(guest: Guest, folder: Path, package: Path, *, url: str, ca: Path) -> float:
    """Install the station's package on the board, with its settings, and return how many seconds apt took."""
    kit = folder / "kit"
    kit.mkdir()
    shutil.copy(package, kit)
    shutil.copy(ca, kit / "county-ca.pem")
    pins = "\n".join(f"{colour} = {number}" for colour, number in LIGHTS.items())
    (kit / "station.toml").write_text(_TOML.format(url=url, wedge=_WEDGE, pins=pins), encoding="utf-8")
    for name in _BENCH:
        (kit / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(_REPOSITORY / name, kit / name)
    guest.put(kit, _KIT, timeout_s=_INSTALL_S)
    began = time.monotonic()
    guest.run(_INSTALL, timeout_s=_INSTALL_S)
    return time.monotonic() - began


def enrol(guest: Guest, claim: str) -> None:
    """Enrol the station and start it; on return it takes cards."""
    guest.run(_ENROL, given=f"{claim}\n".encode())
    guest.run(f"systemctl start {_UNIT}")


class Hand:
    """Lays cards on the reader: each is typed by a keyboard of the board's kernel. On entry the agent has grabbed it.

    Raises:
        RuntimeError: The program on the board ended.
    """

    def __init__(self, guest: Guest, folder: Path) -> None:
        command = (
            f"modprobe -a uinput evdev && cd /run && export PYTHONPATH={_KIT} && "
            f"exec /usr/lib/cunhui-station/bin/python -u -m firmware_scripts.pi3.reader {_WEDGE} {PINS[TYPED]}"
        )
        self._log = folder / "reader.log"
        self._program = guest.start(command, log=self._log)
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._told = self._program.stdin
        if self._program.stdout.readline().strip() != "taken":
            raise RuntimeError(self._log.read_text(encoding="utf-8", errors="replace")[-2_000:])

    def lay(self, uid: str) -> None:
        """Have a card typed."""
        self._told.write(f"{uid.upper()}\n")
        self._told.flush()

    def stop(self) -> None:
        """Unplug the reader."""
        self._program.terminate()
        self._program.wait()
