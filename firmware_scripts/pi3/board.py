"""The emulated Raspberry Pi 3B: switch it on and off, cut its village's link, look at its pins."""

import socket
import subprocess
from pathlib import Path

from firmware_scripts.demo.processes import NotInTime, Process, wait_until
from firmware_scripts.pi3.monitor import Monitor
from firmware_scripts.pi3.pins import Edge, PinWatch
from firmware_scripts.pi3.sd_card import SdCard

COUNTY = "10.0.2.2"
"""This machine, as the board sees it over the village's link (QEMU: user networking)."""
TYPED = "typed"
"""A pin that the station does not use. The program that types a card raises it with the last key."""
LIGHTS = {"green": 17, "amber": 27, "red": 22}
PINS = {TYPED: 5, **LIGHTS}
_LINK = "village"
_KERNEL = (
    "root=/dev/mmcblk0 rootfstype=ext4 rw rootwait console=ttyS1,115200 quiet net.ifnames=0 "
    "systemd.default_device_timeout_sec=600"
)
"""On a busy machine udev takes longer than systemd's 90 s to find the serial line: there would be no login on it."""
_BOOT_S = 600.0
_MONITOR_S = 30.0


class Board:
    """One board with an SD card of its own, which keeps what was written to it when the emulator is killed."""

    def __init__(self, sd_card: SdCard, folder: Path) -> None:
        self._sd_card = sd_card
        self._folder = folder
        # Raw and not qcow2: nothing asks an SD card to flush, so a killed QEMU would lose qcow2's tables.
        self._image = folder / "card.img"
        subprocess.run(["cp", "--sparse=always", str(sd_card.machine.disk), str(self._image)], check=True)
        with socket.create_server(("127.0.0.1", 0)) as found:
            self.ssh_port = int(found.getsockname()[1])
        self._starts = 0
        self._monitor: Monitor | None = None
        self._pins: PinWatch | None = None
        self._earlier: list[Edge] = []

    def power_on(self) -> None:
        """Start the emulator and begin to look at the pins.

        Raises:
            NotInTime: It does not start.
        """
        self._starts += 1
        path = self._folder / f"monitor-{self._starts}.sock"
        self._serial = self._folder / f"serial-{self._starts}.log"
        self._process = Process("pi3", self._command(path), log=self._folder / f"qemu-{self._starts}.log")
        self._process.start()
        wait_until(path.exists, what="QEMU's monitor", timeout_s=_MONITOR_S)
        self._monitor = Monitor(path)
        self._pins = PinWatch(self._monitor, PINS)

    def wait_booted(self) -> None:
        """Wait until the system asks for a login on the serial line.

        Raises:
            NotInTime: With the end of what it said there, or of what QEMU said.
        """

        def asks() -> bool:
            if not self._process.running():
                raise NotInTime(f"QEMU ended: {self._process.log.read_text(errors='replace')[-2_000:]}")
            return b" login:" in self._serial.read_bytes()

        try:
            wait_until(asks, what="the board's login", timeout_s=_BOOT_S, every_s=0.5)
        except NotInTime as error:
            raise NotInTime(f"{error}\n{self._serial.read_text(errors='replace')[-3_000:]}") from error

    def kill(self) -> None:
        """End the emulator with SIGKILL, if it runs. What the machine has not written to its SD card is gone."""
        if self._starts:
            self._process.kill9()
        if self._pins is not None and self._monitor is not None:
            self._pins.stop()
            self._monitor.close()
            self._earlier += self._pins.seen()
            self._pins = self._monitor = None

    def link(self, *, up: bool) -> None:
        """Plug the village's line in or out. Packets stop or go again, but the board still sees a carrier."""
        assert self._monitor is not None
        self._monitor.execute("set_link", name=_LINK, up=up)

    def edges(self) -> list[Edge]:
        """Return what the pins did, through all lives of the board."""
        return self._earlier + (self._pins.seen() if self._pins else [])

    def wait_light(self, *, since_s: float, timeout_s: float) -> Edge | None:
        """Return the first lamp that went on since then, or None."""
        assert self._pins is not None
        return self._pins.wait(
            lambda edge: edge.pin in LIGHTS and edge.high and edge.at_s >= since_s, timeout_s=timeout_s
        )

    def wait_dark(self, light: Edge, *, timeout_s: float) -> None:
        """Wait until a lamp has gone off again, because a second light of the same colour can't be told from the
        first."""
        assert self._pins is not None
        self._pins.wait(
            lambda edge: edge.pin == light.pin and not edge.high and edge.at_s > light.at_s, timeout_s=timeout_s
        )

    def _command(self, monitor: Path) -> list[str]:
        machine = self._sd_card.machine
        return [
            *("qemu-system-aarch64", "-M", "raspi3b", "-accel", "tcg,thread=multi,tb-size=512", "-display", "none"),
            *("-kernel", str(machine.kernel), "-initrd", str(machine.initrd), "-append", _KERNEL),
            *("-dtb", str(self._sd_card.device_tree), "-drive", f"file={self._image},if=sd,format=raw", "-no-reboot"),
            # The console is the second serial line of the two that a Pi has.
            *("-serial", "null", "-serial", f"file:{self._serial}", "-qmp", f"unix:{monitor},server=on,wait=off"),
            *("-netdev", f"user,id={_LINK}", "-device", f"usb-net,netdev={_LINK},mac=52:54:00:12:34:56"),
            # The bench's own line. It leads nowhere else and is never cut.
            *("-netdev", f"user,id=bench,net=10.0.3.0/24,restrict=on,hostfwd=tcp:127.0.0.1:{self.ssh_port}-:22"),
            *("-device", "usb-net,netdev=bench,mac=52:54:00:12:34:57"),
        ]


def emulator() -> str:
    """Return the emulator's name and version, in its own words."""
    done = subprocess.run(["qemu-system-aarch64", "--version"], capture_output=True, text=True, check=True)
    return done.stdout.splitlines()[0]
