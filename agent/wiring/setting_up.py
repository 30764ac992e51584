"""The tools with which a machine is made a station."""

import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Literal

from agent.config.catalogue import INDICATORS, READERS, DriverMissing, not_installed, settings_of
from agent.config.station_config import ChosenDriver, StationConfig
from agent.doctor.asking import ask_agent
from agent.doctor.examine import Examination, examine
from agent.drivers.county_ca import fetch_ca
from agent.drivers.county_probe import probe_endpoint
from agent.identity.station_identity import Identity
from agent.ports import CardReader, Indicator
from agent.setup.ports import FoundDevice, SetupTools, Value
from agent.storage.durable import make_folder
from agent.wiring import hardware
from agent.wiring.county import enrol_station
from agent.wiring.doctoring import doctor_tools
from agent.wiring.program import build_ms, software
from agent.wiring.trial import reader_ready, try_camera
from protocol.kiosk_status import Status

_SYSTEMCTL, _JOURNALCTL = "/usr/bin/systemctl", "/usr/bin/journalctl"
_CHIPS = Path("/sys/bus/gpio/devices")
_FIRST_TERMINAL = "/dev/tty1"
_PN532_S = 2.5
_MOST_PORTS = 8
"""A machine with more serial ports is no station."""
_STATUS_S = 2.0


def setup_tools() -> SetupTools:
    """Return the tools of this machine."""
    return SetupTools(
        fetch_ca=fetch_ca,
        probe=probe_endpoint,
        readers=present_readers,
        listen=listening,
        cameras=present_cameras,
        try_camera=try_camera,
        has_pins=lambda: any(_CHIPS.glob("gpiochip*")) and not not_installed("gpio"),
        indicator=_indicator,
        enrol=enrol_as_owner,
        units=Systemd(),
        status=_status,
        examine=_examine,
        on_first_terminal=_on_first_terminal(),
        wait=time.sleep,
    )


def present_readers() -> list[FoundDevice]:
    """Return the readers that are there, and what may be one: keyboards, and serial ports on which no PN532 answers."""
    found: list[FoundDevice] = []
    # A driver whose library this machine can't load finds nothing.
    for find in (_pcsc_readers, _serial_readers, _keyboards):
        with suppress(ImportError, OSError):
            found += find()
    return found


def _pcsc_readers() -> list[FoundDevice]:
    from agent.drivers import pcsc  # noqa: PLC0415 -- a machine without pyscard can't load it

    names = pcsc.present_readers()
    # A name holds the number of the slot too, so it is written only where it tells two apart.
    return [
        FoundDevice("pcsc", {"pcsc_name": name} if len(names) > 1 else {}, f"PC/SC 读卡器 {name}") for name in names
    ]


def _serial_readers() -> list[FoundDevice]:
    from agent.drivers.serial_line import present_ports  # noqa: PLC0415 -- only where somebody sets a station up

    return [_serial_reader(port) for port in present_ports()[:_MOST_PORTS]]


def _serial_reader(port: str) -> FoundDevice:
    def pn532() -> CardReader:
        return hardware.reader(_chosen(FoundDevice("pn532", {"port": port}, "")))

    if reader_ready(pn532, within_s=_PN532_S):
        return FoundDevice("pn532", {"port": port}, f"PN532 模块（{port}）")
    return FoundDevice("em4100_serial", {"port": port}, f"串口 {port}", proven=False)


def _keyboards() -> list[FoundDevice]:
    from agent.drivers.keyboards import EvdevKeyboards  # noqa: PLC0415 -- a machine without evdev can't load it

    typing = {(one.usb, one.port): one.name for one in EvdevKeyboards().present() if one.types}
    alike = Counter(usb for usb, _ in typing)
    found = []
    for (usb, port), name in typing.items():
        settings: dict[str, Value] = {"usb": usb}
        if alike[usb] > 1:
            settings["port"] = port
        found.append(FoundDevice("wedge", settings, f"键盘或键盘式读卡器 {name}", proven=False))
    return found


@contextmanager
def listening(found: Sequence[FoundDevice], heard: Callable[[FoundDevice, str], None]) -> Iterator[None]:
    """Read cards on all these devices; see `agent.setup.ports.Listen`."""
    with ExitStack() as stack:
        for one in found:
            # One that can't be opened must not keep the others from being heard.
            with suppress(DriverMissing, OSError):
                reader = _keyboard(one, partial(heard, one)) if one.driver == "wedge" else hardware.reader(_chosen(one))
                touched = _ignore if one.driver == "wedge" else partial(heard, one)
                reader.start(touched=touched, ready=_ignore)
                stack.callback(reader.stop)
        yield


