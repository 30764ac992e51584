"""The station on the board: install the agent as the units' README.md says, enrol it, and look at it from outside."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from firmware_scripts.rig import wheels
from firmware_scripts.rig.guest import Guest
from firmware_scripts.rig.pi3.board import LIGHTS, PINS, TYPED
from firmware_scripts.systemd.unit import FOLDER

_UNIT = "cunhui-agent.service"
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
_INSTALL = f"""\
set -eu
cd {_KIT}
/usr/lib/cunhui-station/bin/python -m pip install --quiet --no-index --no-deps ./*.whl
install -m 0644 {_UNIT} /etc/systemd/system/
install -m 0644 cunhui.sysusers.conf /usr/lib/sysusers.d/cunhui-station.conf
install -m 0644 cunhui.tmpfiles.conf /usr/lib/tmpfiles.d/cunhui-station.conf
install -m 0644 70-cunhui-devices.rules /etc/udev/rules.d/
install -D -m 0644 -t /etc/cunhui station.toml county-ca.pem
systemd-sysusers
systemd-tmpfiles --create /usr/lib/tmpfiles.d/cunhui-station.conf
udevadm control --reload
udevadm trigger --settle --subsystem-match=gpio --subsystem-match=misc
systemctl daemon-reload
systemctl --quiet enable {_UNIT}
sync
"""
_ENROL = "cd / && runuser -u cunhui -- /usr/lib/cunhui-station/bin/cunhui-agent enrol --config /etc/cunhui/station.toml"
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


def install(guest: Guest, folder: Path, *, url: str, ca: Path) -> None:
    """Install the agent of this checkout on the board, with its unit and its settings."""
    kit = folder / "kit"
    kit.mkdir()
    wheels.product(kit)
    for name in (_UNIT, "cunhui.sysusers.conf", "cunhui.tmpfiles.conf", "70-cunhui-devices.rules"):
        shutil.copy(FOLDER / name, kit)
    shutil.copy(ca, kit / "county-ca.pem")
    pins = "\n".join(f"{colour} = {number}" for colour, number in LIGHTS.items())
    (kit / "station.toml").write_text(_TOML.format(url=url, wedge=_WEDGE, pins=pins), encoding="utf-8")
    guest.put(kit, _KIT)
    guest.run(_INSTALL)


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
            "modprobe -a uinput evdev && cd /run && "
            f"exec /usr/lib/cunhui-station/bin/python -u -m firmware_scripts.rig.pi3.reader {_WEDGE} {PINS[TYPED]}"
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
