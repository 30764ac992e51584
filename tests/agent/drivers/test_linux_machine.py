"""A machine is described by a tree of recorded files, which may be missing or absurd."""

import os
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from agent.drivers.linux_machine import LinuxMachine, StorageCard, output, storage_card_at
from protocol.codec import decode, encode
from protocol.health import Machine

PI_3 = {
    "proc/device-tree/model": "Raspberry Pi 3 Model B Rev 1.2\0",
    "proc/sys/kernel/osrelease": "6.12.34+rpt-rpi-v8\n",
    "etc/os-release": 'NAME="Debian GNU/Linux"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\nID=debian\n',
    "sys/class/thermal/thermal_zone0/type": "cpu-thermal\n",
    "sys/class/thermal/thermal_zone0/temp": "62277\n",
    "sys/devices/platform/soc/soc:firmware/get_throttled": "50000\n",
    "sys/class/hwmon/hwmon0/name": "cpu_thermal\n",
    "sys/class/hwmon/hwmon1/name": "rpi_volt\n",
    "sys/class/hwmon/hwmon1/in0_lcrit_alarm": "0\n",
    "proc/meminfo": "MemTotal:         931352 kB\nMemFree:          104328 kB\nMemAvailable:     602104 kB\n",
    "proc/net/route": (
        "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
        "wlan0\t00000000\t0101A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
        "wwan0\t00000000\t0100000A\t0003\t0\t0\t700\t00000000\t0\t0\t0\n"
        "wlan0\t0001A8C0\t00000000\t0001\t0\t0\t600\t00FFFFFF\t0\t0\t0\n"
    ),
    "proc/net/wireless": (
        "Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n"
        " face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n"
        " wlan0: 0000   54.  -56.  -256        0      0      0      0     14        0\n"
    ),
    "sys/class/net/wlan0/type": "1\n",
    "sys/class/net/wlan0/wireless/.keep": "",
    "sys/class/net/wwan0/type": "65534\n",
    "sys/class/net/wwan0/uevent": "DEVTYPE=wwan\nINTERFACE=wwan0\n",
    "sys/class/watchdog/watchdog0/bootstatus": "32\n",
}
MMCLI = "modem.generic.state                   : connected\nmodem.generic.signal-quality.value    : 67\n"
PROGRAMS = {"vcgencmd": "throttled=0x50005\n", "mmcli": MMCLI}


def write(root: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())