def _keyboard(found: FoundDevice, printed: Callable[[str], None]) -> CardReader:
    from agent.drivers.wedge import PrintingWedge  # noqa: PLC0415 -- a machine without evdev can't load it

    return PrintingWedge(usb=str(found.settings["usb"]), port=str(found.settings.get("port", "")), printed=printed)


def _ignore(_: object) -> None:
    """Ignore what is not asked for."""


def present_cameras() -> list[FoundDevice]:
    """Return the cameras that are there: those on the board's connectors, then those on USB."""
    from agent.drivers import picamera2_camera, v4l2_camera  # noqa: PLC0415 -- only where somebody sets a station up

    on_board = [
        FoundDevice("picamera2", {"number": number}, f"摄像头 {model}")
        for number, model in enumerate(picamera2_camera.present_cameras())
    ]
    on_usb = [
        FoundDevice("v4l2", {"device": str(path)}, f"USB 摄像头 {path.name}") for path in v4l2_camera.present_cameras()
    ]
    return [*on_board, *on_usb]


def _indicator(found: FoundDevice) -> Indicator:
    return hardware.indicator(_chosen(found))


def _chosen(found: FoundDevice) -> ChosenDriver:
    """Return a driver with what was found, and its defaults for the rest."""
    place = (READERS | INDICATORS)[found.driver]
    usual = {name: setting.default for name, setting in settings_of(place).items()}
    return ChosenDriver(driver=found.driver, name=found.driver, settings=usual | found.settings)


def enrol_as_owner(config: StationConfig, claim: str) -> Identity:
    """Enrol the station under the account to which its folder belongs; see `agent.identity.enrolment.enrol`."""
    make_folder(config.folder, mode=0o750)
    owner = config.folder.stat()
    before = os.geteuid(), os.getegid(), os.umask(0o077)
    try:
        if os.geteuid() == 0 and owner.st_uid != 0:
            # The group first, because without root's rights it can't be changed any more (setegid(2)).
            os.setegid(owner.st_gid)
            os.seteuid(owner.st_uid)
        return enrol_station(config, claim)
    finally:
        os.seteuid(before[0])
        os.setegid(before[1])
        os.umask(before[2])


class Systemd:
    """Implements `agent.setup.ports.Units`."""

    @property
    def there(self) -> bool:
        """Whether systemd runs this machine (sd_booted(3))."""
        return Path("/run/systemd/system").is_dir()

    def runs(self, unit: str) -> bool:
        """Ask systemctl(1). Between two starts a unit is "activating", which ``is-active`` itself takes for a no."""
        state = subprocess.run([_SYSTEMCTL, "is-active", unit], capture_output=True, text=True, check=False).stdout  # noqa: S603 -- ours
        return state.strip() in ("active", "activating", "reloading")

    def do(self, act: Literal["stop", "start", "enable"], unit: str) -> str:
        """Call systemctl(1)."""
        done = subprocess.run([_SYSTEMCTL, "--quiet", act, unit], capture_output=True, text=True, check=False)  # noqa: S603 -- ours
        if done.returncode == 0:
            return ""
        # The program itself knows best why it did not start, and says it in Chinese: a full disk, for example.
        said = _last_words(unit) if act == "start" else ""
        return said or done.stderr.strip() or f"systemctl {act} {unit}：{done.returncode}"


def _last_words(unit: str) -> str:
    """Return what a unit's program wrote last, without what systemd says of it; empty if nobody knows."""
    command = [_JOURNALCTL, "--quiet", "--no-pager", "--boot", "--lines=1", "--output=cat", f"_SYSTEMD_UNIT={unit}"]
    with suppress(OSError):
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()  # noqa: S603 -- ours
    return ""


def _status(config: StationConfig) -> Status | None:
    said = ask_agent(config.kiosk_socket, within_s=_STATUS_S)
    return said if isinstance(said, Status) else None


def _examine(config: StationConfig) -> Examination:
    return examine(config, doctor_tools(config), software=software(), earliest_ms=build_ms())


def _on_first_terminal() -> bool:
    try:
        return os.ttyname(sys.stdin.fileno()) == _FIRST_TERMINAL
    except (OSError, ValueError):
        return False
