"""The units of station and county: how exposed they are, what they must say, and that systemd and udev can read them.

Booted in earnest they are in the emulated machine: tests/rig/test_units.py.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from firmware_scripts.systemd.exposure import MOST, Unjudged, exposure, lacking, main, openings
from firmware_scripts.systemd.unit import FOLDER

UNITS = sorted(
    str(path.relative_to(FOLDER))
    for kind in ("service", "socket", "path", "target")
    for path in (*FOLDER.glob(f"*.{kind}"), *FOLDER.glob(f"county/*.{kind}"))
)


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """The units, to be spoilt."""
    (tmp_path / "county").mkdir()
    for name in UNITS:
        shutil.copy(FOLDER / name, tmp_path / name)
    return tmp_path


@pytest.mark.parametrize("name", MOST)
def test_a_unit_is_no_more_exposed_than_it_may_be(name: str) -> None:
    assert exposure(FOLDER / name) <= MOST[name] <= (2.5 if name.startswith(("county/", "cunhui-update")) else 1.5)
    assert lacking(FOLDER, name) == []


def test_every_service_is_judged() -> None:
    assert {name for name in UNITS if name.endswith(".service")} == MOST.keys()


def test_the_units_as_they_are_pass_the_check(copies: Path) -> None:
    assert main([str(copies)]) == 0


@pytest.mark.parametrize(
    ("name", "lost", "named"),
    [
        ("cunhui-agent.service", ["CapabilityBoundingSet="], "CapabilityBoundingSet="),
        ("cunhui-agent.service", ["ProtectSystem=strict", "PrivateUsers=yes", "PrivateTmp=yes"], "ProtectSystem="),
        (
            "cunhui-agent.service",
            [
                "SystemCallFilter=@system-service",
                "SystemCallFilter=~@privileged @resources",
                "SystemCallFilter=setpriority",
            ],
            "@",
        ),
        ("cunhui-agent.service", ["User=cunhui"], "User="),
        ("cunhui-agent.service", ["Type=notify"], "must say Type=notify"),
        ("cunhui-camera@.service", ["PrivateNetwork=yes"], "must say PrivateNetwork=yes"),
        ("cunhui-camera@.service", ["User=cunhui-camera"], "must say User=cunhui-camera"),
        ("cunhui-sound@.service", ["PrivateNetwork=yes"], "must say PrivateNetwork=yes"),
        ("cunhui-sound@.service", ["DeviceAllow=char-alsa rw"], "must say DeviceAllow=char-alsa rw"),
        ("county/cunhui-web.service", ["ProtectSystem=strict", "PrivateTmp=yes"], "ProtectSystem="),
        ("county/cunhui-web.service", ["User=cunhui-county"], "must say User=cunhui-county"),
        ("county/cunhui-broker.service", ["TemporaryFileSystem=/var/lib/cunhui-county:ro"], "must say TemporaryFile"),
        ("county/cunhui-postgres.service", ["PrivateNetwork=yes"], "must say PrivateNetwork=yes"),
        ("cunhui-kiosk.service", ["CapabilityBoundingSet="], "CapabilityBoundingSet="),
        ("cunhui-kiosk.service", ["SystemCallFilter=@system-service", "SystemCallFilter=~@privileged @resources"], "@"),
        ("cunhui-kiosk.service", ["RestrictAddressFamilies=AF_UNIX AF_NETLINK"], "must say RestrictAddressFamilies="),
    ],
)
def test_a_weakened_unit_fails_the_check(
    copies: Path, name: str, lost: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (copies / name).read_text(encoding="utf-8")
    for line in lost:
        assert text.count(f"\n{line}\n") == 1
        text = text.replace(f"\n{line}\n", "\n")
    (copies / name).write_text(text, encoding="utf-8")
    assert main([str(copies)]) == 1
    assert named in capsys.readouterr().out


@pytest.mark.parametrize("name", ["cunhui-camera@.service", "cunhui-sound@.service"])
def test_a_worker_that_may_see_the_keys_fails_the_check(copies: Path, name: str) -> None:
    unit = copies / name
    unit.write_text(unit.read_text(encoding="utf-8").replace("-/var/lib/cunhui ", ""), encoding="utf-8")
    assert main([str(copies)]) == 1


def test_what_systemd_can_not_judge_is_no_pass(copies: Path) -> None:
    (copies / "cunhui-agent.service").unlink()
    with pytest.raises(Unjudged):
        main([str(copies)])
    assert openings(FOLDER / "cunhui-agent.service")


def test_systemd_finds_nothing_wrong_in_the_units(copies: Path) -> None:
    """``systemd-analyze verify`` wants the programs to be there: stand-ins are."""
    program = copies / "program"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for name in UNITS:
        text = (copies / name).read_text(encoding="utf-8")
        installed = r"/usr/lib/cunhui-(?:station|county)/bin/[\w-]+"
        (copies / name).write_text(re.sub(installed, str(program), text), encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(copies / name) for name in UNITS)],
        capture_output=True,
        text=True,
        env={**os.environ, "SYSTEMD_UNIT_PATH": f"{copies}:{copies / 'county'}:"},
    )
    assert (done.returncode, done.stderr) == (0, "")


STATIONS = {"cunhui", "cunhui-camera", "cunhui-kiosk", "cunhui-sound"}
THE_COUNTYS = {"cunhui-county"}
FROM_DEBIAN = {"postgres", "mosquitto"}
"""They come with the packages of PostgreSQL and Mosquitto."""


@pytest.mark.parametrize(
    ("config", "folder", "expected", "others"),
    [
        ("cunhui.sysusers.conf", FOLDER, STATIONS, set[str]()),
        ("county/cunhui-county.sysusers.conf", FOLDER / "county", THE_COUNTYS, FROM_DEBIAN),
    ],
)
def test_the_users_of_the_units_are_made(config: str, folder: Path, expected: set[str], others: set[str]) -> None:
    done = subprocess.run(["systemd-sysusers", "--dry-run", str(FOLDER / config)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    made = set(re.findall(r"^u (\S+)", (FOLDER / config).read_text(encoding="utf-8"), re.MULTILINE))
    used = {
        found
        for unit in (*folder.glob("*.service"), *folder.glob("*.socket"))
        for found in re.findall(r"^(?:Socket)?User=(\S+)", unit.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert made == expected
    assert used == expected | others


def test_udev_can_read_the_rules() -> None:
    done = subprocess.run(
        ["udevadm", "verify", "--resolve-names=never", str(FOLDER / "70-cunhui-devices.rules")],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


LIBRARIES = (
    "agent.wiring.assembly agent.drivers.mqtt agent.drivers.pcsc agent.drivers.https "
    "gpiozero evdev serial linuxpy PIL.Image"
)


def test_the_libraries_work_where_memory_can_not_be_made_executable() -> None:
    """``MemoryDenyWriteExecute=yes`` by the kernel's own means: PR_SET_MDWE (prctl(2), Linux 6.3)."""
    program = (
        "import ctypes, importlib, mmap\n"
        "assert ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) == 0\n"
        "try: mmap.mmap(-1, 4096, prot=7)\n"
        "except PermissionError: pass\n"
        "else: raise SystemExit('memory is writable and executable')\n"
        f"for name in {LIBRARIES.split()!r}: importlib.import_module(name)\n"
        "from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey\n"
        "Ed25519PrivateKey.generate().sign(b'x')\n"
        "import ssl; ssl.create_default_context()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