class Machines:
    """A tree of files and the programs beside it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.programs: dict[str, str] = {}
        self.ran: list[list[str]] = []
        write(root, dict(PI_3))

    def run(self, command: Sequence[str]) -> str:
        self.ran.append(list(command))
        return self.programs[Path(command[0]).name]

    def which(self, name: str) -> str | None:
        return f"/usr/bin/{name}" if name in self.programs else None

    def look(self) -> Machine:
        driver = LinuxMachine(folder=self.root, root=self.root, run=self.run, which=self.which)
        return driver.look()


@pytest.fixture
def pi(tmp_path: Path) -> Machines:
    return Machines(tmp_path)


def test_a_pi(pi: Machines) -> None:
    seen = pi.look()
    assert (seen.model, seen.kernel) == ("Raspberry Pi 3 Model B Rev 1.2", "6.12.34+rpt-rpi-v8")
    assert seen.system == "Debian GNU/Linux 13 (trixie)"
    assert (seen.temperature_c, seen.throttled, seen.undervoltage) == (62, "earlier", "earlier")
    assert (seen.memory_kib, seen.memory_free_kib) == (931_352, 602_104)
    assert (seen.link, seen.signal_percent) == ("wifi", 88)
    assert seen.reset == "watchdog"
    assert seen.disk_kib is not None
    assert seen.disk_kib > 0
    assert pi.ran == []


def test_this_machine_is_looked_at_without_fault(tmp_path: Path) -> None:
    seen = LinuxMachine(folder=tmp_path).look()
    assert decode(encode(seen), Machine) == seen
    assert seen.memory_kib is not None
    assert seen.kernel == os.uname().release[:64]


@pytest.mark.parametrize(
    ("bits", "throttled", "undervoltage"),
    [
        ("0", "no", "no"),
        ("0x0", "no", "no"),
        ("1", "no", "now"),
        ("50005", "now", "now"),
        ("80008", "now", "no"),
        ("20002", "now", "no"),
        ("10000", "no", "earlier"),
        ("40000", "earlier", "no"),
    ],
)
def test_the_firmwares_bits(pi: Machines, bits: str, throttled: str, undervoltage: str) -> None:
    write(pi.root, {"sys/devices/platform/soc/soc:firmware/get_throttled": bits})
    assert (pi.look().throttled, pi.look().undervoltage) == (throttled, undervoltage)


def test_without_the_kernels_file_the_firmwares_program_is_asked(pi: Machines) -> None:
    (pi.root / "sys/devices/platform/soc/soc:firmware/get_throttled").unlink()
    assert pi.look().throttled is None
    pi.programs = PROGRAMS
    assert (pi.look().throttled, pi.look().undervoltage) == ("now", "now")
    assert pi.ran[0] == ["/usr/bin/vcgencmd", "get_throttled"]


def test_the_voltage_sensor_counts_beside_the_firmware(pi: Machines) -> None:
    write(pi.root, {"sys/class/hwmon/hwmon1/in0_lcrit_alarm": "1"})
    assert pi.look().undervoltage == "now"


def test_a_modem_is_asked_only_where_it_carries_the_link(pi: Machines) -> None:
    pi.programs = PROGRAMS
    assert pi.look().link == "wifi"
    assert pi.ran == []
    write(pi.root, {"proc/net/route": PI_3["proc/net/route"].replace("\t600\t00000000", "\t900\t00000000")})
    assert (pi.look().link, pi.look().signal_percent) == ("modem", 67)
    assert pi.ran[0] == ["/usr/bin/mmcli", "-m", "any", "--output-keyvalue"]


@pytest.mark.parametrize("said", ["", "rubbish", MMCLI.replace("67", "167"), MMCLI.replace("67", "--"), "\x00" * 9000])
def test_a_modem_manager_that_says_nothing_sensible(pi: Machines, said: str) -> None:
    pi.programs = {"mmcli": said}
    write(pi.root, {"proc/net/route": PI_3["proc/net/route"].replace("\t600\t00000000", "\t900\t00000000")})
    assert (pi.look().link, pi.look().signal_percent) == ("modem", None)


@pytest.mark.parametrize(
    ("line", "percent"),
    [
        (" wlan0: 0000   70.  -40.  -256", 100),
        (" wlan0: 0000   10.  -99.  -256", 2),
        (" wlan0: 0000   35.   0.  0", 50),
        (" wlan0: 0000", None),
        (" wlan1: 0000   70.  -40.  -256", None),
    ],
)
def test_wifi(pi: Machines, line: str, percent: int | None) -> None:
    write(pi.root, {"proc/net/wireless": line})
    assert pi.look().signal_percent == percent


def test_no_default_route_is_no_link(pi: Machines) -> None:
    write(pi.root, {"proc/net/route": PI_3["proc/net/route"].replace("\t0003\t", "\t0002\t")})
    assert pi.look().link is None


def test_a_cable_and_a_dialled_line(pi: Machines) -> None:
    for name, kind, expected in (("eth0", "1", "ethernet"), ("ppp0", "512", "modem"), ("tun0", "65534", "other")):
        write(pi.root, {"proc/net/route": PI_3["proc/net/route"].replace("wlan0", name)})
        write(pi.root, {f"sys/class/net/{name}/type": kind})
        assert pi.look().link == expected


RUBBISH: list[bytes] = [
    b"",
    b"\x00",
    b"\xff\xfe\xfd",
    b"rubbish\n",
    b"-",
    b"9" * 100,
    b"0x",
    b"NaN",
    b"x" * 200_000,
    b"\n" * 90,
]


@pytest.mark.parametrize("rubbish", RUBBISH, ids=[repr(value[:12]) for value in RUBBISH])
def test_rubbish_in_every_file_gives_no_value(pi: Machines, rubbish: bytes) -> None:
    write(pi.root, dict.fromkeys(PI_3, rubbish))
    seen = pi.look()
    assert decode(encode(seen), Machine) == seen
    assert (seen.temperature_c, seen.throttled, seen.undervoltage, seen.memory_kib) == (None, None, None, None)
    assert (seen.link, seen.signal_percent, seen.reset) == (None, None, None)


@pytest.mark.parametrize("name", PI_3)
def test_a_missing_file_or_a_folder_in_its_place_costs_only_its_own_value(pi: Machines, name: str) -> None:
    whole = pi.look()
    (pi.root / name).unlink()
    (pi.root / name).mkdir()
    without = pi.look()
    assert decode(encode(without), Machine) == without
    differing = [field for field in Machine.__struct_fields__ if getattr(without, field) != getattr(whole, field)]
    assert len(differing) <= 2


@pytest.mark.parametrize("value", ["-273150", "999999", "62277.5", "6,2"])
def test_an_absurd_temperature_is_none(pi: Machines, value: str) -> None:
    write(pi.root, {"sys/class/thermal/thermal_zone0/temp": value})
    assert pi.look().temperature_c is None


def test_a_folder_that_is_gone(pi: Machines, tmp_path: Path) -> None:
    driver = LinuxMachine(folder=tmp_path / "gone", root=pi.root, which=lambda _: None)
    assert (driver.look().disk_kib, driver.look().card) == (None, None)


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """An eMMC whose second partition is 179:2, as sysfs shows it."""
    write(
        tmp_path,
        {
            "sys/devices/mmc0/block/mmcblk0/device/type": "MMC\n",
            "sys/devices/mmc0/block/mmcblk0/device/life_time": "0x02 0x01\n",
            "sys/devices/mmc0/block/mmcblk0/device/pre_eol_info": "0x01\n",
            "sys/devices/mmc0/block/mmcblk0/mmcblk0p2/partition": "2\n",
            "sys/dev/block/.keep": "",
        },
    )
    (tmp_path / "sys/dev/block/179:2").symlink_to("../../devices/mmc0/block/mmcblk0/mmcblk0p2")
    (tmp_path / "sys/dev/block/179:0").symlink_to("../../devices/mmc0/block/mmcblk0")
    return tmp_path


@pytest.mark.parametrize("device", ["179:2", "179:0"])
def test_an_emmc_tells_how_far_it_is_worn(card: Path, device: str) -> None:
    assert storage_card_at(device, card) == StorageCard("emmc", 20, "normal")


@pytest.mark.parametrize(
    ("life_time", "worn"),
    [("0x0a 0x01", 100), ("0x01 0x0b", 110), ("0x00 0x00", None), ("0x0c 0xff", None), ("0x02", None), ("", None)],
)
def test_life_times(card: Path, life_time: str, worn: int | None) -> None:
    write(card, {"sys/devices/mmc0/block/mmcblk0/device/life_time": life_time})
    assert storage_card_at("179:2", card).worn_percent == worn


@pytest.mark.parametrize(("said", "end"), [("0x02", "warning"), ("3", "urgent"), ("0x00", None), ("0x09", None)])
def test_spare_blocks(card: Path, said: str, end: str | None) -> None:
    write(card, {"sys/devices/mmc0/block/mmcblk0/device/pre_eol_info": said})
    assert storage_card_at("179:2", card).end == end


def test_an_sd_card_tells_nothing_and_a_disk_is_none(card: Path) -> None:
    write(card, {"sys/devices/mmc0/block/mmcblk0/device/type": "SD\n"})
    assert storage_card_at("179:2", card) == StorageCard("sd")
    shutil.rmtree(card / "sys/devices/mmc0/block/mmcblk0/device")
    assert storage_card_at("179:2", card) == StorageCard()
    assert storage_card_at("8:1", card) == StorageCard()


def test_a_link_in_sysfs_that_leads_in_a_circle(card: Path) -> None:
    (card / "sys/dev/block/8:1").symlink_to("8:1")
    assert storage_card_at("8:1", card) == StorageCard()


def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    code = (
        f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); print('half', flush=True); time.sleep(600)"
    )
    before = time.monotonic()
    assert output([sys.executable, "-c", code], limit_s=2.0) == ""
    assert time.monotonic() - before < 60
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


def test_a_program_that_talks_for_ever_is_ended() -> None:
    assert output([sys.executable, "-c", "while True: print('x' * 1000)"], limit_s=30) == ""


@pytest.mark.parametrize("command", [["/no/such/program"], [sys.executable, "-c", "print('x'); raise SystemExit(1)"]])
def test_a_program_that_fails_says_nothing(command: list[str]) -> None:
    assert output(command) == ""


def test_a_program_that_answers() -> None:
    assert output([sys.executable, "-c", "print('throttled=0x0')"], limit_s=60) == "throttled=0x0\n"
